//! Messages.

use serde_json::{Value, json};

use super::{
    operation::Operation,
    parameters::{flag, idempotency_key, ids, page as paged, query},
    shapes::{array, closed, listed, page, shared, text, whole, within},
};
use crate::config::Queues;

const MESSAGES: &str = "/v2/queues/{queue}/messages";

/// Posting and pulling.
pub(super) fn operations(limits: &Queues) -> Vec<Operation> {
    let (most, taken) = (limits.max_messages_per_page, limits.max_messages_per_claim_or_pop);
    let one = format!("{MESSAGES}/{{message}}");
    vec![
        Operation::zaqar(
            "post",
            MESSAGES,
            "messages_post",
            "Takes all messages, or none. The queue is made if need be.",
        )
        .with([idempotency_key()])
        .body(posted(limits))
        .answers(201, "They are stored.", closed(&["resources"], json!({"resources": listed()})))
        .refuses([422]),
        Operation::zaqar("get", MESSAGES, "messages_list", "Messages in their order, or those of given ids.")
            .with(paged(most, 10))
            .with([
                flag("echo", "Whether one's own messages are shown."),
                flag("include_claimed", "Whether claimed messages are shown."),
                flag("include_delayed", "Whether delayed messages are shown."),
                ids("ids", "These messages instead of a page.", most),
            ])
            .answers(200, "Messages.", listing()),
        Operation::zaqar(
            "delete",
            MESSAGES,
            "messages_delete",
            "Deletes messages of given ids, or takes the first ones.",
        )
        .with([
            ids("ids", "These messages.", most),
            ids("claim_ids", "The claims of these messages.", most),
            query("pop", "Takes so many instead.", within(1, i64::from(taken))),
        ])
        .answers(200, "What was taken.", closed(&["messages"], json!({"messages": array(shared("Popped"))})))
        .empty(204, "They are not there any more."),
        Operation::zaqar("get", &one, "message_get", "A message.").answers(
            200,
            "The message.",
            shared("Message"),
        ),
        Operation::zaqar("delete", &one, "message_delete", "Deletes a message.")
            .with([query("claim_id", "The claim of a claimed message.", text())])
            .empty(204, "It is not there any more."),
    ]
}

fn posted(limits: &Queues) -> Value {
    let message = json!({
        "body": {},
        "ttl": within(60, limits.max_message_ttl),
        "delay": within(0, limits.max_message_delay),
        "attributes": shared("Attributes"),
    });
    let messages = json!({
        "type": "array", "minItems": 1, "items": {"type": "object", "required": ["body"], "properties": message},
    });
    json!({"type": "object", "required": ["messages"], "properties": {"messages": messages}})
}

/// By ids, there are no links.
fn listing() -> Value {
    let mut listing = page("messages", shared("Message"));
    listing["required"] = json!(["messages"]);
    listing
}

/// The messages of a claim and of a listing, and those that were popped.
pub(super) fn shapes() -> [(&'static str, Value); 2] {
    let members = json!({
        "id": text(), "href": text(), "ttl": whole(0), "age": whole(0), "body": {}, "checksum": text(),
        "attributes": shared("Attributes"),
    });
    let mut popped = members.clone();
    popped["claim_id"] = json!({"type": ["string", "null"]});
    popped["claim_count"] = whole(0);
    [
        ("Message", closed(&["id", "href", "ttl", "age", "body"], members)),
        ("Popped", closed(&["id", "ttl", "age", "body", "claim_count"], popped)),
    ]
}
