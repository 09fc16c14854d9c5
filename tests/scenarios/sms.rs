//! SMS by SMPP: a message centre of another maker takes them apart, and sends receipts.

use std::time::Duration;

use nuncio_tests::{Recipe, Smsc, failures, until};
use serde_json::{Value, json};

use crate::clock::SOON;

/// A host whose SMS go to `smsc`, with more settings of the account.
fn through(smsc: &Smsc, more: &str) -> Recipe {
    with_password(smsc, Smsc::PASSWORD, more)
}

fn with_password(smsc: &Smsc, password: &str, more: &str) -> Recipe {
    let (url, system_id) = (smsc.url(), Smsc::SYSTEM_ID);
    Recipe::new().env("SMPP_PASSWORD", password).section(&format!(
        "[drivers.sms.accounts.acme]
kind = \"smpp\"
url = \"{url}\"
system_id = \"{system_id}\"
password = {{ env = \"SMPP_PASSWORD\" }}
sender = \"Nuncio\"
{more}
[notification]
require_confirmation = \"none\""
    ))
}

/// `n` characters of `alphabet`, none like its neighbour.
fn text(alphabet: &str, n: usize) -> String {
    alphabet.chars().cycle().take(n).collect()
}

#[test]
fn sms_of_any_length_in_both_alphabets_arrive_whole_and_in_order() {
    let smsc = Smsc::start();
    let host = through(&smsc, "").start();
    let seven_bit =
        "The quick brown fox, 1234567890: {a} [b] ~c|^ €5 @£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà\\";
    let others = "Съешь ещё этих мягких французских булок 😀🎉 日本語 👩‍👩‍👧‍👦 ";
    let plain = "abcdefghij";
    let mut number = 15_560_007_000_u64;
    let mut sent = Vec::new();
    for alphabet in [plain, seven_bit, others] {
        for length in [1, 70, 71, 160, 161, 1000] {
            // A text that ends in blanks arrives without them.
            let text = text(alphabet, length).trim_end().to_owned();
            number += 1;
            host.notify(&json!({"to": [format!("sms:+{number}")], "content": text}));
            sent.push((number, length, text));
        }
    }
    for (number, length, text) in sent {
        let message = &smsc.messages(&number.to_string(), 1, SOON)[0];
        assert_eq!(message["text"], json!(text), "{length} characters to {number}");
        assert_eq!(message["from"], "Nuncio");
        let parts = message["parts"].as_u64().unwrap();
        let expected: Vec<u64> = if parts == 1 { Vec::new() } else { (1..=parts).collect() };
        assert_eq!(message["order"], json!(expected), "the parts of {number} arrived in order");
        if text.starts_with("abc") {
            let wanted = if length <= 160 { 1 } else { length.div_ceil(153) };
            assert_eq!((parts, &message["coding"]), (wanted as u64, &json!(0)), "{length}");
        }
    }
}

#[test]
fn a_subscription_of_a_queue_gets_each_message_as_an_sms() {
    let smsc = Smsc::start();
    let host = through(&smsc, "").start();
    host.subscribe("alarms", "sms:+15550100001,+15550100002", &json!({"sender": "+15550199"}));
    host.post("alarms", &[json!("the pump stands still")]);
    for number in ["+15550100001", "+15550100002"] {
        let message = &smsc.messages(number, 1, SOON)[0];
        assert!(message["text"].as_str().unwrap().contains("the pump stands still"), "{message}");
        assert_eq!(message["from"], "15550199");
    }
    until("both outcomes", SOON, || {
        (host.deliveries("queue=alarms&state=delivered").len() == 2).then_some(())
    });
}

#[test]
fn what_the_centre_refuses_is_refused_throttled_or_sent_again() {
    let smsc = Smsc::start();
    let host = through(&smsc, "").start();
    let to =
        |number: &str| host.notify(&json!({"to": [format!("sms:{number}")], "content": "Hello"})).remove(0);

    let refused = host.settled(&to("+15550000011"), "dead", SOON);
    assert_eq!(
        (&failures(&refused)[0]["scope"], &failures(&refused)[0]["code"]),
        (&json!("recipient"), &json!(0x0B)),
        "{refused}"
    );
    assert!(failures(&refused)[0]["reason"].as_str().unwrap().contains("ESME_RINVDSTADR"), "{refused}");

    let lost = to("+15550000300");
    drop(smsc.wait_for("hung up", 1, SOON));
    let lost = host.settled(&lost, "delivered", Duration::from_secs(90));
    assert_eq!(failures(&lost)[0]["reason"], "the message centre closed the connection", "{lost}");

    let throttled = host.settled(&to("+15550000058"), "delivered", Duration::from_secs(90));
    assert!(
        failures(&throttled)[0]["reason"].as_str().unwrap().contains("0x58 ESME_RTHROTTLED"),
        "{throttled}"
    );
}

#[test]
fn receipts_are_taken_however_they_come() {
    let smsc = Smsc::start();
    let host = through(&smsc, "").start();
    let to =
        |number: &str| host.notify(&json!({"to": [format!("sms:{number}")], "content": "Hello"})).remove(0);
    let numbers = ["+15550000100", "+15551000200", "+15552000200", "+15553000200", "+15550000500"];
    let ids: Vec<_> = numbers.iter().map(|number| to(number)).collect();
    for id in &ids {
        host.settled(id, "delivered", SOON);
    }
    // Each is answered, which the driver does when the host has it: early, in reverse and with another notation of the id.
    assert_eq!(smsc.wait_for("receipt answered", numbers.len(), SOON).len(), numbers.len());
}

#[test]
fn a_wrong_password_holds_sms_burns_no_tries_and_is_never_shown() {
    let smsc = Smsc::start();
    let mut host = with_password(&smsc, "wrong-one", "").start();
    let ids = host.notify(&json!({"to": ["sms:+15550100001"], "content": "patience"}));
    let waiting = host.failed(&ids[0], 1, SOON);
    assert_eq!(failures(&waiting)[0]["scope"], "account", "{waiting}");
    assert!(failures(&waiting)[0]["reason"].as_str().unwrap().contains("ESME_RINVPASWD"), "{waiting}");
    assert!(["waiting", "held"].contains(&waiting["state"].as_str().unwrap()), "{waiting}");
    assert!(!host.log().contains("wrong-one") && !waiting.to_string().contains("wrong-one"));

    host.change(through(&smsc, ""));
    host.restart();
    host.settled(&ids[0], "delivered", SOON);
    assert_eq!(smsc.messages("+15550100001", 1, SOON).len(), 1);
}

#[test]
fn a_host_that_stops_unbinds() {
    let smsc = Smsc::start();
    let mut host = through(&smsc, "").start();
    let ids = host.notify(&json!({"to": ["sms:+15550100001"], "content": "Hello"}));
    host.settled(&ids[0], "delivered", SOON);
    host.stop();
    assert_eq!(smsc.wait_for("unbound", 1, SOON).len(), 1);
}

#[test]
fn a_wrong_number_or_option_is_refused_when_somebody_subscribes() {
    let smsc = Smsc::start();
    let host = through(&smsc, "").start();
    for (uri, options, named) in [
        ("sms:5551230101", json!({}), "default_region"),
        ("sms:+15551230101", json!({"account": "other"}), "options.account: "),
        ("sms:+15551230101", json!({"sender": "far too long a name"}), "options.sender: "),
        ("sms:+15551230101", json!({"overflow": "wrap"}), "options.overflow: "),
    ] {
        let body: Value = json!({"subscriber": uri, "ttl": 3600, "options": options});
        let answer = host.request("POST", "/v2/queues/alarms/subscriptions", &body);
        assert_eq!(answer.status, 400, "{uri}");
        assert!(
            String::from_utf8_lossy(&answer.body).contains(named),
            "{uri}: {}",
            String::from_utf8_lossy(&answer.body)
        );
    }
    host.subscribe("alarms", "sms:+15551230101", &json!({"account": "acme", "overflow": "truncate"}));
}
