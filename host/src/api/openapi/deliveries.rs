//! Notifications, deliveries and jobs.

use serde_json::{Map, Value, json};

use super::{
    operation::Operation,
    parameters::{idempotency_key, page as paged, query},
    shapes::{array, closed, moment, open, page, shared, text, whole},
};

const STATES: [&str; 7] = ["waiting", "held", "delivered", "dead", "cancelled", "expired", "suppressed"];
/// The most entries of a page of deliveries or jobs.
const PAGE: u32 = 1000;

/// Sending without a queue, and what became of each delivery.
pub(super) fn operations() -> Vec<Operation> {
    let one = "/v2/deliveries/{delivery}";
    let mut all = vec![
        Operation::own(
            "post",
            "/v2/notifications",
            "notification_send",
            "Sends a message to URIs, now or later.",
        )
        .with([idempotency_key()])
        .body(notification())
        .answers(202, "It is stored; a delivery for each recipient.", sent())
        .refuses([422]),
        Operation::own("get", "/v2/deliveries", "deliveries_list", "Deliveries, newest first.")
            .with(selection())
            .with([query("state", "Only those of this state.", json!({"enum": STATES}))])
            .with(paged(PAGE, 20))
            .answers(
                200,
                "Deliveries. The end is a page without links.",
                page("deliveries", shared("Delivery")),
            ),
        Operation::own("get", one, "delivery_get", "A delivery with its failed attempts.").answers(
            200,
            "The delivery.",
            shared("Delivery"),
        ),
    ];
    for (verb, summary) in [
        ("retry", "Tries a dead or waiting delivery again, now."),
        ("cancel", "Cancels a delivery that waits or is held."),
    ] {
        let changed = json!({"id": text(), "state": {"enum": STATES}, "reason": text()});
        let operation =
            Operation::own("post", &format!("{one}/{verb}"), &format!("delivery_{verb}"), summary);
        all.push(operation.answers(202, "Its new state.", closed(&["id", "state"], changed)).refuses([409]));
    }
    all.extend(jobs());
    all
}

fn jobs() -> Vec<Operation> {
    let begin = |verb: &str, summary| {
        let path = format!("/v2/deliveries/{verb}");
        Operation::own("post", &path, &format!("deliveries_{verb}"), summary)
            .with([idempotency_key()])
            .body(filter(verb))
            .answers(
                200,
                "What a dry run would do.",
                open(&["kind", "dry_run", "filter", "matched", "looked"]),
            )
            .answers(202, "The job that began.", shared("Job"))
            .leads(&["job_get", "job_stop"], "job", "$response.body#/id")
            .refuses([422])
    };
    vec![
        begin("replay", "Makes dead deliveries due again, by filter."),
        begin("cancel", "Cancels deliveries that wait or are held, by filter."),
        Operation::own("get", "/v2/jobs", "jobs_list", "Jobs, newest first.").with(paged(PAGE, 20)).answers(
            200,
            "A page of jobs.",
            page("jobs", shared("Job")),
        ),
        Operation::own("get", "/v2/jobs/{job}", "job_get", "How far a job is.").answers(
            200,
            "The job.",
            shared("Job"),
        ),
        Operation::own("delete", "/v2/jobs/{job}", "job_stop", "Stops a job; what was done stays done.")
            .empty(204, "It has ended."),
    ]
}

/// Which deliveries: something must be named, or `all` be said.
fn filter(verb: &str) -> Value {
    let states: &[&str] = if verb == "replay" { &["dead"] } else { &["waiting", "held"] };
    let mut properties = json!({
        "all": {"type": "boolean"}, "state": {"enum": states}, "limit": whole(1), "dry_run": {"type": "boolean"},
        "from": time(), "to": time(),
    });
    for name in ["queue", "topic", "subscription", "destination", "driver"] {
        properties[name] = json!({"type": "string", "minLength": 1});
    }
    if verb == "replay" {
        properties["reason"] = json!({"type": "string", "minLength": 1});
    }
    let mut filter = closed(&[], properties);
    filter["examples"] = json!([{"all": true, "dry_run": true}]);
    filter
}

/// RFC 3339, or Unix seconds.
fn time() -> Value {
    json!({"anyOf": [moment(), whole(0)]})
}

