use nuncio_plugin_sdk::{
    Outcome::{Deferred, Delivered, Rejected},
    Scope,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::gateways::fixtures::{
    Letter, call, header, hides, inbound, refused, said, settings, short, token,
};

const PASSWORD: &str = "the-password-of-kannel";
const SECRET: &str = "only this host knows it";

fn right() -> Value {
    json!({
        "url": "http://kannel.internal:13013/cgi-bin/sendsms", "username": "nuncio", "password": PASSWORD,
        "receipt_secret": SECRET, "status_callback": "http://nuncio.internal:8888/v2/inbound/sms/main",
    })
}

fn kannel() -> Kannel {
    Kannel(settings(right()))
}

#[test]
fn a_request_is_a_text_with_all_else_in_headers() {
    for (text, coding) in [("Grüße ^€\nJa", "0"), ("Привет 😀", "2")] {
        let letter = Letter::new("+15551230101", "Nuncio", text);
        let call = call(&kannel(), &letter);
        assert_eq!(call.url, "http://kannel.internal:13013/cgi-bin/sendsms");
        assert_eq!(call.body, text);
        let dlr = format!(
            "http://nuncio.internal:8888/v2/inbound/sms/main?ref=msg_a&token={}&type=%d&answer=%A&at=%T",
            token("msg_a", SECRET)
        );
        for (name, value) in [
            ("content-type", "text/plain; charset=UTF-8"),
            ("x-kannel-username", "nuncio"),
            ("x-kannel-password", PASSWORD),
            ("x-kannel-to", "+15551230101"),
            ("x-kannel-from", "Nuncio"),
            ("x-kannel-coding", coding),
            ("x-kannel-smsc", ""),
            ("x-kannel-dlr-mask", "19"),
            ("x-kannel-dlr-url", &dlr),
        ] {
            assert_eq!(header(&call, name), value, "{name}");
        }
        hides(&kannel(), &letter, &[PASSWORD, SECRET, &token("msg_a", SECRET)]);
    }
}

#[test]
fn a_percent_sign_of_ours_is_no_escape_code_of_kannel_s() {
    let mut all = right();
    all["status_callback"] = json!("http://nuncio.internal/a%20b");
    all["smsc"] = json!("main");
    let call = call(&Kannel(settings(all)), &Letter::new("+15551230101", "", "Hello"));
    assert!(header(&call, "x-kannel-dlr-url").starts_with("http://nuncio.internal/a%%20b?ref="));
    assert_eq!((header(&call, "x-kannel-smsc"), header(&call, "x-kannel-from")), ("main", ""));
}

#[test]
fn each_answer_means_what_kannel_says() {
    for (status, body, outcome, scope) in [
        (202, "0: Accepted for delivery", Delivered, Scope::Recipient),
        (202, "3: Queued for later delivery", Delivered, Scope::Recipient),
        (403, "Authorization failed for sendsms", Deferred, Scope::Account),
        (400, "Sender missing and no global set, rejected", Deferred, Scope::Account),
        (400, "Number(s) has/have been denied by white- and/or black-lists.", Rejected, Scope::Recipient),
        (400, "Missing receiver number, rejected", Rejected, Scope::Recipient),
        (400, "Invalid content-type", Rejected, Scope::Recipient),
        (404, "Unknown request.", Deferred, Scope::Account),
        (503, "Temporal failure, try again later.", Deferred, Scope::Destination),
    ] {
        let report = said(&kannel(), status, body.as_bytes());
        assert_eq!(short(&report), (outcome, scope, status.into()), "{body}");
    }
    let report = said(&kannel(), 202, b"0: Accepted for delivery");
    assert_eq!((report.provider_id.as_str(), report.cost), ("msg_a", 1));
}

#[test]
fn a_delivery_report_says_what_became_of_a_message() {
    for (kind, outcome, words) in [
        ("1", Some(Delivered), "Kannel: delivered, NACK/0x0000000b"),
        ("2", Some(Rejected), "Kannel: not delivered, NACK/0x0000000b"),
        ("34", Some(Rejected), "Kannel: not delivered, NACK/0x0000000b"),
        ("16", Some(Rejected), "Kannel: refused by the message centre, NACK/0x0000000b"),
        ("4", None, ""),
        ("8", None, ""),
    ] {
        let query = format!(
            "ref=msg_a.1&token={}&type={kind}&answer=NACK%2F0x0000000b&at=1795360456",
            token("msg_a.1", SECRET)
        );
        let told = kannel().receipt(&inbound(&query, &[]), b"", 1_795_360_500_000).unwrap();
        assert_eq!(told.as_ref().map(|told| told.outcome), outcome, "{kind}");
        if let Some(told) = told {
            assert_eq!((told.provider_id.as_str(), told.delivery.as_str()), ("msg_a.1", ""));
            assert_eq!((told.reason.as_str(), told.at_ms), (words, 1_795_360_456_000));
        }
    }
}

#[test]
fn a_report_that_was_not_asked_for_is_refused() {
    let right = token("msg_a", SECRET);
    for query in [
        String::new(),
        format!("ref=msg_b&token={right}&type=1"),
        format!("ref=msg_a&token={}&type=1", token("msg_a", "another secret of that length")),
        "ref=msg_a&token=&type=1".to_owned(),
        format!("ref=&token={right}&type=1"),
    ] {
        assert_eq!(kannel().receipt(&inbound(&query, &[]), b"", 0).unwrap_err().at, "token", "{query}");
    }
    let refusal = kannel().receipt(&inbound(&format!("ref=msg_a&token={right}&type=%d"), &[]), b"", 0);
    assert_eq!(refusal.unwrap_err().at, "type");
}

#[test]
fn settings_are_refused_where_they_are_wrong() {
    assert_eq!(refused::<Settings>(right(), &json!({})), Vec::<String>::new());
    for (change, at, fix) in [
        (json!({"url": "ftp://kannel"}), "/url: ", "/cgi-bin/sendsms"),
        (json!({"url": "http://kannel/?a=b"}), "/url: ", "/cgi-bin/sendsms"),
        (json!({"username": "é"}), "/username: ", "nuncio"),
        (json!({"password": "a\nb"}), "/password: ", "Kannel's configuration"),
        (json!({"receipt_secret": null}), "/receipt_secret: ", "openssl rand"),
        (json!({"receipt_secret": "short"}), "/receipt_secret: ", "openssl rand"),
        (json!({"status_callback": "http://a@n/"}), "/status_callback: ", "/v2/inbound/sms/main"),
        (json!({"ca_file": "/nowhere.pem"}), "/ca_file: ", "/nowhere.pem"),
    ] {
        let said = refused::<Settings>(right(), &change);
        assert!(matches!(&said[..], [one] if one.starts_with(at) && one.contains(fix)), "{change}: {said:?}");
    }
}

fn check_any(status: u16, body: &[u8], query: &str) {
    let report = said(&kannel(), status, body);
    assert!(report.reason.len() < 2000 && !report.reason.chars().any(char::is_control));
    assert!(kannel().receipt(&inbound(query, &[]), body, 0).is_err());
    let reference = Reference::new("msg_a", 0);
    if let Ok(Some(told)) = told(&Pairs::form(query.as_bytes()), &reference, 1_000) {
        assert!(told.at_ms <= 1_000 && !told.reason.chars().any(char::is_control));
    }
}

proptest! {
    #[test]
    fn any_answer_and_any_report_is_read_or_refused(
        status in 200_u16..600,
        body in prop::collection::vec(any::<u8>(), 0..200),
        query in "type=[0-9]{0,12}&at=-?[0-9]{0,20}&answer=\\PC{0,30}|\\PC{0,60}",
    ) {
        check_any(status, &body, &query);
    }
}
