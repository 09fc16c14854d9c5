//! Every action: its name, what it must be allowed, what it takes, and who does it.

use futures_util::future::BoxFuture;
use serde_json::value::RawValue;

use super::{claims, host, messages, pools, queues, subscriptions};
use crate::{
    access::Action,
    api::Problem,
    websocket::{call::Call, request::Reply},
};

/// How a call ends.
pub(in crate::websocket) type Answer = Result<Reply, Problem>;

/// Who does it.
#[derive(Clone, Copy)]
pub(in crate::websocket) enum Run {
    /// After everything before it has been answered.
    Alone(fn(Call) -> BoxFuture<'static, Answer>),
    /// Posts: many may be under way at once, and are stored in their order.
    Post,
}

/// An action.
pub(in crate::websocket) struct Verb {
    /// Its name.
    pub(in crate::websocket) name: &'static str,
    /// What it must be allowed: the same as its counterpart over HTTP.
    pub(in crate::websocket) action: Action,
    /// Its counterpart over HTTP below a queue, which a signed URL can open: method and collection.
    pub(in crate::websocket) http: Option<(&'static str, &'static str)>,
    fields: &'static [Field],
    /// Who does it.
    pub(in crate::websocket) run: Run,
}

/// A member of a body that has a type.
struct Field(&'static str, Kind, Need);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Need {
    Must,
    May,
}

#[derive(Clone, Copy)]
enum Kind {
    Text,
    Whole,
    Flag,
    List,
    Object,
}

use Kind::{Flag, List, Object, Text, Whole};
use Need::{May, Must};

impl Verb {
    /// Whether `members` are what it takes; `null` is as good as nothing where nothing is needed.
    pub(in crate::websocket) fn takes(&self, members: &crate::api::Members<'_>) -> bool {
        self.fields.iter().all(|Field(name, kind, need)| {
            match members.get(*name).map(|raw| RawValue::get(raw)) {
                None | Some("null") => *need == May,
                Some(text) => kind.fits(text),
            }
        })
    }

