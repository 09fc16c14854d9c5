//! The second walk: a mail to 3 recipients with one 550 and one 451, its subscription changed and then deleted while
//! the 451 waits.

use nuncio_tests::{Host, Postfix, Recipe, failures, until};
use serde_json::{Value, json};

use crate::clock::SOON;

fn host(postfix: &Postfix) -> Host {
    let retry =
        "retry = { schedule = [\"0s\", \"1s\", \"1s\", \"1s\", \"1s\", \"1s\", \"1s\", \"1s\", \"1h\"] }";
    let mailto = format!(
        "[drivers.mailto]\nrelay = \"{}\"\ntls = \"none\"\nfrom = \"nuncio@example.org\"\n[notification]\nrequire_confirmation = \"none\"",
        postfix.open_relay()
    );
    Recipe::new().delivery(retry).section(&mailto).start()
}

/// Waits until the delivery to `address` is in `state`, and returns it with its attempts.
fn reaches(host: &Host, address: &str, state: &str) -> Value {
    until(&format!("the mail to {address} to be {state}"), SOON, || {
        let all = host.deliveries(&format!("queue=q&state={state}"));
        let found = all.iter().find(|one| one["address"] == address)?;
        Some(host.delivery(found["id"].as_str()?))
    })
}

#[test]
fn each_recipient_has_an_end_of_its_own() {
    let postfix = Postfix::start();
    postfix.refuse(&[("bob@example.test", "451 4.3.0 come back later")]);
    let host = host(&postfix);
    let subscription = host.subscribe(
        "q",
        "mailto:ann@example.test,nobody@example.test,bob@example.test",
        &json!({"subject": "Walk"}),
    );
    host.post("q", &[json!("to three")]);

    reaches(&host, "ann@example.test", "delivered");
    let dead = reaches(&host, "nobody@example.test", "dead");
    assert_eq!(failures(&dead)[0]["code"], 550, "{dead}");
    let waiting = reaches(&host, "bob@example.test", "waiting");
    let bob = waiting["id"].as_str().unwrap().to_owned();
    let tried = host.failed(&bob, 2, SOON);
    assert_eq!(failures(&tried)[0]["code"], 451, "{tried}");

    // Changed: bob is still wanted, so his mail goes on; cat is new and gets nothing of what was posted before.
    let path = format!("/v2/queues/q/subscriptions/{subscription}");
    host.request("PATCH", &path, &json!({"subscriber": "mailto:bob@example.test,cat@example.test"}))
        .expect(204);
    let before = failures(&host.delivery(&bob)).len();
    host.failed(&bob, before + 1, SOON);

    // Deleted: what still waits is cancelled, which is recorded.
    host.request("DELETE", &path, &Value::Null).expect(204);
    host.settled(&bob, "cancelled", SOON);
    postfix.refuse(&[]);
    host.notify(
        &json!({"to": ["mailto:bob@example.test"], "content": {"subject": "After", "text": "after"}}),
    );
    let mails = postfix.mailbox("bob").wait_for(1, SOON);
    assert_eq!(mails.iter().map(|mail| mail.header("subject")).collect::<Vec<_>>(), ["After"]);
    assert_eq!(postfix.mailbox("ann").mails().len(), 1, "who has the mail does not get it again");
    assert_eq!(postfix.mailbox("cat").mails().len(), 0);
    assert_eq!(host.delivery(&bob)["state"], "cancelled");
}
