//! What can be done, named as in Zaqar's policies (`zaqar/common/policies`), and our own after the same manner.

/// What a role must grant for an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Grant {
    /// Anybody who is known.
    Known,
    /// Looks at things of the project.
    Read,
    /// Has messages delivered.
    Publish,
    /// Changes things of the project.
    Change,
    /// Sees to the host.
    Operate,
    /// What Zaqar's policies give to `role:admin`: with authentication off, too, the role must be named.
    Admin,
}

macro_rules! actions {
    ($($(#[doc = $doc:literal])* $variant:ident $name:literal $grant:ident;)+) => {
        /// One thing that can be done.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Action {
            $($(#[doc = $doc])* $variant,)+
        }

        impl Action {
            /// Every action.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Its name: `queues:create`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// What a role must grant for it.
            #[must_use]
            pub const fn asks(self) -> Grant {
                match self { $(Self::$variant => Grant::$grant,)+ }
            }
        }
    };
}

actions! {
    /// The home document.
    HomeGet "home:get" Known;
    /// Whether the host answers.
    PingGet "ping:get" Known;
    /// Zaqar's health report.
    HealthGet "health:get" Admin;
    /// Lists queues.
    QueuesGetAll "queues:get_all" Read;
    /// Makes a queue.
    QueuesCreate "queues:create" Change;
    /// Shows a queue.
    QueuesGet "queues:get" Read;
    /// Deletes a queue.
    QueuesDelete "queues:delete" Change;
    /// Changes the metadata of a queue.
    QueuesUpdate "queues:update" Change;
    /// Counts what a queue holds.
    QueuesStats "queues:stats" Read;
    /// Makes a signed URL: whoever holds it may do what it names, so that who only reads may make none.
    QueuesShare "queues:share" Change;
    /// Empties a queue.
    QueuesPurge "queues:purge" Change;
    /// Lists messages.
    MessagesGetAll "messages:get_all" Read;
    /// Posts messages.
    MessagesCreate "messages:create" Publish;
    /// Shows a message.
    MessagesGet "messages:get" Read;
    /// Deletes a message.
    MessagesDelete "messages:delete" Change;
    /// Deletes or pops several messages.
    MessagesDeleteAll "messages:delete_all" Change;
    /// Claims messages.
    ClaimsCreate "claims:create" Change;
    /// Shows a claim.
    ClaimsGet "claims:get" Read;
    /// Renews a claim.
    ClaimsUpdate "claims:update" Change;
    /// Gives claimed messages back.
    ClaimsDelete "claims:delete" Change;
    /// Lists subscriptions.
    SubscriptionGetAll "subscription:get_all" Read;
    /// Subscribes.
    SubscriptionCreate "subscription:create" Change;
    /// Shows a subscription.
    SubscriptionGet "subscription:get" Read;
    /// Changes a subscription.
    SubscriptionUpdate "subscription:update" Change;
    /// Ends a subscription.
    SubscriptionDelete "subscription:delete" Change;
    /// Confirms a subscription.
    SubscriptionConfirm "subscription:confirm" Change;
    /// Lets a disabled subscription match again.
    SubscriptionEnable "subscription:enable" Change;
    /// Takes the messages of a stored subscription on a connection.
    SubscriptionAttach "subscription:attach" Change;
    /// Lists topics.
    TopicsGetAll "topics:get_all" Read;
    /// Makes a topic.
    TopicsCreate "topics:create" Change;
    /// Shows a topic.
    TopicsGet "topics:get" Read;
    /// Deletes a topic.
    TopicsDelete "topics:delete" Change;
    /// Changes the metadata of a topic.
    TopicsUpdate "topics:update" Change;
    /// Counts what a topic holds.
    TopicsStats "topics:stats" Read;
    /// Empties a topic.
    TopicsPurge "topics:purge" Change;
    /// Lists pools.
    PoolsGetAll "pools:get_all" Admin;
    /// Makes a pool.
    PoolsCreate "pools:create" Admin;
    /// Shows a pool.
    PoolsGet "pools:get" Admin;
    /// Deletes a pool.
    PoolsDelete "pools:delete" Admin;
    /// Changes a pool.
    PoolsUpdate "pools:update" Admin;
    /// Lists flavors.
    FlavorsGetAll "flavors:get_all" Admin;
    /// Makes a flavor.
    FlavorsCreate "flavors:create" Admin;
    /// Shows a flavor.
    FlavorsGet "flavors:get" Admin;
    /// Deletes a flavor.
    FlavorsDelete "flavors:delete" Admin;
    /// Changes a flavor.
    FlavorsUpdate "flavors:update" Admin;
    /// Sends a notification without a queue.
    NotificationsSend "notifications:send" Publish;
    /// Lists deliveries.
    DeliveriesGetAll "deliveries:get_all" Read;
    /// Shows a delivery with its attempts.
    DeliveriesGet "deliveries:get" Read;
    /// Tries a delivery again.
    DeliveriesRetry "deliveries:retry" Change;
    /// Cancels a delivery.
    DeliveriesCancel "deliveries:cancel" Change;
    /// Replays deliveries by filter.
    DeliveriesReplayAll "deliveries:replay_all" Change;
    /// Cancels deliveries by filter.
    DeliveriesCancelAll "deliveries:cancel_all" Change;
    /// Lists replays and cancellations.
    JobsGetAll "jobs:get_all" Read;
    /// Shows a replay or cancellation.
    JobsGet "jobs:get" Read;
    /// Stops a replay or cancellation.
    JobsDelete "jobs:delete" Change;
    /// Lists devices.
    DevicesGetAll "devices:get_all" Read;
    /// Shows a device, without its address and keys.
    DevicesGet "devices:get" Read;
    /// Registers a device, or registers it anew.
    DevicesCreate "devices:create" Change;
    /// Removes a device.
    DevicesDelete "devices:delete" Change;
    /// Shows what the project used.
    UsageGet "usage:get" Read;
    /// Lists the drivers of the host.
    DriversList "drivers:list" Operate;
    /// Has the host read its configuration again.
    Reload "reload" Operate;
    /// Lists API keys of any project.
    KeysGetAll "keys:get_all" Operate;
    /// Makes an API key for any project.
    KeysCreate "keys:create" Operate;
    /// Revokes an API key of any project.
    KeysDelete "keys:delete" Operate;
    /// Reads the metrics of the host, where they are closed.
    MetricsGet "metrics:get" Operate;
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_action_has_a_name_of_its_own() {
        let names: HashSet<_> = Action::ALL.iter().map(|action| action.name()).collect();
        assert_eq!(names.len(), Action::ALL.len());
    }
}
