use std::sync::LazyLock;

use nuncio_plugin_sdk::http::{HeaderMap, StatusCode};
use nuncio_plugin_sdk::serde_json::json;
use proptest::prelude::*;

use super::*;
use crate::account::accounts;
use nuncio_plugin_sdk::accounts::Accounts;

/// Made once: each account reads the system's roots.
static ACCOUNTS: LazyLock<Accounts<Account>> = LazyLock::new(|| {
    let own = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    let account =
        json!({"team_id": "DEF123GHIJ", "key_id": "ABC123DEFG", "key": own.serialize_pem(), "topic": "a"});
    accounts(serde_json::from_value(json!({"accounts": {"app": account}})).unwrap()).unwrap()
});

fn of(status: u16, body: &[u8], device: &Device) -> Meaning {
    let status = StatusCode::from_u16(status).unwrap();
    let answer = Answer::new(status, HeaderMap::new(), body.to_vec());
    meaning(Ok(answer), sent(device), 0)
}

fn sent(device: &Device) -> Sent<'_> {
    Sent { device, account: ACCOUNTS.named("").unwrap(), id: "id", typed: false }
}

fn said(status: u16, reason: &str, device: &Device) -> Report {
    of(status, json!({"reason": reason}).to_string().as_bytes(), device).report
}

fn device() -> Device {
    Device::new("apns", "ab".repeat(32))
}

/// The table of "Handling notification responses from APNs".
#[test]
fn each_reason_means_what_apple_says_of_it() {
    use Outcome::{Deferred, Gone, Rejected};
    for (status, reason, outcome, scope) in [
        (400, "BadCollapseId", Rejected, Scope::Recipient),
        (400, "BadDeviceToken", Rejected, Scope::Recipient),
        (400, "BadExpirationDate", Rejected, Scope::Recipient),
        (400, "BadMessageId", Rejected, Scope::Recipient),
        (400, "BadPriority", Rejected, Scope::Recipient),
        (400, "BadTopic", Deferred, Scope::Account),
        (400, "DeviceTokenNotForTopic", Rejected, Scope::Recipient),
        (400, "DuplicateHeaders", Rejected, Scope::Recipient),
        (400, "IdleTimeout", Deferred, Scope::Destination),
        (400, "InvalidPushType", Rejected, Scope::Recipient),
        (400, "MissingDeviceToken", Rejected, Scope::Recipient),
        (400, "MissingTopic", Deferred, Scope::Account),
        (400, "PayloadEmpty", Rejected, Scope::Message),
        (400, "TopicDisallowed", Deferred, Scope::Account),
        (403, "BadCertificate", Deferred, Scope::Account),
        (403, "BadCertificateEnvironment", Deferred, Scope::Account),
        (403, "BadEnvironmentKeyIdInToken", Deferred, Scope::Account),
        (403, "ExpiredProviderToken", Deferred, Scope::Recipient),
        (403, "Forbidden", Deferred, Scope::Account),
        (403, "InvalidProviderToken", Deferred, Scope::Account),
        (403, "MissingProviderToken", Deferred, Scope::Account),
        (403, "UnrelatedKeyIdInToken", Deferred, Scope::Account),
        (404, "BadPath", Rejected, Scope::Recipient),
        (405, "MethodNotAllowed", Rejected, Scope::Recipient),
        (410, "ExpiredToken", Gone, Scope::Recipient),
        (410, "Unregistered", Gone, Scope::Recipient),
        (413, "PayloadTooLarge", Rejected, Scope::Message),
        (429, "TooManyProviderTokenUpdates", Deferred, Scope::Account),
        (429, "TooManyRequests", Deferred, Scope::Recipient),
        (500, "InternalServerError", Deferred, Scope::Destination),
        (503, "ServiceUnavailable", Deferred, Scope::Destination),
        (503, "Shutdown", Deferred, Scope::Destination),
    ] {
        let report = said(status, reason, &device());
        assert_eq!((report.outcome, report.scope), (outcome, scope), "{reason}");
        assert!(report.reason.starts_with(&format!("{status} {reason}")), "{}", report.reason);
        assert_eq!(report.code, u32::from(status));
    }
}

