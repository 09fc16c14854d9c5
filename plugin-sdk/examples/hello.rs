//! A whole driver: `hello:NAME` greets NAME with each message, in a file.
//!
//! ```toml
//! [drivers.hello]
//! file = "/var/log/greetings"
//! ```

use std::{fs::File, io::Write, path::PathBuf};

use nuncio_plugin_sdk::{
    Context, Deserialize, Driver, JsonSchema, Notice, Outcomes, Plugin, Refusal, Report, Scope,
    SettingsError, async_trait, register_driver,
};

/// `[drivers.hello]`
#[derive(Deserialize, JsonSchema)]
#[serde(crate = "nuncio_plugin_sdk::serde", deny_unknown_fields)]
#[schemars(crate = "nuncio_plugin_sdk::schemars")]
struct Settings {
    /// Where the greetings go.
    file: PathBuf,
}

/// Greets.
struct Hello(File);

#[async_trait]
impl Driver for Hello {
    async fn deliver(&self, notice: &Notice<'_>) -> Outcomes {
        let name = notice.uri.canonical().trim_start_matches("hello:");
        let line = format!("{} Hello {name}! {}\n", notice.id, notice.content.text.escape_debug());
        match (&self.0).write_all(line.as_bytes()) {
            Ok(()) => Report::delivered().into(),
            Err(error) => Report::deferred(Scope::Destination, format!("cannot greet: {error}")).into(),
        }
    }
}

impl Plugin for Hello {
    const NAME: &'static str = "hello";
    const SCHEMES: &'static [&'static str] = &["hello"];
    const TITLE: &'static str = "Greets in a file";
    type Settings = Settings;

    fn new(settings: Settings, _: &Context) -> Result<Self, SettingsError> {
        let file = File::options().append(true).create(true).open(&settings.file);
        Ok(Self(file.map_err(|error| Refusal::new("/file", error.to_string()))?))
    }
}

register_driver!(Hello);