    /// Whether its body names a queue.
    pub(in crate::websocket) fn names_queue(&self) -> bool {
        self.fields.iter().any(|Field(name, _, need)| *name == QUEUE && *need == Must)
    }
}

impl Kind {
    fn fits(self, text: &str) -> bool {
        match self {
            Text => text.starts_with('"'),
            Whole => text.parse::<i64>().is_ok(),
            Flag => matches!(text, "true" | "false"),
            List => text.starts_with('['),
            Object => text.starts_with('{'),
        }
    }
}

/// The member that names a queue.
pub(in crate::websocket) const QUEUE: &str = "queue_name";

macro_rules! alone {
    ($run:path) => {
        Run::Alone(|call| Box::pin($run(call)))
    };
}

const fn verb(name: &'static str, action: Action, fields: &'static [Field], run: Run) -> Verb {
    Verb { name, action, http: None, fields, run }
}

impl Verb {
    const fn like(self, method: &'static str, collection: &'static str) -> Self {
        Self { http: Some((method, collection)), ..self }
    }
}

const OF_QUEUE: &[Field] = &[Field(QUEUE, Text, Must)];
const OF_SUBSCRIPTION: &[Field] = &[Field(QUEUE, Text, Must), Field("subscription_id", Text, Must)];

const OF_CLAIM: &[Field] = &[Field(QUEUE, Text, Must), Field("claim_id", Text, Must)];

const OF_POOL: &[Field] = &[
    Field("pool_name", Text, Must),
    Field("limit", Whole, May),
    Field("marker", Text, May),
    Field("detailed", Flag, May),
];
const OF_FLAVOR: &[Field] = &[
    Field("flavor_name", Text, Must),
    Field("limit", Whole, May),
    Field("marker", Text, May),
    Field("detailed", Flag, May),
];
const NEW_POOL: &[Field] = &[
    Field("pool_name", Text, Must),
    Field("weight", Whole, May),
    Field("uri", Text, May),
    Field("options", Object, May),
];

/// All actions but `authenticate`, which is the connection's own.
#[rustfmt::skip]
static VERBS: &[Verb] = &[
    verb("queue_list", Action::QueuesGetAll, &[Field("limit", Whole, May), Field("marker", Text, May), Field("detailed", Flag, May)],
        alone!(queues::list)),
    verb("queue_create", Action::QueuesCreate, &[Field(QUEUE, Text, Must), Field("metadata", Object, May)],
        alone!(queues::create)),
    verb("queue_get", Action::QueuesGet, OF_QUEUE, alone!(queues::show)),
    verb("queue_delete", Action::QueuesDelete, OF_QUEUE, alone!(queues::delete)),
    verb("queue_get_stats", Action::QueuesStats, OF_QUEUE, alone!(queues::stats)),
    verb("queue_purge", Action::QueuesPurge, &[Field(QUEUE, Text, Must), Field("resource_types", List, May)],
        alone!(queues::purge)),
    verb("message_list", Action::MessagesGetAll,
        &[Field(QUEUE, Text, Must), Field("limit", Whole, May), Field("marker", Text, May), Field("echo", Flag, May),
          Field("include_claimed", Flag, May), Field("include_delayed", Flag, May)],
        alone!(messages::list))
            .like("GET", "messages"),
    verb("message_get", Action::MessagesGet, &[Field(QUEUE, Text, Must), Field("message_id", Text, Must)],
        alone!(messages::show))
            .like("GET", "messages"),
    verb("message_get_many", Action::MessagesGetAll, &[Field(QUEUE, Text, Must), Field("message_ids", List, Must)],
        alone!(messages::show_many))
            .like("GET", "messages"),
    verb("message_post", Action::MessagesCreate, &[Field(QUEUE, Text, Must), Field("messages", List, Must)], Run::Post)
            .like("POST", "messages"),
    verb("message_delete", Action::MessagesDelete,
        &[Field(QUEUE, Text, Must), Field("message_id", Text, Must), Field("claim_id", Text, May)],
        alone!(messages::delete))
            .like("DELETE", "messages"),
    verb("message_delete_many", Action::MessagesDeleteAll,
        &[Field(QUEUE, Text, Must), Field("message_ids", List, May), Field("claim_ids", List, May), Field("pop", Whole, May)],
        alone!(messages::delete_many))
            .like("DELETE", "messages"),
    verb("claim_create", Action::ClaimsCreate,
        &[Field(QUEUE, Text, Must), Field("ttl", Whole, May), Field("grace", Whole, May), Field("limit", Whole, May)],
        alone!(claims::create))
            .like("POST", "claims"),
    verb("claim_get", Action::ClaimsGet, OF_CLAIM, alone!(claims::show)).like("GET", "claims"),
    verb("claim_update", Action::ClaimsUpdate,
        &[Field(QUEUE, Text, Must), Field("claim_id", Text, Must), Field("ttl", Whole, May), Field("grace", Whole, May)],
        alone!(claims::update))
            .like("PATCH", "claims"),
    verb("claim_delete", Action::ClaimsDelete, OF_CLAIM, alone!(claims::delete)).like("DELETE", "claims"),
    verb("subscription_list", Action::SubscriptionGetAll,
        &[Field(QUEUE, Text, Must), Field("limit", Whole, May), Field("marker", Text, May)],
        alone!(subscriptions::list))
            .like("GET", "subscriptions"),
    verb("subscription_create", Action::SubscriptionCreate,
        &[Field(QUEUE, Text, Must), Field("subscriber", Text, May), Field("ttl", Whole, May), Field("options", Object, May)],
        alone!(subscriptions::create))
            .like("POST", "subscriptions"),
    verb("subscription_get", Action::SubscriptionGet, OF_SUBSCRIPTION, alone!(subscriptions::show))
            .like("GET", "subscriptions"),
    verb("subscription_delete", Action::SubscriptionDelete, OF_SUBSCRIPTION, alone!(subscriptions::delete))
            .like("DELETE", "subscriptions"),
    verb("subscription_attach", Action::SubscriptionAttach, OF_SUBSCRIPTION, alone!(subscriptions::attach)),
    verb("get_home_doc", Action::HomeGet, &[], alone!(host::home)),
    verb("ping_node", Action::PingGet, &[], alone!(host::ping)),
    verb("check_node_health", Action::HealthGet, &[], alone!(host::health)),
    verb("pool_list", Action::HomeGet, OF_POOL, alone!(pools::none)),
    verb("pool_create", Action::HomeGet, NEW_POOL, alone!(pools::none)),
    verb("pool_update", Action::HomeGet, NEW_POOL, alone!(pools::none)),
    verb("pool_get", Action::HomeGet, OF_POOL, alone!(pools::none)),
    verb("pool_delete", Action::HomeGet, OF_POOL, alone!(pools::none)),
    verb("flavor_list", Action::HomeGet, OF_FLAVOR, alone!(pools::none)),
    verb("flavor_create", Action::HomeGet, &[Field("flavor_name", Text, Must), Field("pool_name", Text, Must)],
        alone!(pools::none)),
    verb("flavor_update", Action::HomeGet, &[Field("flavor_name", Text, Must), Field("pool_name", Text, May)],
        alone!(pools::none)),
    verb("flavor_get", Action::HomeGet, OF_FLAVOR, alone!(pools::none)),
    verb("flavor_delete", Action::HomeGet, OF_FLAVOR, alone!(pools::none)),
];

/// The action called `name`.
pub(in crate::websocket) fn find(name: &str) -> Option<&'static Verb> {
    VERBS.iter().find(|verb| verb.name == name)
}

/// All actions with what they must be allowed.
pub fn actions() -> impl Iterator<Item = (&'static str, Action)> {
    VERBS.iter().map(|verb| (verb.name, verb.action))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::object;

    #[test]
    fn a_body_is_held_against_what_its_action_takes() {
        let takes = |name: &str, body: &str| find(name).unwrap().takes(&object(body.as_bytes()).unwrap());
        for good in [r#"{"queue_name": "q"}"#, r#"{"queue_name": "q", "metadata": null, "more": 1}"#] {
            assert!(takes("queue_create", good), "{good}");
        }
        for bad in [
            "{}",
            r#"{"queue_name": null}"#,
            r#"{"queue_name": 1}"#,
            r#"{"queue_name": "q", "metadata": []}"#,
        ] {
            assert!(!takes("queue_create", bad), "{bad}");
        }
        assert!(!takes("message_list", r#"{"queue_name": "q", "limit": "1"}"#));
        assert!(takes("queue_list", "{}") && !find("queue_list").unwrap().names_queue());
    }

    #[test]
    fn each_action_stands_once() {
        let mut names: Vec<_> = actions().map(|(name, _)| name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), VERBS.len());
    }
}
