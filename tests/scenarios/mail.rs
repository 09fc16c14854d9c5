//! Mail through a relay: a real Postfix that wants STARTTLS and a password.

use nuncio_tests::{PASSWORD, Postfix, Recipe, USER, failures, until};
use serde_json::{Value, json};

use crate::clock::SOON;

/// A host that sends its mail through `postfix`, with `password`.
pub(crate) fn through(postfix: &Postfix, password: &str) -> Recipe {
    let (relay, ca_file) = (postfix.submission(), postfix.authority().ca_file.display());
    Recipe::new().env("SMTP_PASSWORD", password).section(&format!(
        "[drivers.mailto]
relay = \"{relay}\"
from = \"Nuncio <nuncio@example.org>\"
username = \"{USER}\"
password = {{ env = \"SMTP_PASSWORD\" }}
ca_file = \"{ca_file}\"
[notification]
require_confirmation = \"none\""
    ))
}

#[test]
fn to_cc_and_bcc_get_one_mail_each_and_nobody_sees_bcc() {
    let postfix = Postfix::start();
    let host = through(&postfix, PASSWORD).start();
    let uri = "mailto:ann@example.test?cc=bob@example.test&bcc=cat@example.test&subject=All%20is%20well";
    host.subscribe("alarms", uri, &json!({}));
    host.post("alarms", &[json!("nothing burns")]);

    for name in ["ann", "bob", "cat"] {
        let mails = postfix.mailbox(name).wait_for(1, SOON);
        let mail = &mails[0];
        assert_eq!(mail.header("subject"), "All is well");
        assert!(mail.header("to").contains("ann@example.test"));
        assert!(mail.header("cc").contains("bob@example.test"));
        assert_eq!(mail.header("bcc"), "");
        assert!(!format!("{:?}", mail.headers).replace("delivered-to", "").contains("cat@") || name == "cat");
        assert!(mail.header("from").contains("nuncio@example.org"));
        assert!(mail.header("message-id").contains('@') && !mail.header("date").is_empty());
        assert!(mail.header("auto-submitted").starts_with("auto-"));
        assert!(
            mail.header("received").contains("ESMTPSA"),
            "not by TLS and AUTH: {}",
            mail.header("received")
        );
        assert!(mail.body.contains("nothing burns"));
    }
    until("the outcomes to be written", SOON, || {
        (host.deliveries("queue=alarms&state=delivered").len() == 3).then_some(())
    });
}

#[test]
fn a_notification_is_mailed_as_text_and_html() {
    let postfix = Postfix::start();
    let host = through(&postfix, PASSWORD).start();
    let content = json!({"subject": "Grüße", "text": "plain words", "html": "<p>bold words</p>"});
    host.notify(&json!({"to": ["mailto:ann@example.test"], "content": content}));
    let mail = &postfix.mailbox("ann").wait_for(1, SOON)[0];
    assert!(mail.header("content-type").starts_with("multipart/alternative"));
    assert!(mail.header("subject").starts_with("=?utf-8?"), "{}", mail.header("subject"));
    assert!(mail.body.contains("plain words") && mail.body.contains("<p>bold words</p>"));
}

#[test]
fn a_wrong_password_holds_mail_burns_no_tries_and_is_never_shown() {
    let postfix = Postfix::start();
    let mut host = through(&postfix, "a wrong password").start();
    let ids = host.notify(&json!({"to": ["mailto:ann@example.test"], "content": "patience"}));
    let waiting = host.failed(&ids[0], 1, SOON);
    assert_eq!(failures(&waiting)[0]["scope"], "account", "{waiting}");
    assert!(["waiting", "held"].contains(&waiting["state"].as_str().unwrap()), "{waiting}");
    assert!(!host.log().contains("a wrong password") && !waiting.to_string().contains("a wrong password"));

    host.change(through(&postfix, PASSWORD));
    host.restart();
    host.settled(&ids[0], "delivered", SOON);
    assert_eq!(postfix.mailbox("ann").wait_for(1, SOON).len(), 1);
}

#[test]
fn without_a_relay_mail_waits_and_says_why() {
    let host = Recipe::new().start();
    let ids = host.notify(&json!({"to": ["mailto:ann@example.test"], "content": "later"}));
    let ready = host.get("/readyz").expect(200).json();
    assert!(ready.to_string().contains("mailto"), "{ready}");
    let delivery = host.delivery(&ids[0]);
    assert!(["waiting", "held"].contains(&delivery["state"].as_str().unwrap()), "{delivery}");
    assert_eq!(delivery["attempts"], 0, "{delivery}");
    assert_eq!(host.deliveries("state=dead"), Vec::<Value>::new());
}
