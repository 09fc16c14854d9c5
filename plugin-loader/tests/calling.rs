//! Methods of a driver, and what a driver may call: one answer each, in time, without secrets.

// The lint knows test functions, not what helps them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::sync::Arc;

use nuncio_core::{
    Checked, Context, Driver, Notice, Options, Outcome, Recipient, Refusal, SubscriberUri,
    wire::{Inbound, Metric},
};
use nuncio_plugin_loader::Loaded;
use serde_json::json;
use support::{Told, context, deliver, loaded, made};

fn methods(context: &Context) -> Arc<Loaded> {
    made("methods", json!({"password": "hunter22"}), 4, context)
}

async fn check(driver: &Loaded, uri: &str) -> Result<Checked, Refusal> {
    driver.check(&SubscriberUri::parse(uri).unwrap(), &Options::default()).await
}

#[tokio::test]
async fn check_says_what_the_driver_says() {
    let driver = methods(&context());
    let checked = check(&driver, "x:any").await.unwrap();
    assert_eq!((checked.canonical.as_str(), checked.addresses.len()), ("x:good", 2));
    assert_eq!(check(&driver, "x:twice").await.unwrap(), checked, "a second answer is ignored");
    assert_eq!(
        check(&driver, "x:unasked").await.unwrap(),
        checked,
        "an answer that nobody asked for as well"
    );
    let driver = &driver;
    let refusal = |uri| async move { check(driver, uri).await.unwrap_err().to_string() };
    assert_eq!(refusal("x:refused").await, "/options/a: not ***; b");
    assert_eq!(refusal("x:why").await, "check: out of ***");
    assert!(refusal("x:broken").await.contains("cannot be read"));
    assert!(refusal("x:foreign").await.contains("no URI of the driver's schemes"));
    assert!(refusal("x:nobody").await.contains("addresses"));
    assert!(refusal("x:unsupported").await.contains("although its manifest says so"));
}

#[tokio::test(start_paused = true)]
async fn a_driver_that_never_answers_is_given_up_after_its_time() {
    let driver = methods(&context());
    let refusal = check(&driver, "x:never").await.unwrap_err();
    assert!(refusal.to_string().contains("within 5 s"), "{refusal}");
}

#[tokio::test]
async fn methods_that_are_not_listed_are_not_called() {
    let driver = loaded("inside", 1);
    let uri = SubscriberUri::parse("x:someone").unwrap();
    assert_eq!(driver.check(&uri, &Options::default()).await, Ok(Checked::of(&uri)));
    assert_eq!(driver.disabled(), None);
    assert!(driver.receive(&Inbound::default(), b"").await.is_err());
    let (recipients, options) = ([Recipient::new(0, "a")], Options::default());
    let notice = Notice::new("d1", &uri, &recipients, &options);
    assert_eq!(driver.render(&notice).await.unwrap(), "\n\n");
}

#[tokio::test]
async fn render_receive_and_disabled_cross() {
    let driver = methods(&context());
    assert_eq!(driver.disabled().unwrap(), "no relay ***", "it is asked before it is used");
    let uri = SubscriberUri::parse("x:someone").unwrap();
    let (recipients, options) = ([Recipient::new(0, "a")], Options::default());
    let shown = driver.render(&Notice::new("d1", &uri, &recipients, &options)).await.unwrap();
    assert_eq!(shown, "POST / ***");
    let answer = driver.receive(&Inbound::default(), b"\xffbody").await.unwrap();
    assert_eq!(
        (answer.status, answer.content_type.as_str(), answer.body.as_slice()),
        (201, "text/plain", &b"\xffbody"[..])
    );
}

#[tokio::test]
async fn a_driver_may_tell_figures_and_receipts() {
    let told = Arc::new(Told::default());
    let driver = methods(&context().with_host(Arc::clone(&told) as _));
    let first = deliver(&*driver, "x").await.of(0);
    assert_eq!(
        (first.outcome, first.code),
        (Outcome::Delivered, 4),
        "each call has the status that it should have"
    );
    assert_eq!(first.cost, 2, "each that was taken has one answer");
    let told = told.0.lock().unwrap();
    assert_eq!(told.0, [Metric::counter("sent", 2.0)]);
    assert_eq!((told.1[0].provider_id.as_str(), told.1[0].reason.as_str()), ("p1", "said ***"));
}

#[tokio::test]
async fn settings_are_validated_before_a_driver_is_made() {
    let flag = r#"-DMANIFEST=TEXT("{\"name\":\"entry\",\"version\":\"1\",\"schemes\":[\"x\"],\"settings\":{\"properties\":{\"n\":{\"type\":\"integer\"}},\"additionalProperties\":false}}")"#;
    let library = nuncio_plugin_loader::Library::open(&support::built("entry", &[flag]), None).unwrap();
    let error =
        library.create("entry", json!({"n": "x", "m": 1}), &context(), &Default::default()).unwrap_err();
    let told = error.to_string();
    assert!(
        told.contains("/n: ") && told.contains("/m: is no setting") && !told.contains("submit"),
        "{told}"
    );
}
