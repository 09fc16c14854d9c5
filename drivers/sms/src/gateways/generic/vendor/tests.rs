use nuncio_plugin_sdk::{
    Outcome::{Deferred, Delivered, Gone, Rejected},
    Scope,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::gateways::fixtures::{
    Letter, answered, call, header, hides, inbound, refused, said, settings, short, token,
};
use crate::gateways::strike::struck;

const TOKEN_OF_ACME: &str = "the-token-of-acme";
const SECRET: &str = "only this host and acme know it";

fn right() -> Value {
    json!({
        "url": "https://api.acme.example/v1/{to_digits}/messages?from={from}",
        "headers": {"content-type": "application/json", "authorization": "Bearer {token}"},
        "body": r#"{"to": "{to}", "text": "{text}", "ucs2": "{alphabet}", "parts": {parts}, "ref": "{ref}"}"#,
        "token": TOKEN_OF_ACME, "sender": "Nuncio", "id": "/message/id", "parts": "/message/parts",
        "error_code": "/error/code", "error_text": "/error/text",
        "codes": {"0": "ok", "21": "number", "22": "gone", "30": "message", "40": "account", "50": "busy"},
        "statuses": {"403": "number"},
        "receipt": {
            "secret": SECRET, "secret_header": "X-Acme-Secret", "id": "/id", "reference": "/ref", "status": "/state",
            "code": "/code", "statuses": {"DELIVRD": "delivered", "UNDELIV": "rejected", "STOP": "gone"},
        },
    })
}

fn made(change: &Value) -> Generic {
    let mut all = right();
    all.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    Generic(Plan::read(settings(all), true, "main").unwrap())
}

fn generic() -> Generic {
    made(&json!({}))
}

#[test]
fn a_request_is_as_the_settings_write_it() {
    let letter = Letter::new("+15551230101", "A & B", "Say \"hi\"\nПривет").index(1);
    let call = call(&generic(), &letter);
    assert_eq!(call.method, "POST");
    assert_eq!(call.url, "https://api.acme.example/v1/15551230101/messages?from=A%20%26%20B");
    assert_eq!(header(&call, "authorization"), format!("Bearer {TOKEN_OF_ACME}"));
    let wanted = json!({
        "to": "+15551230101", "text": "Say \"hi\"\nПривет", "ucs2": "ucs2", "parts": 1, "ref": "msg_a.1",
    });
    assert_eq!(serde_json::from_str::<Value>(&call.body).unwrap(), wanted);
    hides(&generic(), &letter, &[TOKEN_OF_ACME, SECRET]);
}

#[test]
fn a_request_may_be_a_get_with_credentials_and_a_callback() {
    let generic = made(&json!({
        "method": "GET", "body": "", "token": null, "username": "nuncio", "password": "pass word",
        "url": "https://api.acme.example/send?to={to}&text={text}&dlr={callback}",
        "headers": {"authorization": "Basic {basic}"},
        "status_callback": "https://nuncio.example/v2/inbound/sms/main",
        "receipt": {"secret": SECRET, "status": "state", "statuses": {"1": "delivered"}},
    }));
    let letter = Letter::new("+15551230101", "", "a+b");
    let call = call(&generic, &letter);
    let token = token("msg_a", SECRET);
    let callback =
        format!("https%3A%2F%2Fnuncio.example%2Fv2%2Finbound%2Fsms%2Fmain%3Fref%3Dmsg_a%26token%3D{token}");
    assert_eq!(
        call.url,
        format!("https://api.acme.example/send?to=%2B15551230101&text=a%2Bb&dlr={callback}")
    );
    assert_eq!(header(&call, "authorization"), "Basic bnVuY2lvOnBhc3Mgd29yZA==");
    hides(&generic, &letter, &["pass word", "bnVuY2lv", &token]);
    let told =
        generic.receipt(&inbound(&format!("ref=msg_a&token={token}&state=1"), &[]), b"", 0).unwrap().unwrap();
    assert_eq!((told.outcome, told.delivery.as_str()), (Delivered, "msg_a"));
    assert!(generic.receipt(&inbound(&format!("ref=msg_b&token={token}&state=1"), &[]), b"", 0).is_err());
}

#[test]
fn a_page_that_repeats_the_request_shows_no_secret() {
    let generic = made(&json!({
        "method": "GET", "body": "", "token": null, "username": "nuncio", "password": "pass \"word\"",
        "url": "https://api.acme.example/send?to={to}&text={text}&from={from}&key={password}",
        "headers": {"authorization": "Basic {basic}"},
    }));
    let call = call(&generic, &Letter::new("+15551230101", "Nuncio", "Hello"));
    let page = format!("404: {} {:?} pass \"word\"", call.url, call.headers);
    let shown = String::from_utf8(struck(page.as_bytes(), generic.secrets())).unwrap();
    assert!(shown.contains("key=*** ") && shown.ends_with(" ***") && shown.contains("Basic ***"), "{shown}");
}

#[test]
fn a_line_break_cannot_leave_a_header() {
    let mut all = right();
    all["headers"]["x-text"] = json!("{text}");
    let generic = Generic(Plan::read(settings(all), true, "main").unwrap());
    let refusal =
        call(&generic, &Letter::new("+15551230101", "Nuncio", "a\nx-evil: b")).request().unwrap_err();
    assert_eq!(refusal.at, "x-text");
}

#[test]
fn each_answer_means_what_the_settings_say() {
    for (status, body, outcome, scope, code) in [
        (200, json!({"message": {"id": "m-1", "parts": 2}}), Delivered, Scope::Recipient, 200),
        (200, json!({"error": {"code": 0}, "message": {"id": 17}}), Delivered, Scope::Recipient, 200),
        (200, json!({"error": {"code": 21, "text": "bad number"}}), Rejected, Scope::Recipient, 21),
        (200, json!({"error": {"code": "22"}}), Gone, Scope::Recipient, 22),
        (400, json!({"error": {"code": 30}}), Rejected, Scope::Message, 30),
        (400, json!({"error": {"code": 40}}), Deferred, Scope::Account, 40),
        (200, json!({"error": {"code": 50}}), Deferred, Scope::Destination, 50),
        (200, json!({"error": {"code": 99}}), Deferred, Scope::Recipient, 99),
        (400, json!({"error": {"code": 99}}), Rejected, Scope::Recipient, 99),
        (403, json!({}), Rejected, Scope::Recipient, 403),
        (401, json!({}), Deferred, Scope::Account, 401),
        (503, json!("<html>"), Deferred, Scope::Destination, 503),
    ] {
        let report = said(&generic(), status, body.to_string().as_bytes());
        assert_eq!(short(&report), (outcome, scope, code), "{status} {body}");
    }
    let report = said(&generic(), 200, br#"{"message": {"id": "m-1", "parts": 2}}"#);
    assert_eq!((report.provider_id.as_str(), report.cost), ("m-1", 2));
    let report = said(&generic(), 200, br#"{"error": {"code": 21, "text": "bad number"}}"#);
    assert_eq!(report.reason, "the gateway 21: bad number");
}

#[test]
fn only_the_named_statuses_are_a_success() {
    let picky = made(&json!({"success": [202]}));
    assert_eq!(said(&picky, 202, b"").outcome, Delivered);
    let report = said(&picky, 200, b"");
    assert_eq!(short(&report), (Deferred, Scope::Account, 200));
    assert!(report.maybe_sent && report.reason.contains("200"), "{report:?}");
}

#[test]
fn a_receipt_says_what_became_of_a_message() {
    let json = ("content-type", "application/json");
    let told = |header: &str, body: &str| {
        generic().receipt(&inbound("", &[json, ("x-acme-secret", header)]), body.as_bytes(), 0)
    };
    for (state, outcome) in
        [("DELIVRD", Some(Delivered)), ("UNDELIV", Some(Rejected)), ("STOP", Some(Gone)), ("ENROUTE", None)]
    {
        let body = json!({"id": "m-1", "ref": "msg_a", "state": state, "code": 7}).to_string();
        let receipt = told(SECRET, &body).unwrap();
        assert_eq!(receipt.as_ref().map(|one| one.outcome), outcome, "{state}");
        if let Some(one) = receipt {
            assert_eq!((one.provider_id.as_str(), one.delivery.as_str(), one.code), ("m-1", "msg_a", 7));
            assert_eq!(one.reason, format!("the gateway 7: {state}"));
        }
    }
    assert!(told(&format!("Bearer {SECRET}"), r#"{"id": "m-1", "state": "DELIVRD"}"#).unwrap().is_some());
    for (header, body, at) in [
        ("guessed", r#"{"id": "m-1", "state": "DELIVRD"}"#, "X-Acme-Secret"),
        ("", r#"{"id": "m-1", "state": "DELIVRD"}"#, "X-Acme-Secret"),
        (SECRET, r#"{"state": "DELIVRD"}"#, "body"),
        (SECRET, "{", "body"),
    ] {
        assert_eq!(told(header, body).unwrap_err().at, at, "{header} {body}");
    }
}

#[test]
fn a_receipt_of_a_further_recipient_names_what_its_message_is_called() {
    let json = ("content-type", "application/json");
    let (by_header, by_callback) = (json!({}), json!({"secret_header": null}));
    let id = || json!("/message/id");
    // The settings, what the answer says, the index, and what the message and its receipt are called.
    for (receipt, id, index, called) in [
        (&by_header, id(), 1, "m-1"),
        (&by_header, json!(null), 1, "msg_a.1"),
        (&by_header, json!(null), 0, "msg_a"),
        // A token vouches for the reference, not for what else the request says.
        (&by_callback, id(), 1, "msg_a.1"),
        (&by_callback, json!(null), 1, "msg_a.1"),
    ] {
        let mut receipts = right()["receipt"].clone();
        receipts.as_object_mut().unwrap().extend(receipt.as_object().unwrap().clone());
        let mut body = json!({"id": "m-1", "state": "DELIVRD"});
        if receipts["secret_header"].is_string() {
            body["ref"] = json!(Reference::new("msg_a", index).as_str());
        }
        let mut headers = right()["headers"].clone();
        headers["x-notify"] = json!("{callback}");
        let generic = made(&json!({
            "receipt": receipts, "id": id, "headers": headers,
            "status_callback": "https://nuncio.example/v2/inbound/sms/main",
        }));
        let letter = Letter::new("+15551230101", "Nuncio", "Hello").index(index);
        let answer = answered(200, br#"{"message": {"id": "m-1"}}"#);
        assert_eq!(generic.report(answer, &letter.sms(), false).provider_id, called);

        let reference = Reference::new("msg_a", index);
        let token = token(reference.as_str(), SECRET);
        let query = format!("ref={}&token={token}", reference.as_str());
        let inbound = inbound(&query, &[json, ("x-acme-secret", SECRET)]);
        let told = generic.receipt(&inbound, body.to_string().as_bytes(), 0).unwrap().unwrap();
        assert_eq!(told.provider_id, called, "{receipt} {id}");
    }
}

#[test]
fn a_receipt_may_be_a_query_or_a_form() {
    let receipt = json!({
        "secret": SECRET, "secret_parameter": "key", "id": "msgid", "status": "stat", "text": "why",
        "statuses": {"ok": "delivered"},
    });
    let generic = made(&json!({"receipt": receipt}));
    let key = "only+this+host+and+acme+know+it";
    for (query, body) in [
        (format!("key={key}&msgid=m-1&stat=ok&why=done"), String::new()),
        (String::new(), format!("key={key}&msgid=m-1&stat=ok&why=done")),
    ] {
        let told = generic.receipt(&inbound(&query, &[]), body.as_bytes(), 0).unwrap().unwrap();
        assert_eq!((told.provider_id.as_str(), told.reason.as_str()), ("m-1", "the gateway: ok, done"));
    }
    assert_eq!(generic.receipt(&inbound("key=no&msgid=m-1&stat=ok", &[]), b"", 0).unwrap_err().at, "key");
}

#[test]
fn settings_are_refused_where_they_are_wrong() {
    assert_eq!(refused::<crate::GenericSettings>(right(), &json!({})), Vec::<String>::new());
    let receipt = |change: Value| {
        let mut all = right()["receipt"].clone();
        all.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        json!({"receipt": all})
    };
    for (change, at, fix) in [
        (json!({"url": "https://api.acme.example/{too}/{from}{text}"}), "/url: ", "did you mean `{to}`"),
        (json!({"url": "https://{to}.example/{from}"}), "/url: ", "behind the host"),
        (json!({"url": "acme/{to}{from}"}), "/url: ", "https://api.acme"),
        (json!({"url": "https://ann:b@acme.example/{to}{from}"}), "/url: ", "https://api.acme"),
        (
            json!({"headers": {"content-type": "application/json", "authorization": "Bearer {tokn}"}}),
            "/headers/authorization: ",
            "{token}",
        ),
        (
            json!({"headers": {"content-type": "application/json", "a b": "{token}"}}),
            "/headers/a b: ",
            "content-type",
        ),
        (json!({"headers": {"authorization": "{token}"}}), "/headers/content-type: ", "application/json"),
        (json!({"body": "{\"text\": {text}"}), "/body: ", "\"text\": \"{text}\""),
        (json!({"body": "{\"a\": 1}"}), "/body: ", "{to_digits}"),
        (json!({"method": "GET"}), "/body: ", "POST"),
        (json!({"token": null}), "/token: ", "{ env ="),
        (json!({"username": "x"}), "/username: ", "remove it"),
        (json!({"sender": null}), "/sender: ", "Nuncio"),
        (json!({"id": "message.id"}), "/id: ", "/messages/0/id"),
        (json!({"error_code": null}), "/error_code: ", "/error/code"),
        (json!({"statuses": {"ok": "busy"}}), "/statuses/ok: ", "403"),
        (json!({"success": [20]}), "/success: ", "[200, 202]"),
        (receipt(json!({"secret": "short"})), "/receipt/secret: ", "openssl rand"),
        (receipt(json!({"secret_parameter": "x"})), "/receipt/secret_parameter: ", "remove"),
        (receipt(json!({"secret_header": "a b"})), "/receipt/secret_header: ", "authorization"),
        (receipt(json!({"secret_header": null})), "/receipt/secret_header: ", "secret_parameter"),
        (receipt(json!({"id": null, "reference": null})), "/receipt/id: ", "/message/id"),
        (receipt(json!({"statuses": {}})), "/receipt/statuses: ", "DELIVRD"),
    ] {
        let said = refused::<crate::GenericSettings>(right(), &change);
        assert!(matches!(&said[..], [one] if one.starts_with(at) && one.contains(fix)), "{change}: {said:?}");
    }
}

fn check_any(status: u16, body: &[u8], kind: &str, secret: &str) {
    let report = said(&generic(), status, body);
    assert!(report.reason.len() < 2000 && !report.reason.chars().any(char::is_control));
    let headers = [("content-type", kind), ("x-acme-secret", secret)];
    if let Ok(Some(told)) = generic().receipt(&inbound("", &headers), body, 0) {
        assert!(secret == SECRET && (!told.provider_id.is_empty() || !told.delivery.is_empty()));
    }
}

proptest! {
    #[test]
    fn any_answer_and_any_receipt_is_read_or_refused(
        status in 200_u16..600,
        body in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..200),
            "\\{\"(id|ref|error)\": ?(\"\\PC{0,20}\"|[0-9]{1,9}), \"state\": \"(DELIVRD|STOP)\"\\}".prop_map(String::into_bytes),
        ],
        json: bool,
        right: bool,
    ) {
        let kind = if json { "application/json" } else { "application/x-www-form-urlencoded" };
        check_any(status, &body, kind, if right { SECRET } else { "guessed" });
    }
}
