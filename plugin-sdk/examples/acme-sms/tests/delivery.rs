//! What the vendor is sent, and what its answers mean.

mod vendor;

use std::{sync::Arc, time::Duration};

use acme_sms as _;
use nuncio_plugin_sdk::{
    Driver, Options, Outcome, Report, Scope, SubscriberUri,
    serde_json::{Value, json},
    testing::{Letter, made},
};
use vendor::{KEY, Vendor};

fn driver(settings: Value) -> Arc<dyn Driver> {
    made("acme-sms", settings, &["127.0.0.0/8"]).expect("settings that are right")
}

async fn to(vendor: &Vendor, numbers: &[&str]) -> Vec<Report> {
    let driver = driver(json!({"api": vendor.api, "key": KEY}));
    let letter = Letter::to(&format!("acme-sms:{}", numbers.join(",")))
        .recipients(numbers.iter().map(ToString::to_string).collect())
        .content("Door", "Somebody rang", "");
    let outcomes = letter.outcomes(&*driver).await;
    (0..).zip(numbers).map(|(index, _)| outcomes.of(index)).collect()
}

#[tokio::test]
async fn each_number_is_sent_a_message_with_an_id_of_its_own() {
    let vendor = Vendor::open().await;
    let reports = to(&vendor, &["+15551230001", "+15551230002"]).await;
    assert!(reports.iter().all(|report| report.outcome == Outcome::Delivered), "{reports:?}");
    assert_eq!((reports[1].provider_id.as_str(), reports[1].cost), ("m-+15551230002", 3));
    let came = vendor.came();
    let first = json!({
        "to": "+15551230001", "from": "Nuncio", "text": "Door\nSomebody rang", "reference": Letter::to("x:y").notice.id,
    });
    assert_eq!(came[0].body, first);
    let id = |n: usize| came[n].headers["idempotency-key"].clone();
    assert!(id(0).ends_with("-0") && id(1).ends_with("-1"), "{came:?}");
    assert_eq!(came[0].headers["authorization"], format!("Bearer {KEY}"));
}

#[tokio::test]
async fn each_answer_means_what_the_vendor_says_of_it() {
    let vendor = Vendor::open().await;
    for (number, outcome, scope, code) in [
        ("+15551230021", Outcome::Rejected, Scope::Recipient, 21),
        ("+15551230022", Outcome::Gone, Scope::Recipient, 22),
        ("+15551230030", Outcome::Rejected, Scope::Message, 30),
        ("+15551230402", Outcome::Deferred, Scope::Account, 402),
        ("+15551230429", Outcome::Deferred, Scope::Destination, 429),
        ("+15551230202", Outcome::Delivered, Scope::Recipient, 202),
    ] {
        let report = to(&vendor, &[number]).await.remove(0);
        assert_eq!(
            (report.outcome, report.scope, report.code),
            (outcome, scope, code),
            "{number}: {report:?}"
        );
        if code == 429 {
            assert_eq!(report.retry_after, Some(Duration::from_secs(7)));
        }
        if code == 202 {
            assert_eq!((report.provider_id.as_str(), report.cost), ("", 1), "its own count");
        }
    }
}

#[tokio::test]
async fn one_number_that_fails_does_not_fail_the_others() {
    let vendor = Vendor::open().await;
    let reports = to(&vendor, &["+15551230022", "+15551230001", "+15551230429"]).await;
    let outcomes: Vec<_> = reports.iter().map(|report| report.outcome).collect();
    assert_eq!(outcomes, [Outcome::Gone, Outcome::Delivered, Outcome::Deferred]);
}

#[tokio::test]
async fn a_wrong_key_holds_the_account_and_is_shown_to_nobody() {
    let vendor = Vendor::open().await;
    let driver = driver(json!({"api": vendor.api, "key": "not-the-key"}));
    let letter = Letter::to("acme-sms:+15551230001").recipients(vec!["+15551230001".to_owned()]);
    let report = letter.deliver(&*driver).await;
    assert_eq!((report.outcome, report.scope, report.code), (Outcome::Deferred, Scope::Account, 401));
    let shown = letter.render(&*driver).await.expect("it can be sent");
    assert!(shown.contains("Bearer ***") && shown.contains("+15551230001"), "{shown}");
    assert!(!format!("{report:?}{shown}").contains("not-the-key"));
}

#[tokio::test]
async fn without_a_key_deliveries_wait() {
    let why = driver(json!({})).disabled().expect("it cannot deliver");
    assert!(why.contains("[drivers.acme-sms] key"), "{why}");
}

#[tokio::test]
async fn who_it_is_from_can_be_said_for_a_subscription() {
    let vendor = Vendor::open().await;
    let driver = driver(json!({"api": vendor.api, "key": KEY}));
    let letter = Letter::to("acme-sms:+15551230001").recipients(vec!["+15551230001".to_owned()]);
    letter.options(json!({"sender": "Doorbell"})).deliver(&*driver).await;
    assert_eq!(vendor.came()[0].body["from"], "Doorbell");

    let uri = SubscriberUri::parse("acme-sms:+15551230001").expect("a URI");
    let options = Options([("sender".to_owned(), json!("much too long a name"))].into_iter().collect());
    let refusal = driver.check(&uri, &options).await.expect_err("no network carries it");
    assert_eq!(refusal.at, "/options/sender");
}

#[tokio::test]
async fn equal_subscribers_have_one_form() {
    let driver = driver(json!({}));
    let uri = SubscriberUri::parse("acme-sms:+1-555-123-0001,+4930123456,+15551230001").expect("a URI");
    let checked = driver.check(&uri, &Options::default()).await.expect("two numbers");
    assert_eq!(checked.canonical, "acme-sms:+15551230001,+4930123456");
    assert_eq!(checked.addresses, ["+15551230001", "+4930123456"]);
}

#[test]
fn all_that_is_wrong_with_the_settings_is_said_at_once() {
    let settings = json!({"api": "http://api.example.com/", "key": "a\nb", "sender": "-"});
    let error = made("acme-sms", settings, &[]).err().expect("three mistakes");
    let places: Vec<_> = error.0.iter().map(|refusal| refusal.at.as_str()).collect();
    assert_eq!(places, ["/api", "/sender", "/key"]);
    assert!(!error.to_string().contains("a\nb"));
}
