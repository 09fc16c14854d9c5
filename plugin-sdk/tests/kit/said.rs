//! Drivers that cannot keep a secret.

use nuncio_plugin_sdk::{Notice, Outcomes, Refusal, async_trait};

use crate::{
    right::Right,
    twist::{Twist, breaks, twist},
};

/// Shows its token in a dry run.
#[derive(Default)]
struct Showing;
#[async_trait]
impl Twist for Showing {
    const NAME: &'static str = "showing";
    async fn render(&self, right: &Right, notice: &Notice<'_>) -> Result<String, Refusal> {
        Ok(right.render(notice)?.replace("***", &right.token))
    }
}
twist!(Showing);

/// Logs its options.
#[derive(Default)]
struct Logging;
#[async_trait]
impl Twist for Logging {
    const NAME: &'static str = "logging";
    async fn deliver(&self, right: &Right, notice: &Notice<'_>) -> Outcomes {
        tracing::debug!(options = ?notice.options, "delivering");
        right.deliver(notice).await
    }
}
twist!(Logging);

/// Names the whole URI when it fails.
#[derive(Default)]
struct Naming;
#[async_trait]
impl Twist for Naming {
    const NAME: &'static str = "naming";
    async fn deliver(&self, right: &Right, notice: &Notice<'_>) -> Outcomes {
        let mut report = right.deliver(notice).await.of(0);
        if !report.reason.is_empty() {
            report.reason = format!("{}: {}", notice.uri.canonical(), report.reason);
        }
        report.into()
    }
}
twist!(Naming);

#[test]
fn a_token_in_a_dry_run_is_seen() {
    breaks::<Showing>("secrets-hidden", &["the dry run: POST", "x-token: t0ken-of-the-kit"]);
}

#[test]
fn a_secret_option_in_the_log_is_seen() {
    breaks::<Logging>("secrets-hidden", &["the log: DEBUG kit::said", "pin-of-logging"]);
}

#[test]
fn a_password_of_a_uri_in_a_reason_is_seen() {
    breaks::<Naming>("secrets-hidden", &["the reason: acme://kit:nuncio-kit-password@"]);
}
