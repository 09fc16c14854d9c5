use nuncio_plugin_sdk::{
    Outcome::{Deferred, Delivered, Gone, Rejected},
    Scope, Secret,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::gateways::fixtures::{
    Letter, answered, call, form, header, hides, inbound, refused, said, settings, short,
};

const SID: &str = "AC0123456789abcdef0123456789abcdef";
const TOKEN: &str = "the-auth-token-of-twilio";
const CALLBACK: &str = "https://nuncio.example/v2/inbound/sms/main";

fn twilio() -> Twilio {
    Twilio(settings(json!({
        "account_sid": SID, "auth_token": TOKEN, "sender": "+15005550006", "status_callback": CALLBACK,
    })))
}

#[test]
fn a_request_is_a_form_to_the_account_s_messages() {
    let letter = Letter::new("+15558675310", "+15005550006", "Grüße & 👍").index(2);
    let call = call(&twilio(), &letter);
    assert_eq!(call.url, format!("https://api.twilio.com/2010-04-01/Accounts/{SID}/Messages.json"));
    assert_eq!(header(&call, "authorization"), Reader::Vendor.basic(SID, &Secret::new(TOKEN)));
    let wanted = [
        ("To", "+15558675310"),
        ("Body", "Grüße & 👍"),
        ("From", "+15005550006"),
        ("StatusCallback", "https://nuncio.example/v2/inbound/sms/main?ref=msg_a.2"),
    ];
    assert_eq!(form(&call), wanted.map(|(name, value)| (name.to_owned(), value.to_owned())));
    hides(&twilio(), &letter, &[TOKEN, "QUMwMTIz"]);
}

#[test]
fn an_api_key_signs_in_and_a_service_may_choose_the_sender() {
    let key = "SK0123456789abcdef0123456789abcdef";
    let service = "MG0123456789abcdef0123456789abcdef";
    let twilio = Twilio(settings(json!({
        "account_sid": SID, "auth_token": TOKEN, "api_key": key, "api_key_secret": "of the key",
        "messaging_service": service,
    })));
    let call = call(&twilio, &Letter::new("+15558675310", "", "Hello"));
    assert_eq!(header(&call, "authorization"), Reader::Vendor.basic(key, &Secret::new("of the key")));
    let names: Vec<_> = form(&call).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["To", "Body", "MessagingServiceSid"]);
}

/// The example of Twilio's OpenAPI, without what is not looked at.
fn created(segments: &str) -> String {
    json!({
        "sid": "SMaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "num_segments": segments, "status": "queued", "error_code": null,
        "error_message": null, "to": "+14155552345", "tags": {"campaign_name": "Spring Sale 2022"},
    })
    .to_string()
}

