//! Claims.

use serde_json::{Value, json};

use super::{
    operation::Operation,
    parameters::query,
    shapes::{array, closed, shared, text, whole, within},
};
use crate::config::Queues;

const CLAIMS: &str = "/v2/queues/{queue}/claims";

/// Claiming, showing, renewing and releasing.
pub(super) fn operations(limits: &Queues) -> Vec<Operation> {
    let one = format!("{CLAIMS}/{{claim}}");
    let most = i64::from(limits.max_messages_per_claim_or_pop);
    vec![
        Operation::zaqar("post", CLAIMS, "claim_create", "Claims the first messages that nobody claims.")
            .with([query("limit", "The most messages.", within(1, most))])
            .optional(wish(limits))
            .answers(201, "The claimed messages.", closed(&["messages"], json!({"messages": messages()})))
            .empty(204, "There are none."),
        Operation::zaqar("get", &one, "claim_get", "A claim with its messages.").answers(
            200,
            "The claim.",
            claim(),
        ),
        Operation::zaqar("patch", &one, "claim_update", "Renews a claim.")
            .body(wish(limits))
            .empty(204, "It was renewed."),
        Operation::zaqar("delete", &one, "claim_delete", "Releases a claim: its messages are free again.")
            .empty(204, "It is not there any more."),
    ]
}

fn messages() -> Value {
    array(shared("Message"))
}

fn claim() -> Value {
    closed(
        &["age", "ttl", "href", "messages"],
        json!({"age": whole(0), "ttl": whole(0), "href": text(), "messages": messages()}),
    )
}

fn wish(limits: &Queues) -> Value {
    let seconds =
        json!({"ttl": within(60, limits.max_claim_ttl), "grace": within(60, limits.max_claim_grace)});
    json!({"type": "object", "properties": seconds})
}
