//! What a project took and has.

use serde_json::{Value, json};

use super::{
    operation::Operation,
    shapes::{array, closed, text, whole},
};

/// Showing it.
pub(super) fn operations() -> Vec<Operation> {
    let what = "What the project took in by day, what is stored of it, and what it may take.";
    vec![
        Operation::own("get", "/v2/usage", "usage_show", what).answers(
            200,
            "Its usage.",
            closed(
                &["project", "total", "days", "stored", "limits"],
                json!({
                    "project": text(),
                    "total": counts(&["messages", "bytes", "deliveries"]),
                    "days": array(day()),
                    "stored": counts(&["messages", "bytes"]),
                    "limits": counts(&[
                        "requests_per_second", "messages_per_second", "websocket_connections", "queues", "subscriptions", "devices", "stored_messages",
                        "stored_bytes",
                    ]),
                }),
            ),
        ),
    ]
}

fn day() -> Value {
    let mut day = counts(&["messages", "bytes", "deliveries"]);
    day["properties"]["date"] = json!({"type": "string", "format": "date"});
    day["required"] = json!(["date", "messages", "bytes", "deliveries"]);
    day
}

fn counts(names: &[&str]) -> Value {
    closed(names, names.iter().map(|name| ((*name).to_owned(), whole(0))).collect())
}
