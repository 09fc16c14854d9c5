use std::time::Duration;

use nuncio_plugin_sdk::{
    http::{HeaderMap, StatusCode},
    serde_json::json,
};
use proptest::prelude::*;

use super::*;

const TOKEN: &str = "cR1p-xyz_0:APA91bHun4MxP5egoKMwt2KZFBaFUH-1RYqx";

fn answered(status: u16, headers: HeaderMap, body: &[u8]) -> Meaning {
    let answer = Answer::new(StatusCode::from_u16(status).unwrap(), headers, body.to_vec());
    meaning(Ok(answer), TOKEN, 0)
}

fn said(status: u16, body: &Value) -> Report {
    answered(status, HeaderMap::new(), body.to_string().as_bytes()).report
}

fn fcm_error(status: u16, general: &str, code: &str) -> Report {
    said(
        status,
        &json!({"error": {"code": status, "message": "why", "status": general, "details": [
            {"@type": FCM_ERROR, "errorCode": code},
        ]}}),
    )
}

/// The table of "FCM error codes".
#[test]
fn each_code_means_what_firebase_says_of_it() {
    use Outcome::{Deferred, Gone, Rejected};
    for (status, general, code, outcome, scope) in [
        (404, "NOT_FOUND", "UNREGISTERED", Gone, Scope::Recipient),
        (400, "INVALID_ARGUMENT", "INVALID_ARGUMENT", Rejected, Scope::Message),
        (403, "PERMISSION_DENIED", "SENDER_ID_MISMATCH", Rejected, Scope::Recipient),
        (429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED", Deferred, Scope::Destination),
        (503, "UNAVAILABLE", "UNAVAILABLE", Deferred, Scope::Destination),
        (500, "INTERNAL", "INTERNAL", Deferred, Scope::Destination),
        (401, "UNAUTHENTICATED", "THIRD_PARTY_AUTH_ERROR", Deferred, Scope::Recipient),
        (400, "INVALID_ARGUMENT", "UNSPECIFIED_ERROR", Rejected, Scope::Message),
    ] {
        let report = fcm_error(status, general, code);
        assert_eq!((report.outcome, report.scope), (outcome, scope), "{code}");
        assert!(report.reason.starts_with(&format!("{status} {code}: why")), "{}", report.reason);
    }
}

/// Both examples of "FCM error codes": the same code and status, and only the details tell them apart.
#[test]
fn a_wrong_value_and_a_wrong_token_are_told_apart() {
    let of_value = json!({"error": {
        "code": 400, "message": "Invalid value at 'message.data[0].value' (TYPE_STRING), 12",
        "status": "INVALID_ARGUMENT", "details": [{
            "@type": "type.googleapis.com/google.rpc.BadRequest",
            "fieldViolations": [{
                "field": "message.data[0].value",
                "description": "Invalid value at 'message.data[0].value' (TYPE_STRING), 12",
            }],
        }],
    }});
    let report = said(400, &of_value);
    assert_eq!((report.outcome, report.scope), (Outcome::Rejected, Scope::Message));
    assert!(report.reason.contains("message.data[0].value"), "{}", report.reason);
    let of_token = json!({"error": {
        "code": 400, "message": "The registration token is not a valid FCM registration token",
        "status": "INVALID_ARGUMENT",
        "details": [{"@type": FCM_ERROR, "errorCode": "INVALID_ARGUMENT"}],
    }});
    assert_eq!(said(400, &of_token).outcome, Outcome::Gone);
    let mut both = of_value;
    both["error"]["details"][0]["fieldViolations"][0]["field"] = json!("message.token");
    assert_eq!(said(400, &both).outcome, Outcome::Gone);
}

#[test]
fn the_quota_of_one_device_holds_up_no_other() {
    let quota = |subject: &str| {
        said(429, &json!({"error": {"status": "RESOURCE_EXHAUSTED", "details": [
            {"@type": FCM_ERROR, "errorCode": "QUOTA_EXCEEDED"},
            {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"subject": subject}]},
        ]}}))
        .scope
    };
    assert_eq!(quota("Device message rate"), Scope::Recipient);
    assert_eq!(quota("projects/demo"), Scope::Destination);
}

#[test]
fn a_page_of_html_is_an_outage_and_a_wish_for_later_is_kept() {
    let mut headers = HeaderMap::new();
    headers.insert("retry-after", "60".parse().unwrap());
    let report = answered(502, headers, b"<!DOCTYPE html><title>Error 502</title>").report;
    assert_eq!((report.outcome, report.scope), (Outcome::Deferred, Scope::Destination));
    assert_eq!(report.retry_after, Some(Duration::from_secs(60)));
    assert_eq!(report.reason, "502 Bad Gateway");
}

#[test]
fn only_a_401_without_a_code_is_the_access_token() {
    let body = json!({"error": {"code": 401, "message": "x", "status": "UNAUTHENTICATED"}}).to_string();
    assert!(answered(401, HeaderMap::new(), body.as_bytes()).unauthenticated);
    let third = json!({"error": {"details": [{"@type": FCM_ERROR, "errorCode": "THIRD_PARTY_AUTH_ERROR"}]}});
    assert!(!answered(401, HeaderMap::new(), third.to_string().as_bytes()).unauthenticated);
}

#[test]
fn an_answer_that_repeats_the_token_is_masked() {
    let written = TOKEN.replace(':', "%3A");
    for (before, token) in [(0, TOKEN), (0, &written), (350, TOKEN), (960, TOKEN)] {
        let message = format!("{} {token}", "x".repeat(before));
        let report = said(400, &json!({"error": {"status": "INVALID_ARGUMENT", "message": message}}));
        for part in ["cR1p", "APA91b"] {
            assert!(!report.reason.contains(part) && !report.excerpt.contains(part), "{report:?}");
        }
    }
}

/// Reads any answer: also the body of a fuzz target.
fn check_any(status: u16, body: &[u8]) {
    let Ok(code) = StatusCode::from_u16(status) else { return };
    let report = answered(status, HeaderMap::new(), body).report;
    assert_eq!(report.outcome == Outcome::Delivered, code.is_success());
    assert!(!report.reason.chars().any(char::is_control) && report.reason.len() < 2000);
    let named = Said::read(body);
    assert!(report.outcome != Outcome::Gone || named.code == "UNREGISTERED" || named.of_token());
}

proptest! {
    #[test]
    fn any_answer_has_a_meaning(status in 200u16..600, body in proptest::collection::vec(any::<u8>(), 0..200)) {
        check_any(status, &body);
    }

    #[test]
    fn any_error_has_a_meaning(
        status in 200u16..600,
        code in "UNREGISTERED|INVALID_ARGUMENT|QUOTA_EXCEEDED|.{0,20}",
        text in ".{0,60}",
    ) {
        let details = json!([
            {"@type": FCM_ERROR, "errorCode": code}, {"fieldViolations": [{"field": text}, 5]}, text, null,
        ]);
        let body = json!({"error": {"message": text, "status": code, "details": details}});
        check_any(status, body.to_string().as_bytes());
    }
}
