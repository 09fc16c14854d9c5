//! What a host says of itself.

use serde_json::{Value, json};

use super::{
    operation::Operation,
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
            .answers_as(200, "The metrics.", "text/plain", text()),
        Operation::bare("get", "/v2/openapi.json", "openapi", "This document.").answers(
            200,
            "The document.",
            open(&["openapi", "info", "paths"]),
        ),
        Operation::zaqar("get", "/v2/", "home", "The home document (draft-nottingham-json-home-03).")
            .answers_as(200, "The resources.", "application/json-home", open(&["resources"])),
        Operation::zaqar("get", "/v2/ping", "ping", "Whether the store answers.").empty(204, "It does."),
        Operation::zaqar("head", "/v2/ping", "alive", "Whether the process answers.").empty(204, "It does."),
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
