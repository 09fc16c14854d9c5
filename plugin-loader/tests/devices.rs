//! Devices over the C ABI: a driver asks for one and looks at one.

// The lint knows test functions, not what helps them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::{future::pending, sync::Arc};

use async_trait::async_trait;
use nuncio_core::{
    Driver, HostCalls, Outcome, Report, abi,
    wire::{Device, DeviceCall, Metric, Receipt},
};
use nuncio_plugin_loader::Loaded;
use serde_json::{Value, json};
use support::{context, deliver, made};

/// How a host answers.
enum Answers {
    With(Option<Device>),
    Why,
    Never,
}

#[async_trait]
impl HostCalls for Answers {
    fn metric(&self, _: Metric) {}
    fn receipt(&self, _: Receipt) {}
    async fn device(&self, call: DeviceCall) -> Result<Option<Device>, String> {
        assert_eq!(call, DeviceCall::new("p", "d1"));
        // Not at once: the answer comes from another thread.
        tokio::task::yield_now().await;
        match self {
            Self::With(device) => Ok(device.clone()),
            Self::Why => Err("the disk is full".to_owned()),
            Self::Never => pending().await,
        }
    }
}

fn driver(answers: Answers) -> Arc<Loaded> {
    made("devices", json!({"password": "hunter22"}), 4, &context().with_host(Arc::new(answers)))
}

async fn asked(answers: Answers) -> (Report, Value) {
    let report = deliver(&*driver(answers), "right").await.of(0);
    assert_eq!(report.outcome, Outcome::Delivered);
    let told = serde_json::from_str(&report.excerpt).unwrap();
    (report, told)
}

#[tokio::test]
async fn a_device_is_given_to_the_driver_that_asks() {
    let mut device = Device::new("x", "ab12");
    device.keys.insert("auth".to_owned(), "k".to_owned());
    let (report, told) = asked(Answers::With(Some(device))).await;
    assert_eq!((report.code, &told["device"]["address"]), (abi::OK as u32, &json!("ab12")));
    assert_eq!(told["device"]["keys"]["auth"], "k");
    let (report, told) = asked(Answers::With(None)).await;
    assert_eq!((report.code, told), (abi::OK as u32, json!({"device": null})));
}

#[tokio::test]
async fn a_host_that_cannot_say_says_why() {
    let (report, told) = asked(Answers::Why).await;
    assert_eq!((report.code, told), (abi::FAILED as u32, json!({"why": "the disk is full"})));
}

#[tokio::test(start_paused = true)]
async fn a_host_that_never_answers_is_answered_for() {
    let (report, told) = asked(Answers::Never).await;
    assert_eq!(report.code, abi::FAILED as u32);
    assert_eq!(told["why"], "the host did not find it out within 5 s");
}

#[tokio::test]
async fn a_call_that_cannot_be_read_is_invalid_and_gets_no_answer() {
    let report = deliver(&*driver(Answers::Why), "wrong").await.of(0);
    assert_eq!((report.outcome, report.code), (Outcome::Rejected, abi::INVALID as u32));
}

#[tokio::test]
async fn a_device_is_refused_or_kept_as_the_driver_says() {
    let driver = driver(Answers::Why);
    let refusal = driver.check_device(Device::new("x", "zz")).await.unwrap_err();
    assert_eq!(refusal.to_string(), "/address: not ***; ab12");
    assert_eq!(driver.check_device(Device::new("x", "zz")).await.unwrap().address, "kept");
}
