//! plugin-sdk/examples/acme-sms: a stranger's crate, built, tested, loaded and delivered through.

use std::time::Duration;

use nuncio_tests::{
    Reply, Sink, failures,
    stranger::{Package, root},
};
use serde_json::json;

use crate::guest::{origins, recipe};

const SOON: Duration = Duration::from_secs(20);

fn package() -> Package {
    Package::copied(&root().join("plugin-sdk/examples/acme-sms"))
}

#[test]
fn it_passes_its_own_tests() {
    let package = package();
    package.clippy();
    let printed = package.test();
    for test in [
        "conforms_as_it_is_linked",
        "conforms_as_a_library",
        "a_signed_receipt_says_what_became_of_a_message",
    ] {
        assert!(printed.contains(test), "{printed}");
    }
}

#[test]
fn a_host_without_it_loads_it_and_delivers_through_it() {
    let vendor = Sink::start();
    vendor.on("/v1/messages", [Reply::RetryAfter(429, 1), Reply::Status(202)]);
    let settings = format!(
        "[drivers.acme-sms]\napi = \"{}\"\nkey = {{ env = \"ACME_KEY\" }}\nreceipt_secret = \"shared\"",
        vendor.url("/v1")
    );
    let recipe = recipe(&package().library(), &settings).env("ACME_KEY", "the-key-itself");
    let origins = origins(&recipe);
    assert!(origins.contains(&("acme-sms".to_owned(), "library".to_owned())), "{origins:?}");

    let host = recipe.start();
    let sms =
        json!({"to": ["acme-sms:+1-555-123-0001"], "content": {"subject": "Door", "text": "Somebody rang"}});
    let ids = host.notify(&sms);
    let delivery = host.settled(&ids[0], "delivered", SOON);
    assert_eq!(failures(&delivery)[0]["code"], 429, "{delivery}");
    let sent = vendor.received("/v1/messages");
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[1].json()["to"], "+15551230001");
    assert_eq!(sent[1].json()["text"], "Door\nSomebody rang");
    assert_eq!(sent[1].header("authorization"), Some("Bearer the-key-itself"));
    assert_eq!(
        sent[0].header("idempotency-key"),
        sent[1].header("idempotency-key"),
        "it is the same message"
    );

    let refused = json!({"to": ["acme-sms:5551230001"], "content": "x"});
    let answer = host.request("POST", "/v2/notifications", &refused).expect(400).text();
    assert!(answer.contains("not an international number"), "{answer}");
    let unsigned =
        host.request("POST", "/v2/inbound/acme-sms/default", &json!({"id": "m-1", "status": "delivered"}));
    assert!((400..500).contains(&unsigned.status), "{}", unsigned.text());
    assert!(!host.log().contains("the-key-itself"), "{}", host.log());
}
