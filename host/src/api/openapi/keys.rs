//! API keys.

use serde_json::{Value, json};

use super::{
    operation::Operation,
    parameters::{page as paged, query},
    shapes::{closed, listed, moment, page, text},
};

/// Making, listing and revoking keys.
pub(super) fn operations() -> Vec<Operation> {
    let mut made = key();
    made["properties"]["token"] = text();
    vec![
        Operation::own("get", "/v2/keys", "keys_list", "The API keys of all projects, by id.")
            .with([query("project", "Only those of this project.", text())])
            .with(paged(1000, 100))
            .answers(200, "A page of keys, without their secrets.", page("keys", key())),
        Operation::own("post", "/v2/keys", "key_create", "Makes an API key.")
            .body(wish())
            .answers(201, "The key. Its `token` is never shown again.", made)
            .leads(&["key_revoke"], "key", "$response.body#/id"),
        Operation::own(
            "delete",
            "/v2/keys/{key}",
            "key_revoke",
            "Revokes an API key; it opens nothing from now on.",
        )
        .empty(204, "It is not there any more."),
    ]
}

fn wish() -> Value {
    let members = json!({"project": text(), "name": text(), "roles": listed(), "expires": moment()});
    closed(&["project", "roles"], members)
}

fn key() -> Value {
    let time = json!({"type": ["string", "null"], "format": "date-time"});
    let members = json!({
        "id": text(), "project": text(), "name": text(), "roles": listed(), "created": time, "expires": time,
        "last_used": time,
    });
    closed(&["id", "project", "name", "roles", "created", "expires", "last_used"], members)
}
