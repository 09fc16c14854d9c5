//! A driver that does what its URI says: `fickle:ok`, `fickle:retry`, `fickle:second` (the second attempt succeeds),
//! `fickle:later` (at the second poll), `fickle:panic`, `fickle:tenth` (every tenth attempt
//! panics), `fickle:sleep` (for ever), `fickle:tell` (its password, in the reason and in the log).

use std::{
    fs::File,
    future::poll_fn,
    io::Write as _,
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering},
    task::Poll,
};

use nuncio_plugin_sdk::{
    Context, Deserialize, Driver, JsonSchema, Limits, Notice, Outcomes, Plugin, Refusal, Report, Scope,
    Secret, SettingsError, async_trait, register_driver,
};

/// `[drivers.fickle]`
#[derive(Default, Deserialize, JsonSchema)]
#[serde(crate = "nuncio_plugin_sdk::serde", deny_unknown_fields, default)]
#[schemars(crate = "nuncio_plugin_sdk::schemars")]
pub struct Settings {
    /// Where each delivery is written to: `NAME ID`.
    file: Option<PathBuf>,
    /// What stands before the id.
    name: String,
    /// Something that nobody may see.
    password: Option<Secret>,
    /// Whether making it panics.
    explode: bool,
}

/// Does what its URI says.
pub struct Fickle {
    settings: Settings,
    file: Option<File>,
    attempts: AtomicU64,
}

impl Fickle {
    fn is_tenth(&self) -> bool {
        self.attempts.fetch_add(1, Ordering::Relaxed) % 10 == 9
    }

    fn written(&self, notice: &Notice<'_>) -> Report {
        let Some(mut file) = self.file.as_ref() else { return Report::delivered() };
        let line = format!("{} {}\n", self.settings.name, notice.id);
        match file.write_all(line.as_bytes()) {
            Ok(()) => Report::delivered(),
            Err(error) => Report::deferred(Scope::Destination, error.to_string()),
        }
    }
}

/// Gives up its turn once.
async fn later() -> Report {
    let mut asked = false;
    poll_fn(|context| {
        if std::mem::replace(&mut asked, true) {
            return Poll::Ready(Report::delivered());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await
}

#[async_trait]
impl Driver for Fickle {
    async fn deliver(&self, notice: &Notice<'_>) -> Outcomes {
        let password = self.settings.password.as_ref().map_or("", |password| password.expose());
        match notice.uri.canonical().trim_start_matches("fickle:") {
            "retry" => Report::deferred(Scope::Recipient, "told to be asked again").into(),
            "second" if notice.attempt == 1 => Report::deferred(Scope::Recipient, "the first try").into(),
            "later" => later().await.into(),
            "panic" => panic!("told to panic"),
            "tenth" if self.is_tenth() => panic!("the tenth"),
            "sleep" => std::future::pending().await,
            "tell" => Report::deferred(Scope::Recipient, format!("the password is {password}")).into(),
            _ => self.written(notice).into(),
        }
    }
}

impl Plugin for Fickle {
    const NAME: &'static str = "fickle";
    const SCHEMES: &'static [&'static str] = &["fickle"];
    const TITLE: &'static str = "Does what its URI says";
    type Settings = Settings;

    fn limits() -> Limits {
        Limits::default().in_flight(512)
    }

    fn new(settings: Settings, _: &Context) -> Result<Self, SettingsError> {
        assert!(!settings.explode, "told to explode");
        let open = |path| File::options().append(true).create(true).open(path);
        let file = settings.file.as_ref().map(open).transpose();
        let file = file.map_err(|error| Refusal::new("/file", error.to_string()))?;
        Ok(Self { settings, file, attempts: AtomicU64::new(0) })
    }
}

register_driver!(Fickle);
