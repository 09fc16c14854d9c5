//! What a queue that asks for encryption was posted, and how subscribers are reached, stand in no file of the database.

use std::fs;

use nuncio_tests::{Host, Recipe, Reply, Sink};
use serde_json::{Value, json};

use crate::clock::SOON;

/// What must not be read from the files, and where it came from.
const SEALED: [&str; 4] =
    ["marker-of-a-body", "marker-of-an-attribute", "marker-of-a-header", "marker-of-a-query"];
/// What may be: it shows that the files are those where it would stand.
const CLEAR: &str = "marker-in-the-clear";

/// Which of `marks` stand in any file beside the database, its log among them.
fn found(host: &Host, marks: &[&'static str]) -> Vec<&'static str> {
    let files: Vec<Vec<u8>> =
        fs::read_dir(host.data()).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap()).collect();
    let stands =
        |mark: &str| files.iter().any(|file| file.windows(mark.len()).any(|at| at == mark.as_bytes()));
    marks.iter().copied().filter(|mark| stands(mark)).collect()
}

fn pulled(host: &Host) -> Value {
    let page = host.get("/v2/queues/sealed/messages?echo=true&include_claimed=true").expect(200).json();
    page["messages"][0]["body"].clone()
}

#[test]
fn an_encrypted_queue_is_unreadable_in_the_files_of_the_database() {
    let sink = Sink::start();
    let address = "/down?token=marker-of-a-query";
    sink.on(address, [Reply::Status(503)]);
    let mut host = Recipe::new().start();
    host.request("PUT", "/v2/queues/sealed", &json!({"_enable_encrypt_messages": true})).expect(201);
    host.subscribe("sealed", &sink.url(address), &json!({"post_headers": {"X-Own": "marker-of-a-header"}}));
    let body = json!({"said": "marker-of-a-body"});
    let message = json!({"body": body, "attributes": {"of": "marker-of-an-attribute"}});
    host.request("POST", "/v2/queues/sealed/messages", &json!({"messages": [message]})).expect(201);
    host.request("POST", "/v2/queues/sealed/claims", &json!({"ttl": 300, "grace": 60})).expect(201);
    host.post("open", &[json!(CLEAR)]);
    // Whoever may read it gets it in the clear, and so does the subscriber, whose failure is recorded.
    let received = sink.wait_for(address, 1, SOON).remove(0);
    assert_eq!((&received.json()["body"], received.header("x-own")), (&body, Some("marker-of-a-header")));
    host.failed(received.webhook_id(), 1, SOON);
    assert_eq!(pulled(&host), body);

    assert_eq!(found(&host, &[CLEAR]), [CLEAR], "while it runs: these files hold what was posted");
    assert_eq!(found(&host, &SEALED), [""; 0], "while it runs");
    host.kill();
    assert_eq!(found(&host, &SEALED), [""; 0], "after a kill");
    host.start();
    assert_eq!(pulled(&host), body, "the key opens it again");
    host.stop();
    assert_eq!(found(&host, &[CLEAR]), [CLEAR], "after a stop: the log is copied back");
    assert_eq!(found(&host, &SEALED), [""; 0], "after a stop");
}
