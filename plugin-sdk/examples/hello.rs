//! A whole driver: `hello:NAME` greets NAME with each message, on stdout or into a file.
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
    /// Where the greetings go; stdout when absent.
    file: Option<PathBuf>,
}

/// Greets.
struct Hello(Option<PathBuf>);

#[async_trait]
impl Driver for Hello {
    async fn deliver(&self, notice: &Notice<'_>) -> Outcomes {
        let name = notice.uri.canonical().trim_start_matches("hello:");
        let line = format!("{} Hello {name}! {}\n", notice.id, notice.content.text.escape_debug());
        let written = match &self.0 {
            Some(path) => {
                File::options().append(true).open(path).and_then(|mut file| file.write_all(line.as_bytes()))
            }
            None => std::io::stdout().write_all(line.as_bytes()),
        };
        let failed = |error| Report::deferred(Scope::Destination, format!("cannot greet: {error}"));
        written.map_or_else(failed, |()| Report::delivered()).into()
    }
}

impl Plugin for Hello {
    const NAME: &'static str = "hello";
    const SCHEMES: &'static [&'static str] = &["hello"];
    const TITLE: &'static str = "Greets on stdout or into a file";
    type Settings = Settings;

    fn new(settings: Settings, _: &Context) -> Result<Self, SettingsError> {
        if let Some(path) = &settings.file {
            File::options()
                .append(true)
                .create(true)
                .open(path)
                .map_err(|e| Refusal::new("/file", e.to_string()))?;
        }
        Ok(Self(settings.file))
    }
}

register_driver!(Hello);
