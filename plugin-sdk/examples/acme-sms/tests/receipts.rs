//! Delivery receipts: only the vendor's own, and only fresh ones.

use std::sync::Arc;

use acme_sms as _;
use hmac::{Hmac, KeyInit, Mac};
use nuncio_plugin_sdk::{
    Answer, Driver, Inbound, Outcome, Refusal,
    serde_json::{Value, json},
    testing::made_at,
};
use sha2::Sha256;

const NOW: i64 = 1_700_000_000;
const BODY: &str = r#"{"id": "m-17", "reference": "msg_1", "status": "delivered"}"#;

fn driver(settings: Value) -> Arc<dyn Driver> {
    made_at(NOW * 1000, "acme-sms", settings, &[]).expect("settings that are right")
}

fn signed(secret: &str, seconds: i64, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length will do");
    mac.update(format!("{seconds}.{body}").as_bytes());
    let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("t={seconds},v1={hex}")
}

async fn receive(driver: &dyn Driver, signature: Option<String>, body: &str) -> Result<Answer, Refusal> {
    let mut request = Inbound::default();
    request.method = "POST".to_owned();
    request.headers.extend(signature.map(|signature| ("acme-signature".to_owned(), signature)));
    driver.receive(&request, body.as_bytes()).await
}

#[tokio::test]
async fn a_signed_receipt_says_what_became_of_a_message() {
    let driver = driver(json!({"receipt_secret": "shared"}));
    for (status, outcome) in
        [("delivered", Outcome::Delivered), ("failed", Outcome::Rejected), ("unsubscribed", Outcome::Gone)]
    {
        let body = BODY.replace("delivered", status);
        let answer =
            receive(&*driver, Some(signed("shared", NOW - 200, &body)), &body).await.expect("it is signed");
        let receipt = &answer.receipts[0];
        assert_eq!((answer.status, receipt.outcome), (204, outcome));
        assert_eq!((receipt.provider_id.as_str(), receipt.delivery.as_str()), ("m-17", "msg_1"));
    }
    let body = BODY.replace("delivered", "queued");
    let answer = receive(&*driver, Some(signed("shared", NOW, &body)), &body).await.expect("it is signed");
    assert!(answer.receipts.is_empty(), "that changes nothing");
}

#[tokio::test]
async fn what_the_vendor_did_not_sign_now_is_refused() {
    let driver = driver(json!({"receipt_secret": "shared"}));
    for (signature, why) in [
        (None, "not signed"),
        (Some("t=soon,v1=00".to_owned()), "not a number of seconds"),
        (Some(format!("t={NOW},v1=xyz")), "no signature in hex"),
        (Some(format!("t={NOW},v1=abc")), "no signature in hex"),
        (Some(signed("guessed", NOW, BODY)), "not of the secret"),
        (Some(signed("shared", NOW, "another body")), "not of the secret"),
        (Some(signed("shared", NOW - 301, BODY)), "too old"),
        (Some(signed("shared", NOW + 301, BODY)), "too old"),
    ] {
        let refusal = receive(&*driver, signature.clone(), BODY).await.expect_err(why);
        assert!(refusal.why.contains(why), "{signature:?}: {refusal}");
    }
    let refusal = receive(&*driver, Some(signed("shared", NOW, "[]")), "[]").await.expect_err("no receipt");
    assert_eq!(refusal.at, "body");
}

#[tokio::test]
async fn without_a_secret_no_receipt_is_taken() {
    let refusal =
        receive(&*driver(json!({})), Some(signed("", NOW, BODY)), BODY).await.expect_err("anybody could");
    assert!(refusal.fix.contains("receipt_secret"), "{refusal}");
}
