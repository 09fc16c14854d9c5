//! With which body, and in which words, an action is asked for: so that it gets as far as it can.

use serde_json::{Value, json};

use crate::access::{Action, Grant};

/// What follows the path of a route.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Words {
    pub(super) query: &'static str,
    pub(super) body: Option<Value>,
}

/// The words of `action`. One that changes something must be named here.
pub(super) fn words(action: Action) -> Words {
    let body = |value: Value| Words { query: "", body: Some(value) };
    match action {
        Action::QueuesCreate | Action::TopicsCreate => body(json!({"mine": 1})),
        Action::QueuesUpdate | Action::TopicsUpdate => {
            body(json!([{"op": "add", "path": "/metadata/mine", "value": 1}]))
        }
        Action::QueuesPurge | Action::TopicsPurge => {
            body(json!({"resource_types": ["messages", "subscriptions"]}))
        }
        Action::QueuesShare => body(json!({"paths": ["messages"], "methods": ["GET"]})),
        Action::MessagesCreate => body(json!({"messages": [{"body": "mine"}]})),
        Action::MessagesGetAll => Words { query: "echo=true&include_claimed=true", body: None },
        Action::MessagesDeleteAll => Words { query: "pop=5", body: None },
        Action::ClaimsCreate => body(json!({"ttl": 60, "grace": 60})),
        Action::ClaimsUpdate => body(json!({"ttl": 90, "grace": 60})),
        Action::SubscriptionCreate => body(json!({"subscriber": "http://127.0.0.1:9/mine"})),
        Action::SubscriptionUpdate => body(json!({"ttl": 7200})),
        Action::SubscriptionConfirm => body(json!({"confirmed": true})),
        Action::NotificationsSend => body(json!({"to": ["log:mine"], "content": "x"})),
        Action::DeliveriesReplayAll | Action::DeliveriesCancelAll => body(json!({"all": true})),
        Action::DevicesCreate => body(json!({"scheme": "apns", "address": "theirs"})),
        Action::KeysCreate => body(json!({"project": "stranger", "roles": ["reader"]})),
        Action::QueuesDelete
        | Action::TopicsDelete
        | Action::MessagesDelete
        | Action::ClaimsDelete
        | Action::SubscriptionDelete
        | Action::SubscriptionEnable
        | Action::DeliveriesRetry
        | Action::DeliveriesCancel
        | Action::JobsDelete
        | Action::DevicesDelete
        | Action::KeysDelete
        | Action::Reload => Words::default(),
        looking if matches!(looking.asks(), Grant::Known | Grant::Read) => Words::default(),
        Action::DriversList | Action::KeysGetAll | Action::HealthGet | Action::MetricsGet => Words::default(),
        new => panic!("say how `{}` is asked for", new.name()),
    }
}
