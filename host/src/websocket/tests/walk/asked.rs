//! With which bodies an action is asked for: so that it gets as far as it can.

use serde_json::{Value, json};

use crate::api::tests::walk::things::Things;

/// Actions for which there is nothing in any project.
pub(super) const VAIN: [&str; 10] = [
    "pool_list",
    "pool_create",
    "pool_update",
    "pool_get",
    "pool_delete",
    "flavor_list",
    "flavor_create",
    "flavor_update",
    "flavor_get",
    "flavor_delete",
];

/// The bodies of `action`, one for each way in which it can reach something. A new action must be named here.
pub(super) fn bodies(action: &str, things: &Things) -> Vec<Value> {
    let with = |more: Value| {
        let mut body = json!({"queue_name": things.of("queue")});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let (free, claim) = (things.of("free"), things.of("claim"));
    let (message, subscription) = (things.of("message"), things.of("subscription"));
    match action {
        "queue_list" => vec![json!({"detailed": true})],
        "queue_create" => vec![with(json!({"metadata": {"mine": 1}}))],
        "queue_get" | "queue_delete" | "queue_get_stats" | "subscription_list" => vec![with(json!({}))],
        "queue_purge" => {
            vec![with(json!({})), with(json!({"resource_types": ["messages", "subscriptions"]}))]
        }
        "message_list" => {
            vec![with(json!({"echo": true, "include_claimed": true, "include_delayed": true}))]
        }
        "message_get" => vec![with(json!({"message_id": free}))],
        "message_get_many" => vec![with(json!({"message_ids": [free, message]}))],
        "message_post" => vec![with(json!({"messages": [{"body": "mine"}]}))],
        "message_delete" => vec![
            with(json!({"message_id": free})),
            with(json!({"message_id": message})),
            with(json!({"message_id": message, "claim_id": claim})),
        ],
        "message_delete_many" => vec![
            with(json!({"message_ids": [free]})),
            with(json!({"message_ids": [message], "claim_ids": [claim]})),
            with(json!({"pop": 5})),
        ],
        "claim_create" => vec![with(json!({"ttl": 60, "grace": 60, "limit": 5}))],
        "claim_get" | "claim_delete" => vec![with(json!({"claim_id": claim}))],
        "claim_update" => vec![with(json!({"claim_id": claim, "ttl": 90, "grace": 60}))],
        "subscription_create" => {
            vec![with(json!({})), with(json!({"subscriber": "http://127.0.0.1:9/theirs"}))]
        }
        "subscription_get" | "subscription_delete" => vec![with(json!({"subscription_id": subscription}))],
        "subscription_attach" => vec![with(json!({"subscription_id": things.of("attachable")}))],
        "get_home_doc" | "ping_node" | "check_node_health" => vec![json!({})],
        vain if VAIN.contains(&vain) => {
            vec![json!({"pool_name": "p", "flavor_name": "f", "weight": 1, "uri": "mongodb://127.0.0.1"})]
        }
        new => panic!("say how `{new}` is asked for"),
    }
}
