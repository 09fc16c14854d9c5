//! Confirmation by mail and by request, and signed URLs, with real mails.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use nuncio_tests::{Host, Mail, Maildir, Postfix, Recipe, Sink, http::Answer, until};
use serde_json::{Value, json};

use crate::clock::SOON;

/// Where links lead to the host, as far as mails know.
const PUBLIC: &str = "https://nuncio.example";

fn asking(who: &str, more: &str) -> Recipe {
    let retry = "retry = { schedule = [\"0s\", \"1s\", \"1s\", \"1s\", \"1s\", \"1s\", \"1s\", \"1s\"] }";
    Recipe::new()
        .delivery(retry)
        .section(&format!("[notification]\nrequire_confirmation = \"{who}\"\n{more}"))
        .env("NUNCIO_HTTP__PUBLIC_URL", PUBLIC)
}

fn mailing(postfix: &Postfix, more: &str) -> Recipe {
    asking("mail", more).section(&format!(
        "[drivers.mailto]\nrelay = \"{}\"\ntls = \"none\"\nfrom = \"nuncio@example.org\"",
        postfix.open_relay()
    ))
}

/// Sends a request as a browser does, without any identity.
fn browse(host: &Host, method: &str, path: &str, body: &str) -> Answer {
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    host.connect().unwrap().send(method, path, &form, body.as_bytes()).unwrap()
}

/// The link in a mail's text, without where the host is.
fn link(text: &str) -> String {
    let start = text.find(PUBLIC).unwrap_or_else(|| panic!("no link: {text}"));
    text.get(start + PUBLIC.len()..).unwrap().split(['\n', '>', ' ']).next().unwrap().to_owned()
}

/// The link of the `n`th mail to ask or tell.
fn asked(mailbox: &Maildir, subject: &str) -> String {
    let mail = until("the mail", SOON, || {
        mailbox.mails().into_iter().find(|mail| mail.header("subject").starts_with(subject))
    });
    link(&mail.body)
}

fn notified(mailbox: &Maildir, n: usize) -> Vec<Mail> {
    until("the notifications", SOON, || {
        let mut mails = mailbox.mails();
        mails.retain(|mail| mail.body.contains("Message_Type"));
        Some(mails).filter(|mails| mails.len() >= n)
    })
}

fn confirmed(host: &Host, id: &str) -> Value {
    host.get(&format!("/v2/queues/orders/subscriptions/{id}")).expect(200).json()["confirmed"].clone()
}

