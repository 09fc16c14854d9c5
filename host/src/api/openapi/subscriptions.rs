//! Subscriptions.

use serde_json::{Value, json};

use super::{
    operation::Operation,
    parameters::page as paged,
    shapes::{closed, moment, page, shared, text, whole},
};
use crate::config::Queues;

const SUBSCRIPTIONS: &str = "/v2/queues/{queue}/subscriptions";

/// Subscribing, changing, confirming and ending.
pub(super) fn operations(limits: &Queues) -> Vec<Operation> {
    let one = format!("{SUBSCRIPTIONS}/{{subscription}}");
    let of = |below: &str| format!("{one}{below}");
    vec![
        Operation::zaqar("post", SUBSCRIPTIONS, "subscription_create", "Subscribes a URI to the queue.")
            .body(wish(&["subscriber"]))
            .answers(
                201,
                "The subscription.",
                closed(&["subscription_id"], json!({"subscription_id": text()})),
            )
            .refuses([409]),
        Operation::zaqar("get", SUBSCRIPTIONS, "subscriptions_list", "The subscriptions of the queue.")
            .with(paged(limits.max_subscriptions_per_page, 10))
            .answers(200, "A page of subscriptions.", page("subscriptions", shared("Subscription"))),
        Operation::zaqar("get", &one, "subscription_get", "A subscription.").answers(
            200,
            "The subscription.",
            shared("Subscription"),
        ),
        Operation::zaqar(
            "patch",
            &one,
            "subscription_update",
            "Changes a subscription; options are replaced whole.",
        )
        .body(wish(&[]))
        .empty(204, "It was changed.")
        .refuses([409]),
        Operation::zaqar("delete", &one, "subscription_delete", "Ends a subscription.")
            .empty(204, "It is not there any more."),
        Operation::zaqar(
            "put",
            &of("/confirm"),
            "subscription_confirm",
            "Confirms a subscription, or unsubscribes.",
        )
        .body(json!({
            "type": "object", "required": ["confirmed"], "properties": {"confirmed": {"type": "boolean"}},
        }))
        .empty(204, "It was set.")
        .refuses([409]),
        Operation::own(
            "post",
            &of("/enable"),
            "subscription_enable",
            "Matches a disabled subscription again.",
        )
        .empty(204, "It matches."),
    ]
}

/// A member that is unknown is left alone, as in Zaqar.
fn wish(required: &[&str]) -> Value {
    json!({"type": "object", "required": required, "properties": {
        "subscriber": {
            "type": "string", "pattern": "^[A-Za-z][A-Za-z0-9+.-]*:",
            "description": "The URI: `https:`, `mailto:` or another scheme that has a driver.",
        },
        "ttl": {"type": "integer", "minimum": 60, "description": "Seconds."},
        "options": {"type": "object"},
    }})
}

/// What is shown of a subscription.
pub(super) fn shape() -> (&'static str, Value) {
    let members = json!({
        "id": text(), "source": text(), "subscriber": text(), "ttl": whole(0), "age": whole(0),
        "options": {"type": "object"}, "confirmed": {"type": "boolean"},
        "disabled": closed(&["since", "reason"], json!({"since": moment(), "reason": text()})),
    });
    let required = ["id", "source", "subscriber", "ttl", "age", "options", "confirmed"];
    ("Subscription", closed(&required, members))
}