fn selection() -> [Value; 8] {
    [
        query("queue", "Only those of this queue.", text()),
        query("topic", "Only those of this topic.", text()),
        query("subscription", "Only those of this subscription.", text()),
        query("destination", "Only those to this destination, as a delivery shows it.", text()),
        query("driver", "Only those of this driver.", text()),
        query("from", "From this time on: RFC 3339, or Unix seconds.", text()),
        query("to", "Before this time.", text()),
        query("reason", "Only dead ones with this in their reason.", text()),
    ]
}

fn notification() -> Value {
    let uri = json!({
        "type": "string", "pattern": "^[A-Za-z][A-Za-z0-9+.-]*:", "description": "A subscriber URI.",
    });
    let options = json!({"type": "object"});
    let entry = closed(&["uri"], json!({"uri": uri, "options": options}));
    let recipients =
        json!({"type": "array", "minItems": 1, "maxItems": 1000, "items": {"anyOf": [uri, entry]}});
    closed(
        &["to"],
        json!({
            "to": {"anyOf": [uri, recipients]},
            "content": {"description": "A text, an object with `subject`, `text` and `html`, or a template's variables."},
            "template": text(),
            "options": options,
            "attributes": shared("Attributes"),
            "attachments": {"type": "array", "maxItems": 100, "items": attachment()},
            "deliver_at": time(),
            "deliver_until": time(),
        }),
    )
}

fn attachment() -> Value {
    closed(
        &["name", "data"],
        json!({
            "name": {"type": "string", "minLength": 1, "maxLength": 255},
            "data": {"type": "string", "contentEncoding": "base64"},
            "content_type": text(), "content_id": text(), "inline": {"type": "boolean"},
        }),
    )
}

fn sent() -> Value {
    let delivery = closed(&["to", "address", "id"], json!({"to": text(), "address": text(), "id": text()}));
    closed(&["id", "deliveries"], json!({"id": text(), "deliveries": array(delivery)}))
}

/// A delivery and a job.
pub(super) fn shapes() -> [(&'static str, Value); 2] {
    [("Delivery", delivery()), ("Job", job())]
}

fn delivery() -> Value {
    let failure = closed(
        &["attempt", "at", "ms", "outcome", "scope", "code", "reason"],
        json!({
            "attempt": whole(1), "at": moment(), "ms": whole(0), "outcome": text(), "scope": text(),
            "code": {"type": "integer"}, "reason": text(), "excerpt": text(),
        }),
    );
    let receipt = closed(
        &["outcome", "code", "reason", "at"],
        json!({"outcome": text(), "code": {"type": "integer"}, "reason": text(), "at": moment()}),
    );
    closed(
        &["id", "message", "state", "to", "address", "driver", "destination", "attempts", "created"],
        json!({
            "id": text(), "message": text(), "state": {"enum": STATES}, "to": text(), "address": text(),
            "driver": text(), "destination": text(), "attempts": whole(0), "created": moment(), "queue": text(), "topic": text(),
            "subscription": text(), "due": moment(), "settled": moment(), "reason": text(),
            "provider_id": text(), "receipt": receipt, "failures": array(failure),
        }),
    )
}

fn job() -> Value {
    let mut properties = Map::new();
    for name in ["total", "looked", "matched", "done", "skipped", "in_flight"] {
        properties.insert(name.to_owned(), whole(0));
    }
    for name in ["id", "href"] {
        properties.insert(name.to_owned(), text());
    }
    for name in ["created", "ended"] {
        properties.insert(name.to_owned(), moment());
    }
    properties.insert("kind".to_owned(), json!({"enum": ["replay", "cancel"]}));
    properties.insert("state".to_owned(), text());
    properties.insert("filter".to_owned(), json!({"type": "object"}));
    let because = closed(&["ended", "changed"], json!({"ended": whole(0), "changed": whole(0)}));
    properties.insert("skipped_because".to_owned(), because);
    let required = ["id", "href", "kind", "state", "filter", "created", "total", "looked", "matched", "done"];
    closed(&required, Value::Object(properties))
}

#[cfg(test)]
mod tests {
    use super::*;
    use nuncio_core::State;

    #[test]
    fn the_states_are_those_of_the_engine() {
        assert_eq!(STATES.to_vec(), State::ALL.map(State::name).to_vec());
    }
}