#[test]
fn a_message_that_was_made_has_an_id_and_a_price() {
    for (segments, cost) in [("3", 3), ("0", 1), ("many", 1)] {
        let report = said(&twilio(), 201, created(segments).as_bytes());
        assert_eq!((report.outcome, report.cost), (Delivered, cost));
        assert_eq!(report.provider_id, "SMaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    }
}

#[test]
fn each_code_means_what_twilio_s_pages_say() {
    for (status, code, outcome, scope) in [
        (400, 21211, Rejected, Scope::Recipient),
        (400, 21614, Rejected, Scope::Recipient),
        (400, 21408, Rejected, Scope::Recipient),
        (400, 21610, Gone, Scope::Recipient),
        (400, 21617, Rejected, Scope::Message),
        (400, 21606, Deferred, Scope::Account),
        (401, 20003, Deferred, Scope::Account),
        (404, 20404, Deferred, Scope::Account),
        (429, 20429, Deferred, Scope::Destination),
        (429, 63038, Deferred, Scope::Account),
        (400, 21611, Deferred, Scope::Destination),
        (400, 99_999, Rejected, Scope::Recipient),
        (403, 99_999, Deferred, Scope::Account),
    ] {
        let body = json!({"code": code, "message": "its\nwords", "more_info": "https://…", "status": status});
        let report = said(&twilio(), status, body.to_string().as_bytes());
        assert_eq!(short(&report), (outcome, scope, code), "{code}");
        assert_eq!(report.reason, format!("Twilio {code}: its words"));
    }
}

#[test]
fn a_sender_that_the_subscription_named_is_its_own_fault() {
    let letter = Letter::new("+15558675310", "Acme", "Hello");
    let body = br#"{"code": 21659, "message": "not a number of yours"}"#;
    let report = twilio().report(answered(400, body), &letter.sms(), true);
    assert_eq!(short(&report), (Rejected, Scope::Recipient, 21659));
}

#[test]
fn a_failure_within_a_success_is_one() {
    let body = json!({"sid": "SM1", "error_code": 30007, "error_message": "filtered"}).to_string();
    assert_eq!(short(&said(&twilio(), 201, body.as_bytes())), (Rejected, Scope::Recipient, 30007));
    for body in ["", "<html>", "{}", "[]"] {
        let report = said(&twilio(), 200, body.as_bytes());
        assert_eq!(short(&report), (Deferred, Scope::Account, 200), "{body}");
        assert!(report.maybe_sent, "{body}");
    }
    let mut cut = answered(201, b"{\"sid\":");
    cut.truncated = true;
    let report = twilio().report(cut, &Letter::new("+15551230101", "", "Hello").sms(), false);
    assert_eq!((report.outcome, report.cost), (Delivered, 1));
}

/// A request of Twilio's, signed as its own library does it (`twilio` 6.1.0).
fn signed(query: &str, body: &str, token: &str) -> Inbound {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use hmac::{Hmac, KeyInit, Mac};
    let mut mac = Hmac::<sha1::Sha1>::new_from_slice(token.as_bytes()).unwrap();
    let mut pairs = Pairs::form(body.as_bytes()).0;
    pairs.sort();
    let text: String = pairs.into_iter().map(|(name, value)| name + &value).collect();
    mac.update(format!("{CALLBACK}?{query}{text}").as_bytes());
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    let mut inbound = inbound(query, &[(HEADER, &signature)]);
    inbound.url = "http://10.0.0.7:8888/v2/inbound/sms/main".to_owned();
    inbound
}

#[test]
fn a_status_callback_says_what_became_of_a_message() {
    for (body, wanted) in [
        ("MessageSid=SM1&MessageStatus=delivered", Some((Delivered, 0, "Twilio: delivered"))),
        ("SmsSid=SM1&SmsStatus=delivered", Some((Delivered, 0, "Twilio: delivered"))),
        (
            "MessageSid=SM1&MessageStatus=undelivered&ErrorCode=30005",
            Some((Rejected, 30005, "Twilio 30005: undelivered, the phone is unknown")),
        ),
        ("MessageSid=SM1&MessageStatus=failed&ErrorCode=21610", Some((Gone, 21610, "Twilio 21610: failed"))),
        ("MessageSid=SM1&MessageStatus=queued", None),
        ("MessageSid=SM1&MessageStatus=sent", None),
        ("MessageSid=SM1", None),
    ] {
        let told = twilio().receipt(&signed("ref=msg_a", body, TOKEN), body.as_bytes(), 0).unwrap();
        let short = told.as_ref().map(|told| (told.outcome, told.code, told.reason.as_str()));
        assert_eq!(short, wanted, "{body}");
        assert!(
            told.is_none_or(|told| (told.provider_id.as_str(), told.delivery.as_str()) == ("SM1", "msg_a"))
        );
    }
}

#[test]
fn what_twilio_did_not_sign_is_refused() {
    let body = "MessageSid=SM1&MessageStatus=delivered";
    let refused = |inbound: &Inbound, body: &str| {
        twilio().receipt(inbound, body.as_bytes(), 0).unwrap_err().to_string()
    };
    assert!(refused(&inbound("", &[]), body).contains("not signed"));
    let right = signed("ref=msg_a", body, TOKEN);
    assert!(refused(&right, &body.replace("SM1", "SM2")).contains("status_callback"));
    let mut moved = right;
    moved.query = "ref=msg_b".to_owned();
    assert!(refused(&moved, body).contains("not of this account's"));
    assert!(refused(&signed("ref=msg_a", body, "guessed"), body).contains("not of this account's"));
}

#[test]
fn settings_are_refused_where_they_are_wrong() {
    let right = json!({"account_sid": SID, "auth_token": TOKEN, "sender": "+15005550006"});
    let refused = |change: &Value| refused::<Settings>(right.clone(), change);
    assert_eq!(refused(&json!({})), Vec::<String>::new());
    for (change, at, right) in [
        (json!({"account_sid": "AC12"}), "/account_sid: ", "like AC0123"),
        (json!({"api_key": "AC12", "api_key_secret": "x"}), "/api_key: ", "like SK0123"),
        (json!({"api_key": SID.replace("AC", "SK")}), "/api_key_secret: ", "write both"),
        (json!({"sender": null}), "/sender: ", "+15005550006"),
        (json!({"sender": "no+sender"}), "/sender: ", "+15551230101"),
        (json!({"messaging_service": "x"}), "/messaging_service: ", "like MG0123"),
        (json!({"api": "http://api.example"}), "/api: ", "https://api.twilio.com"),
        (json!({"status_callback": "https://n.example/?a"}), "/status_callback: ", "/v2/inbound/sms/main"),
        (json!({"max_parts": 0}), "/max_parts: ", "between 1 and 255"),
    ] {
        let said = refused(&change);
        assert!(
            matches!(&said[..], [one] if one.starts_with(at) && one.contains(right)),
            "{change}: {said:?}"
        );
    }
}

fn check_any(status: u16, body: &[u8], signature: &str, query: &str) {
    let report = said(&twilio(), status, body);
    assert!(report.reason.len() < 2000 && !report.reason.chars().any(char::is_control));
    assert!(twilio().receipt(&inbound(query, &[(HEADER, signature)]), body, 0).is_err());
    let pairs = Pairs::form(body);
    if let Some(told) = told(&pairs, &Pairs::form(query.as_bytes())) {
        assert!(!told.provider_id.is_empty() || !told.delivery.is_empty());
    }
}

proptest! {
    #[test]
    fn any_answer_and_any_request_is_read_or_refused(
        status in 200_u16..600,
        body in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..200),
            "\\{\"(sid|code|message|error_code)\": ?(\"\\PC{0,20}\"|[0-9-]{1,12})\\}".prop_map(String::into_bytes),
            "MessageS(id|tatus)=[a-z]{0,9}&MessageStatus=(delivered|failed)&ErrorCode=[0-9]{0,12}".prop_map(String::into_bytes),
        ],
        signature in "\\PC{0,40}",
        query in "\\PC{0,40}",
    ) {
        check_any(status, &body, &signature, &query);
    }
}
