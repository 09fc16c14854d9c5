//! The driver.

use nuncio_plugin_sdk::{
    Context, Driver, Form, Limits, Notice, Outcomes, Plugin, Report, SettingsError, async_trait,
    register_driver,
};

use crate::line;

/// Writes notifications to the server's log, under the target `nuncio::notification`.
pub struct Log;

#[async_trait]
impl Driver for Log {
    async fn deliver(&self, notice: &Notice<'_>) -> Outcomes {
        let name = match notice.uri.form() {
            Form::Log(log) => log.target.as_str(),
            _ => "",
        };
        let subject = line::of(notice.content.subject);
        tracing::info!(
            target: "nuncio::notification",
            id = notice.id,
            attempt = notice.attempt,
            name,
            project = line::of(notice.meta.project),
            queue = line::of(notice.meta.queue),
            message_id = notice.meta.message,
            subject,
            text = line::of(notice.content.text),
            "{}",
            format!("[Notification] {subject}").trim_end()
        );
        Report::delivered().into()
    }
}

impl Plugin for Log {
    const NAME: &'static str = "log";
    const SCHEMES: &'static [&'static str] = &["log"];
    const TITLE: &'static str = "One structured line of the server's log";
    type Settings = ();

    fn limits() -> Limits {
        Limits::default().formats(&["subject", "text"])
    }

    fn new((): (), _: &Context) -> Result<Self, SettingsError> {
        Ok(Self)
    }
}

register_driver!(Log);
