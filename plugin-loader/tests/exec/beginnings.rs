//! How a driver starts, and what is said when it does not.

use std::time::Duration;

use nuncio_core::Driver as _;
use nuncio_plugin_loader::{ExecDriver, ExecError, ExecOptions};
use serde_json::json;

use crate::support::{Told, command, context, quick, start, try_start};

async fn refused(how: &str, options: ExecOptions) -> String {
    let started = try_start(how, json!({"password": "s3cret-word"}), options).await;
    let error = started.err().expect("it is refused").to_string();
    assert!(!error.contains("s3cret-word"), "{error}");
    error
}

#[tokio::test]
async fn a_process_that_says_no_hello_is_refused_with_what_it_printed() {
    let mut options = quick();
    options.hello = Duration::from_secs(4);
    let error = refused("silent", options).await;
    assert!(error.starts_with("it said no hello within 4 s"), "{error}");
    assert!(error.contains("Usage: child [OPTIONS]") && error.contains("no such option"), "{error}");
}

#[tokio::test]
async fn a_process_that_ends_at_once_is_refused_with_its_status_and_its_words() {
    let error = refused("broken", quick()).await;
    assert!(error.contains("exit status: 1") && error.contains("no module named paper"), "{error}");
}

#[tokio::test]
async fn another_protocol_and_another_name_are_refused() {
    let error = refused("later", quick()).await;
    assert!(error.contains("version 2") && error.contains("speaks 1"), "{error}");
    let error = refused("misnamed", quick()).await;
    assert!(error.contains("calls itself `other`, the configuration calls it `child`"), "{error}");
}

#[tokio::test]
async fn a_process_that_does_not_answer_create_is_refused() {
    let mut options = quick();
    options.ready = Duration::from_millis(200);
    let error = refused("mute", options).await;
    assert!(error.starts_with("it did not answer `create` within 0.2 s"), "{error}");
}

#[tokio::test]
async fn settings_are_refused_by_the_driver_with_their_place_and_without_secrets() {
    let error = refused("refusing", quick()).await;
    assert_eq!(error, "/password: `***` is too weak");
}

#[tokio::test]
async fn settings_are_refused_by_the_schema_before_the_driver_sees_them() {
    let started = try_start("well", json!({"depth": "deep"}), quick()).await;
    let Err(ExecError::Settings(error)) = started else { panic!("the schema refuses it") };
    assert!(error.to_string().contains("/depth"), "{error}");
}

#[tokio::test]
async fn a_command_that_is_not_there_is_named() {
    let context = context(std::sync::Arc::new(Told::default()));
    let missing = ["/nowhere/driver".to_owned()];
    let error = ExecDriver::start("child", &missing, json!({}), &context, quick()).await.unwrap_err();
    assert!(error.to_string().starts_with("`/nowhere/driver` cannot be started"), "{error}");
    let error = ExecDriver::start("child", &[], json!({}), &context, quick()).await.unwrap_err();
    assert!(matches!(error, ExecError::Command));
}

#[tokio::test]
async fn a_driver_is_described_without_settings() {
    let context = context(std::sync::Arc::new(Told::default()));
    let manifest = ExecDriver::describe("child", &command("refusing"), &context, quick()).await.unwrap();
    assert_eq!((manifest.name.as_str(), manifest.secrets), ("child", vec!["/password".to_owned()]));
}

#[tokio::test]
async fn a_driver_that_is_up_is_not_disabled_and_shows_its_manifest() {
    let child = start("well", quick()).await;
    assert_eq!(child.driver.disabled(), None);
    assert_eq!(child.driver.manifest().schemes, ["child"]);
}