/// What a program does that looks for harmful links: it follows every one, also without wanting the page.
fn scan(host: &Host, path: &str) {
    for _ in 0..2 {
        assert!(browse(host, "GET", path, "").expect(200).text().contains("<form method=\"post\">"));
    }
    let mut stream = TcpStream::connect(host.address()).unwrap();
    write!(stream, "HEAD {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut head = String::new();
    stream.read_to_string(&mut head).unwrap();
    assert!(head.starts_with("HTTP/1.1 200") && head.ends_with("\r\n\r\n"), "{head}");
}

#[test]
fn a_mailbox_is_confirmed_by_its_page_and_leaves_by_the_link_in_a_mail() {
    let postfix = Postfix::start();
    let host = mailing(&postfix, "").start();
    let ann = postfix.mailbox("ann");
    let id = host.subscribe("orders", "mailto:ann@example.test", &json!({"subject": "Orders"}));
    let page = asked(&ann, "Please confirm");
    scan(&host, &page);
    host.post("orders", &[json!("too early")]);
    assert_eq!(confirmed(&host, &id), false, "nobody pressed the button");

    browse(&host, "POST", &page, "answer=perhaps").expect(400);
    let thanks = browse(&host, "POST", &page, "answer=confirm").expect(200);
    assert!(thanks.header("content-security-policy").unwrap().contains("default-src 'none'"));
    assert!(thanks.text().contains("Thank you") && !thanks.text().contains("<script"));
    assert_eq!(confirmed(&host, &id), true);
    host.post("orders", &[json!("in time")]);
    let mail = notified(&ann, 1).remove(0);
    assert!(mail.body.contains("in time") && mail.header("subject") == "Orders", "{mail:?}");

    assert_eq!(mail.header("list-unsubscribe-post"), "List-Unsubscribe=One-Click");
    let leave = link(mail.header("list-unsubscribe"));
    scan(&host, &leave);
    assert_eq!(confirmed(&host, &id), true, "a look at the page is no wish to leave");
    // RFC 8058: without a page, by the mail program itself.
    browse(&host, "POST", &leave, "List-Unsubscribe=One-Click").expect(200);
    assert_eq!(confirmed(&host, &id), false);
    host.post("orders", &[json!("too late")]);
    let back = asked(&ann, "You have unsubscribed");
    browse(&host, "POST", &back, "answer=confirm").expect(200);
    host.post("orders", &[json!("back again")]);
    let bodies: Vec<_> = notified(&ann, 2).into_iter().map(|mail| mail.body).collect();
    assert!(bodies.iter().all(|body| !body.contains("too")), "{bodies:?}");
    assert_eq!(bodies.len(), 2);
}

#[test]
fn every_mailbox_of_a_subscription_must_agree() {
    let postfix = Postfix::start();
    let host = mailing(&postfix, "").start();
    let id = host.subscribe("orders", "mailto:ann@example.test?cc=bob@example.test", &json!({}));
    let (ann, bob) = (postfix.mailbox("ann"), postfix.mailbox("bob"));
    let (of_ann, of_bob) = (asked(&ann, "Please confirm"), asked(&bob, "Please confirm"));
    assert_ne!(of_ann, of_bob);
    for mail in ann.mails() {
        assert!(!mail.body.contains("bob") && mail.header("cc").is_empty(), "{mail:?}");
    }
    for _ in 0..2 {
        assert!(
            browse(&host, "POST", &of_ann, "answer=confirm").expect(200).text().contains("everybody else")
        );
    }
    assert_eq!(confirmed(&host, &id), false, "one does not speak for the other");
    browse(&host, "POST", &of_bob, "answer=confirm").expect(200);
    assert_eq!(confirmed(&host, &id), true);
    // A link that was for an address which is not there any more is good for nothing.
    let path = format!("/v2/queues/orders/subscriptions/{id}");
    host.request("PATCH", &path, &json!({"subscriber": "mailto:cat@example.test"})).expect(204);
    assert!(browse(&host, "POST", &of_ann, "answer=confirm").expect(410).text().contains("has ended"));
    assert_eq!(confirmed(&host, &id), false);
    browse(&host, "POST", &asked(&postfix.mailbox("cat"), "Please confirm"), "answer=confirm").expect(200);
    assert_eq!(confirmed(&host, &id), true);
}

#[test]
fn a_question_survives_a_kill_and_nobody_is_asked_too_often_after_it() {
    let postfix = Postfix::start();
    postfix.refuse(&[("ann@example.test", "451 4.3.0 come back later")]);
    let mut host = mailing(&postfix, "max_confirmations = 1").start();
    let id = host.subscribe("orders", "mailto:ann@example.test", &json!({}));
    host.kill();
    postfix.refuse(&[]);
    host.start();
    let refused = host.request(
        "POST",
        "/v2/queues/other/subscriptions",
        &json!({"subscriber": "mailto:Ann+other@example.test"}),
    );
    assert!(refused.text().contains("max_confirmations") && refused.header("retry-after").is_some());
    refused.expect(429);
    let page = asked(&postfix.mailbox("ann"), "Please confirm");
    browse(&host, "POST", &page, "answer=confirm").expect(200);
    assert_eq!(confirmed(&host, &id), true);
    let deliveries = host.deliveries(&format!("subscription={id}&state=delivered"));
    assert_eq!(deliveries.len(), 1, "the question is a delivery like others: {deliveries:?}");
}

#[test]
fn a_web_subscriber_answers_with_what_it_was_sent_and_nobody_else_can() {
    let sink = Sink::start();
    let host = asking("all", "").start();
    let id = host.subscribe("orders", &sink.url("/hook"), &json!({"post_headers": {"X-Own": "1"}}));
    let question = sink.wait_for("/hook", 1, SOON).remove(0);
    let document = question.json();
    assert_eq!((question.header("x-own"), &document["URL-Methods"]), (Some("1"), &json!("PUT")));
    let path = document["URL-Paths"].as_str().unwrap().to_owned();
    assert_eq!(document["WSGISubscribeURL"], format!("{PUBLIC}{path}"));
    let put = |change: Option<(&str, &str)>, method: &str, path: &str| {
        let names = ["URL-Signature", "URL-Methods", "URL-Paths", "URL-Expires"];
        let headers = names.map(|name| {
            let value = change.filter(|(changed, _)| *changed == name).map(|(_, value)| value);
            (name, value.unwrap_or_else(|| document[name].as_str().unwrap()))
        });
        host.connect().unwrap().send(method, path, &headers, b"{\"confirmed\": true}").unwrap()
    };
    for change in [
        ("URL-Signature", "0"),
        ("URL-Signature", ""),
        ("URL-Methods", "PUT,DELETE"),
        ("URL-Paths", "/v2/queues/orders"),
        ("URL-Expires", "2099-01-01T00:00:00"),
    ] {
        put(Some(change), "PUT", &path).expect(404);
    }
    put(None, "DELETE", &path.replace("/confirm", "")).expect(404);
    put(None, "PUT", "/v2/queues/orders").expect(404);
    assert_eq!(confirmed(&host, &id), false);
    put(None, "PUT", &path).expect(204);
    host.post("orders", &[json!("agreed")]);
    assert_eq!(sink.wait_for("/hook", 2, SOON)[1].json()["body"], "agreed");
}

#[test]
fn what_becomes_of_a_question_is_told_in_the_queue_of_events() {
    let sink = Sink::start();
    let host = asking("all", "[events]\nqueue = \"nuncio-events\"").start();
    let id = host.subscribe("orders", &sink.url("/hook"), &json!({}));
    let (question, path) = (sink.wait_for("/hook", 1, SOON)[0].json(), "/v2/queues/nuncio-events/messages");
    assert_eq!(host.get(path).expect(200).json()["messages"], json!([]), "a question is no event");
    let answers = ["URL-Signature", "URL-Methods", "URL-Paths", "URL-Expires"];
    let signed = answers.map(|name| (name, question[name].as_str().unwrap()));
    let place = question["URL-Paths"].as_str().unwrap();
    for (yes, kind) in [(true, "subscription.confirmed"), (false, "subscription.unsubscribed")] {
        let body = json!({"confirmed": yes}).to_string();
        host.connect().unwrap().send("PUT", place, &signed, body.as_bytes()).unwrap().expect(204);
        // They stand there with the answer: stored in one commit.
        let page = host.get(path).expect(200).json();
        let told = page["messages"].as_array().unwrap().last().unwrap();
        let event = &told["body"];
        assert_eq!((&event["type"], &told["attributes"]["type"]), (&json!(kind), &json!(kind)), "{page}");
        assert_eq!((&event["project"], &event["queue"]), (&json!("tests"), &json!("orders")), "{event}");
        assert_eq!((&event["subscription"], &event["subscriber"]), (&json!(id), &json!(sink.url("/hook"))));
        assert!(event["time"].is_string(), "{event}");
    }
}

#[test]
fn events_count_when_something_changes_and_as_lost_where_their_queue_is_full() {
    let sink = Sink::start();
    let more = "[events]\nqueue = \"events\"\n[queues]\nmax_messages = 1";
    let host = asking("all", more).start();
    let id = host.subscribe("orders", &sink.url("/hook"), &json!({}));
    let path = format!("/v2/queues/orders/subscriptions/{id}/confirm");
    let says = |yes: bool| {
        host.request("PUT", &path, &json!({"confirmed": yes})).expect(204);
        ["nuncio_events_total", "nuncio_events_lost_total"].map(|name| host.metric(name))
    };
    assert_eq!(says(true), [1.0, 0.0]);
    assert_eq!(says(true), [1.0, 0.0], "nothing changed");
    assert_eq!(says(false), [2.0, 1.0], "the queue is full");
}
