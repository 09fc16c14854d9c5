use nuncio_plugin_sdk::{
    Outcome::{Deferred, Delivered, Gone, Rejected},
    Scope, Secret,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::gateways::fixtures::{
    Letter, answered, call, form, hides, inbound, refused, said, settings, short,
};
use crate::gateways::vonage::signature::tests::{BODY, BY_PYTHON, NOW_MS};

const SECRET: &str = "abcdef0123456789";

fn right() -> Value {
    json!({
        "api_key": "abcd1234", "api_secret": SECRET, "sender": "+447700900001",
        "signature_secret": "my_super_secret_key_of_32_letters",
        "status_callback": "https://nuncio.example/v2/inbound/sms/main",
    })
}

fn vonage() -> Vonage {
    Vonage(settings(right()))
}

#[test]
fn a_request_is_a_form_with_a_type_by_its_alphabet() {
    for (text, kind) in [("Hello & ^€", "text"), ("Привет 😀", "unicode")] {
        let letter = Letter::new("+447700900000", "+447700900001", text).index(1);
        let call = call(&vonage(), &letter);
        assert_eq!(call.url, "https://rest.nexmo.com/sms/json");
        let wanted = [
            ("api_key", "abcd1234"),
            ("api_secret", SECRET),
            ("from", "447700900001"),
            ("to", "447700900000"),
            ("text", text),
            ("type", kind),
            ("client-ref", "msg_a.1"),
            ("callback", "https://nuncio.example/v2/inbound/sms/main"),
        ];
        assert_eq!(form(&call), wanted.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let shown = hides(&vonage(), &letter, &[SECRET, "my_super"]);
        assert!(shown.contains("api_secret=***"), "{shown}");
    }
}

/// The answer of Vonage's troubleshooting page, for so many parts.
fn taken(ids: &[&str]) -> String {
    let message = |id: &&str| {
        json!({
            "to": "447700900000", "message-id": id, "status": "0", "remaining-balance": "15.53590000",
            "message-price": "0.03330000", "network": "23410",
        })
    };
    let messages: Vec<_> = ids.iter().map(message).collect();
    json!({"message-count": ids.len().to_string(), "messages": messages}).to_string()
}

#[test]
fn a_text_in_parts_has_the_ids_and_the_price_of_all() {
    let report = said(&vonage(), 200, taken(&["0C000000217B7F02", "0C000000217B7F03"]).as_bytes());
    assert_eq!((report.outcome, report.cost), (Delivered, 2));
    assert_eq!(report.provider_id, "0C000000217B7F02 0C000000217B7F03");
}

#[test]
fn each_status_within_a_200_means_what_vonage_s_pages_say() {
    for (status, outcome, scope) in [
        ("1", Deferred, Scope::Destination),
        ("2", Rejected, Scope::Message),
        ("3", Rejected, Scope::Recipient),
        ("4", Deferred, Scope::Account),
        ("5", Deferred, Scope::Destination),
        ("6", Rejected, Scope::Recipient),
        ("7", Rejected, Scope::Recipient),
        ("8", Deferred, Scope::Account),
        ("9", Deferred, Scope::Account),
        ("12", Rejected, Scope::Message),
        ("15", Deferred, Scope::Account),
        ("29", Rejected, Scope::Recipient),
        ("33", Gone, Scope::Recipient),
        ("4711", Deferred, Scope::Recipient),
    ] {
        let body =
            json!({"message-count": "1", "messages": [{"status": status, "error-text": "Missing to param"}]});
        let report = said(&vonage(), 200, body.to_string().as_bytes());
        assert_eq!(short(&report), (outcome, scope, status.parse().unwrap()), "{status}");
        assert_eq!(report.reason, format!("Vonage {status}: Missing to param"));
        assert!(!report.maybe_sent);
    }
}

#[test]
fn a_part_that_failed_is_a_failure_that_may_have_been_sent() {
    let body =
        json!({"messages": [{"status": "0", "message-id": "A"}, {"status": "1", "error-text": "slow"}]});
    let report = said(&vonage(), 200, body.to_string().as_bytes());
    assert_eq!(short(&report), (Deferred, Scope::Destination, 1));
    assert!(report.maybe_sent);
}

#[test]
fn a_200_of_somebody_else_is_no_success() {
    for body in ["", "<html>", "{}", r#"{"messages": []}"#, r#"{"messages": [{}]}"#] {
        let report = said(&vonage(), 200, body.as_bytes());
        assert_eq!(short(&report), (Deferred, Scope::Account, 200), "{body}");
    }
    assert_eq!(short(&said(&vonage(), 401, b"")), (Deferred, Scope::Account, 401));
    let mut cut = answered(200, b"{\"messages\":[");
    cut.truncated = true;
    let report = vonage().report(cut, &Letter::new("+15551230101", "", "Hello").sms(), false);
    assert_eq!((report.outcome, report.cost), (Delivered, 1));
}

#[test]
fn a_receipt_says_what_became_of_a_message() {
    for (status, code, outcome, words) in [
        ("delivered", "0", Some(Delivered), "Vonage: delivered"),
        ("failed", "6", Some(Rejected), "Vonage 6: failed, taken for spam"),
        ("expired", "2", Some(Rejected), "Vonage 2: expired, the phone cannot be reached"),
        ("rejected", "77", Some(Rejected), "Vonage 77: rejected"),
        ("accepted", "0", None, ""),
        ("buffered", "0", None, ""),
        ("unknown", "1", None, ""),
    ] {
        let query = format!("messageId=0A&status={status}&err-code={code}&client-ref=msg_a");
        let told = told(&Pairs::form(query.as_bytes()));
        assert_eq!(told.as_ref().map(|told| told.outcome), outcome, "{status}");
        if let Some(told) = told {
            assert_eq!((told.provider_id.as_str(), told.delivery.as_str()), ("0A", "msg_a"));
            assert_eq!(told.reason, words);
        }
    }
}

#[test]
fn a_token_vouches_for_the_body_alone_and_nothing_else_is_read() {
    let mut vonage = vonage();
    vonage.0.signature_method = signature::Method::Jwt;
    vonage.0.signature_secret = Some(Secret::new(signature::tests::SECRET));
    let headers = [("authorization", BY_PYTHON), ("content-type", "application/json")];
    for query in ["", "messageId=0B&status=failed&client-ref=msg_b"] {
        let told = vonage.receipt(&inbound(query, &headers), BODY.as_bytes(), NOW_MS).unwrap().unwrap();
        assert_eq!((told.provider_id.as_str(), told.outcome), ("0A0000001234567B", Delivered));
        assert_eq!(told.delivery, "", "{query}");
    }
}

#[test]
fn without_a_secret_no_receipt_is_taken() {
    let mut bare = vonage();
    bare.0.signature_secret = None;
    let refusal = bare.receipt(&inbound("messageId=0A&status=delivered", &[]), b"", 0).unwrap_err();
    assert!(refusal.fix.contains("signature_secret"), "{refusal}");
    assert!(vonage().receipt(&inbound("messageId=0A&status=delivered", &[]), b"", 0).is_err());
}

#[test]
fn settings_are_refused_where_they_are_wrong() {
    assert_eq!(refused::<Settings>(right(), &json!({})), Vec::<String>::new());
    for (change, at, fix) in [
        (json!({"api_key": "a b"}), "/api_key: ", "abcd1234"),
        (json!({"sender": null}), "/sender: ", "+447700900000"),
        (json!({"signature_secret": null}), "/signature_secret: ", "dashboard"),
        (json!({"api": "http://rest.example"}), "/api: ", "https://rest.nexmo.com"),
        (json!({"status_callback": "sms:1"}), "/status_callback: ", "/v2/inbound/sms/main"),
    ] {
        let said = refused::<Settings>(right(), &change);
        assert!(matches!(&said[..], [one] if one.starts_with(at) && one.contains(fix)), "{change}: {said:?}");
    }
}

fn check_any(status: u16, body: &[u8]) {
    let report = said(&vonage(), status, body);
    assert!(report.reason.len() < 2000 && !report.reason.chars().any(char::is_control));
    if let Some(told) = told(&Pairs::form(body)) {
        assert!(!told.provider_id.is_empty() || !told.delivery.is_empty());
    }
}

proptest! {
    #[test]
    fn any_answer_and_any_receipt_is_read_or_refused(
        status in 200_u16..600,
        body in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..200),
            "\\{\"messages\": ?\\[\\{\"status\": ?\"\\PC{0,20}\", \"error-text\": \"\\PC{0,9}\"\\}\\]\\}".prop_map(String::into_bytes),
            "messageId=[a-z]{0,9}&status=(delivered|failed)&err-code=[0-9]{0,12}&client-ref=\\PC{0,9}".prop_map(String::into_bytes),
        ],
    ) {
        check_any(status, &body);
    }
}
