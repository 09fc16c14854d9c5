//! What a host says of itself.

use serde_json::{Value, json};

use super::{
    operation::Operation,
    parameters::query,
    shapes::{array, closed, listed, open, text},
};

/// Versions, probes, drivers, what comes in to them, and the document itself.
pub(super) fn operations() -> Vec<Operation> {
    let mut all = vec![
        Operation::bare("get", "/", "versions", "The versions of the API.").answers(
            300,
            "The versions.",
            closed(&["versions"], json!({"versions": array(open(&["id", "status", "links"]))})),
        ),
        Operation::bare("get", "/healthz", "healthz", "Whether the process answers.").answers_as(
            200,
            "It does.",
            "text/plain",
            text(),
        ),
        Operation::bare("get", "/readyz", "readyz", "Whether the host can serve, and what is amiss.")
            .answers(200, "It can.", readiness())
            .answers(503, "The store cannot be used.", readiness()),
        Operation::bare("get", "/metrics", "metrics", "Metrics in the text format of Prometheus.")
            .answers_as(200, "The metrics.", "text/plain", text())
            .refuses([401, 403, 503]),
        Operation::bare("get", "/v2/openapi.json", "openapi", "This document.").answers(
            200,
            "The document.",
            open(&["openapi", "info", "paths"]),
        ),
        Operation::zaqar("get", "/v2/", "home", "The home document (draft-nottingham-json-home-03).")
            .answers_as(200, "The resources.", "application/json-home", open(&["resources"])),
        Operation::zaqar("get", "/v2/ping", "ping", "Whether the store answers.").empty(204, "It does."),
        Operation::zaqar("head", "/v2/ping", "alive", "Whether the process answers.").empty(204, "It does."),
        Operation::zaqar("get", "/v2/health", "health", "Whether the store does what it is for; for admins.")
            .answers(200, "What was tried.", health()),
        Operation::own("get", "/v2/drivers", "drivers_list", "The drivers: who delivers what.").answers(
            200,
            "All drivers, and those that were refused.",
            closed(&["drivers"], json!({"drivers": array(driver())})),
        ),
        Operation::own(
            "post",
            "/v2/reload",
            "reload",
            "Reads the configuration again and applies what can change.",
        )
        .answers(200, "What was applied.", reloaded())
        .refuses([409]),
    ];
    all.extend(inbound());
    all.extend(letters());
    all
}

/// The driver answers what it likes.
fn inbound() -> impl Iterator<Item = Operation> {
    let places = [("", "inbound"), ("/", "inbound_root"), ("/{below}", "inbound_below")];
    places.into_iter().flat_map(|(below, id)| {
        ["get", "post"].map(|method| {
            let path = format!("/v2/inbound/{{driver}}/{{account}}{below}");
            Operation::bare(
                method,
                &path,
                &format!("{id}_{method}"),
                "What the far side of a driver sends to it.",
            )
            .any()
        })
    })
}

/// The pages to which mails lead: HTML, also where a link is wrong or has expired.
fn letters() -> impl Iterator<Item = Operation> {
    let pages = [
        ("get", "/v2/confirm", "confirm_page", "Asks whoever a subscription leads to; changes nothing."),
        ("post", "/v2/confirm", "confirm_button", "The answer of that page."),
        ("get", "/v2/unsubscribe", "unsubscribe_page", "Asks whether to unsubscribe; changes nothing."),
        ("post", "/v2/unsubscribe", "unsubscribe_button", "Unsubscribes (RFC 8058)."),
    ];
    pages.into_iter().map(|(method, path, id, summary)| {
        let operation = Operation::bare(method, path, id, summary).with(
            ["Signature", "Methods", "Paths", "Project", "Expires"]
                .map(|name| query(name, "Of the link.", text())),
        );
        let statuses = [200, 400, 404, 409, 410, 503];
        statuses
            .into_iter()
            .fold(operation, |operation, status| operation.answers_as(status, "A page.", "text/html", text()))
    })
}

fn health() -> Value {
    let tried = json!({"succeeded": {"type": "boolean"}, "seconds": {"type": "number"}, "ref": {"type": ["string", "null"]}});
    let tried = closed(&["succeeded", "seconds", "ref"], tried);
    let status = json!({"type": "object", "additionalProperties": tried});
    let members = json!({"storage_reachable": {"type": "boolean"}, "operation_status": status});
    closed(&["storage_reachable", "operation_status"], members)
}

fn readiness() -> Value {
    let ailment = closed(&["part", "reason"], json!({"part": text(), "reason": text()}));
    closed(&["ready", "degraded"], json!({"ready": {"type": "boolean"}, "degraded": array(ailment)}))
}

fn driver() -> Value {
    let mut shape = open(&["name", "schemes", "origin", "state", "why"]);
    shape["properties"] = json!({
        "name": text(),
        "schemes": listed(),
        "origin": {"enum": ["linked", "library", "exec", "host"]},
        "state": {"enum": ["ready", "disabled", "refused"]},
        "why": {"type": ["string", "null"]},
    });
    shape
}

fn reloaded() -> Value {
    closed(
        &["applied", "kept", "restart"],
        json!({"applied": array(open(&["change"])), "kept": listed(), "restart": listed()}),
    )
}
