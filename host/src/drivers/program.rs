//! A driver that is a program is started.

use std::{sync::Arc, time::Duration};

use nuncio_core::{Context, Driver, Manifest};
use nuncio_plugin_loader::{ExecDriver, ExecError, ExecOptions};
use serde_json::Value;

use crate::clock::System;

/// What a program that is only looked at has for an attempt, and to end.
const PATIENCE: Duration = Duration::from_secs(5);

/// Starts the program `command` as the driver `name` and hears what it says of itself; it may hold `slots` notices.
///
/// # Errors
/// Why it cannot be used: it does not start, says nothing, or refuses `settings`.
pub(super) async fn start(
    name: &str,
    command: &[String],
    settings: Value,
    context: &Context,
    slots: u32,
) -> Result<(Manifest, Arc<dyn Driver>), ExecError> {
    let mut options = ExecOptions::default();
    options.in_flight = slots;
    let driver = ExecDriver::start(name, command, settings, context, options).await?;
    Ok((driver.manifest().clone(), driver))
}

/// Starts the program `command` as the driver `name`, hears what it says of itself, with `settings` also whether it takes them, and ends
/// it again.
///
/// # Errors
/// As a host would refuse it.
pub(crate) async fn try_program(
    name: &str,
    command: &[String],
    settings: Option<Value>,
) -> Result<Manifest, ExecError> {
    let context = Context::new(Arc::new(System), Arc::default(), PATIENCE);
    let Some(settings) = settings else {
        return ExecDriver::describe(name, command, &context, ExecOptions::default()).await;
    };
    let (manifest, driver) = start(name, command, settings, &context, 1).await?;
    driver.shutdown(PATIENCE).await;
    Ok(manifest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A driver of a few lines: it says hello, takes what it is given, and waits.
    fn program(hello: &str) -> Vec<String> {
        let script = format!("echo '{hello}'; while read line; do echo '{{\"type\":\"ready\"}}'; done");
        ["sh", "-c", &script].map(str::to_owned).to_vec()
    }

    #[tokio::test]
    async fn a_program_is_asked_what_it_is() {
        let hello = json!({
            "type": "hello", "protocol": 1,
            "manifest": {"name": "pager", "version": "2", "schemes": ["pager"]},
        });
        let described = try_program("pager", &program(&hello.to_string()), None).await.unwrap();
        assert_eq!((described.version.as_str(), &*described.schemes), ("2", &["pager".to_owned()][..]));
    }

    #[tokio::test]
    async fn one_that_is_not_there_is_said() {
        let absent = ["/nowhere/driver".to_owned()];
        let error = try_program("pager", &absent, None).await.unwrap_err().to_string();
        assert!(error.contains("/nowhere/driver"), "{error}");
    }
}
