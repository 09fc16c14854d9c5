//! Queues.

use serde_json::{Value, json};

use super::{
    operation::Operation,
    parameters::{flag, page as paged, query},
    shapes::{array, closed, listed, page, text, whole, within},
};
use crate::config::Queues;

const QUEUE: &str = "/v2/queues/{queue}";

/// Making, showing, changing, emptying and deleting queues.
pub(super) fn operations(limits: &Queues) -> Vec<Operation> {
    let of = |below: &str| format!("{QUEUE}{below}");
    vec![
        Operation::zaqar("put", QUEUE, "queue_create", "Makes a queue. One that is there stays as it is.")
            .optional(metadata(limits))
            .empty(201, "It was made.")
            .empty(204, "It was there."),
        Operation::zaqar(
            "get",
            QUEUE,
            "queue_get",
            "The metadata of a queue; the defaults for one that is not there.",
        )
        .answers(200, "The metadata.", metadata(limits)),
        Operation::zaqar("patch", QUEUE, "queue_update", "Changes the metadata by a JSON patch.")
            .body_of("application/openstack-messaging-v2.0-json-patch", patch(), true)
            .answers(200, "The new metadata.", metadata(limits))
            .refuses([409, 415]),
        Operation::zaqar(
            "delete",
            QUEUE,
            "queue_delete",
            "Deletes a queue with its messages and subscriptions.",
        )
        .empty(204, "It is not there any more."),
        Operation::zaqar("get", &of("/stats"), "queue_stats", "What a queue holds for pull.").answers(
            200,
            "The numbers.",
            stats(),
        ),
        Operation::zaqar("post", &of("/purge"), "queue_purge", "Empties a queue.")
            .optional(closed(
                &["resource_types"],
                json!({"resource_types": array(json!({"enum": ["messages", "subscriptions"]}))}),
            ))
            .empty(204, "It is empty."),
    ]
}

/// Signing URLs.
pub(super) fn share() -> Operation {
    Operation::zaqar("post", &format!("{QUEUE}/share"), "queue_share", "Signs URLs, for who has no token.")
        .body(wish())
        .answers(200, "The signature.", shared())
}

/// Listing `kind`: queues or topics.
pub(super) fn listing_of(kind: &'static str, limits: &Queues) -> Operation {
    let id = format!("{kind}_list");
    Operation::zaqar("get", &format!("/v2/{kind}"), &id, "Those of the project, by name.")
        .with(paged(limits.max_queues_per_page, 10))
        .with([
            flag("detailed", "Whether the metadata is shown."),
            flag("with_count", "Whether the number of all is shown."),
            query(
                "name",
                "Only those with this in their name. Other parameters compare with metadata.",
                text(),
            ),
        ])
        .answers(200, "A page.", listing(kind))
}

fn listing(kind: &str) -> Value {
    let queue = json!({"name": text(), "href": text(), "metadata": {"type": "object"}});
    let mut listing = page(kind, closed(&["name", "href"], queue));
    listing["properties"]["count"] = whole(1);
    listing
}

/// The reserved members; any others are the client's own.
fn metadata(limits: &Queues) -> Value {
    let ttl = within(60, limits.max_message_ttl);
    let size = i64::try_from(limits.max_messages_post_size).unwrap_or(i64::MAX);
    let nullable = |mut schema: Value, kind: &str| {
        schema["type"] = json!([kind, "null"]);
        schema
    };
    json!({"type": "object", "properties": {
        "_max_messages_post_size": within(1, size),
        "_default_message_ttl": ttl,
        "_default_message_delay": within(0, limits.max_message_delay),
        "_dead_letter_queue": nullable(json!({}), "string"),
        "_dead_letter_queue_messages_ttl": nullable(ttl.clone(), "integer"),
        "_max_claim_count": nullable(json!({}), "integer"),
        "_enable_encrypt_messages": {"type": "boolean"},
    }})
}

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];
const PARTS: [&str; 3] = ["messages", "subscriptions", "claims"];

fn wish() -> Value {
    let wish = json!({
        "paths": array(json!({"enum": PARTS})), "methods": array(json!({"enum": METHODS})), "expires": text(),
    });
    closed(&[], wish)
}

/// What the holder of the signature sends back in `URL-…` headers.
fn shared() -> Value {
    let names = ["paths", "methods", "project", "expires", "signature"];
    let grant = json!({
        "paths": listed(), "methods": listed(), "project": text(), "expires": text(),
        "signature": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    });
    closed(&names, grant)
}

fn patch() -> Value {
    let operation = json!({
        "op": {"enum": ["add", "replace", "remove"]},
        "path": {"type": "string", "pattern": "^/metadata/[^/]+$"},
        "value": {},
    });
    array(closed(&["op", "path"], operation))
}

fn stats() -> Value {
    let edge =
        closed(&["href", "age", "created"], json!({"href": text(), "age": whole(0), "created": text()}));
    let messages = json!({
        "claimed": whole(0), "free": whole(0), "total": whole(0), "oldest": edge, "newest": edge,
    });
    closed(&["messages"], json!({"messages": closed(&["claimed", "free", "total"], messages)}))
}