#[test]
fn waits_are_those_that_apple_names() {
    assert_eq!(said(500, "InternalServerError", &device()).retry_after, Some(AFTER_5XX));
    assert_eq!(said(503, "Shutdown", &device()).retry_after, None);
    assert_eq!(said(429, "TooManyProviderTokenUpdates", &device()).retry_after, Some(AFTER_TOKENS));
    assert!(of(403, b"{\"reason\":\"ExpiredProviderToken\"}", &device()).expired);
    assert!(!of(403, b"{\"reason\":\"InvalidProviderToken\"}", &device()).expired);
}

#[test]
fn a_device_that_was_registered_after_its_token_ended_is_kept() {
    let body = br#"{"reason": "Unregistered", "timestamp": 1597780800000}"#;
    let mut device = device();
    for (registered_ms, outcome) in [
        (1_597_780_799_999, Outcome::Gone),
        (1_597_780_800_000, Outcome::Gone),
        (1_597_780_800_001, Outcome::Deferred),
    ] {
        device.registered_ms = registered_ms;
        assert_eq!(of(410, body, &device).report.outcome, outcome);
    }
}

#[test]
fn a_bad_token_ends_only_a_device_of_the_environment_of_its_account() {
    let with = |environment: &str| {
        let mut device = device();
        device.attributes.insert("environment".to_owned(), environment.to_owned());
        said(400, "BadDeviceToken", &device)
    };
    assert_eq!(with("production").outcome, Outcome::Gone);
    let other = with("sandbox");
    assert_eq!(other.outcome, Outcome::Rejected);
    assert!(other.reason.contains("other environment"), "{}", other.reason);
    assert!(said(400, "BadDeviceToken", &device()).reason.contains("or of the other environment"));
}

#[test]
fn a_topic_of_the_device_is_its_own_fault() {
    let mut device = device();
    device.attributes.insert("topic".to_owned(), "com.example.other".to_owned());
    let report = said(400, "TopicDisallowed", &device);
    assert_eq!((report.outcome, report.scope), (Outcome::Rejected, Scope::Recipient));
}

#[test]
fn an_answer_that_repeats_the_token_is_masked() {
    let device = device();
    for before in [0, 980] {
        let page = format!("{}no /3/device/{} here", "x".repeat(before), device.address);
        let report = of(502, page.as_bytes(), &device).report;
        assert!(report.excerpt.contains("/3/device/***") && !report.excerpt.contains("abab"), "{report:?}");
    }
    let report = said(400, &device.address, &device);
    assert!(!format!("{report:?}").contains("abab"), "{report:?}");
}

/// Reads any answer: also the body of a fuzz target.
fn check_any(status: u16, body: &[u8]) {
    let Ok(status) = StatusCode::from_u16(status) else { return };
    let meaning = of(status.as_u16(), body, &device());
    assert_eq!(meaning.report.outcome == Outcome::Delivered, status.is_success());
    assert!(!meaning.report.reason.chars().any(char::is_control));
    assert!(meaning.report.outcome != Outcome::Gone || status == 410 || Said::read(body).reason.len() > 5);
}

proptest! {
    #[test]
    fn any_answer_has_a_meaning(status in 200u16..600, body in proptest::collection::vec(any::<u8>(), 0..200)) {
        check_any(status, &body);
    }

    #[test]
    fn any_reason_and_timestamp_have_a_meaning(status in 200u16..600, reason in ".{0,80}", at in any::<i64>()) {
        check_any(status, json!({"reason": reason, "timestamp": at}).to_string().as_bytes());
        check_any(status, json!({"reason": [reason], "timestamp": at.to_string()}).to_string().as_bytes());
    }
}
