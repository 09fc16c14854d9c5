//! The beginning of a life: hello, settings, ready.

use std::{sync::Arc, time::Duration};

use nuncio_core::{Context, Manifest, SettingsError};
use serde_json::{Map, Value};
use tokio::{io::AsyncWriteExt as _, process::ChildStdin};
use zeroize::Zeroizing;

use super::{
    command::build,
    error::ExecError,
    hearing::Hearing,
    masks::Masks,
    message::{FromChild, PROTOCOL, ToChild},
    options::ExecOptions,
    process::{Process, Started, Stdout, shown},
    read::{Foreign, read},
    spawner::Spawner,
};
use crate::{
    create::{envelope, scrub},
    open::sound,
    schema::validate,
};

/// All that the process of a driver is started with.
pub(super) struct Birth {
    pub(super) name: String,
    pub(super) command: Vec<String>,
    pub(super) settings: Value,
    pub(super) context: Context,
    pub(super) options: ExecOptions,
    pub(super) spawner: Spawner,
}

/// The settings are kept for the next life of the process, and no longer than that.
impl Drop for Birth {
    fn drop(&mut self) {
        scrub(&mut self.settings);
    }
}

/// A process that said hello.
pub(super) struct Greeted {
    pub(super) process: Process,
    pub(super) stdin: ChildStdin,
    pub(super) stdout: Stdout,
    pub(super) manifest: Manifest,
    pub(super) hearing: Arc<Hearing>,
}

impl Birth {
    /// Starts the process and waits for its hello.
    pub(super) async fn greet(&self) -> Result<Greeted, ExecError> {
        let command = build(&self.command, &self.options)?;
        let failed =
            |source| ExecError::Start { program: self.command.first().cloned().unwrap_or_default(), source };
        let hearing = Arc::new(Hearing::new(&self.name));
        let child = self.spawner.spawn(command).await.map_err(failed)?;
        let Started { mut process, stdin, mut stdout } =
            Started::of(child, Arc::clone(&hearing)).map_err(failed)?;
        let within = self.options.hello;
        let is_hello = |message: &FromChild| matches!(message, FromChild::Hello { .. });
        let manifest = match first(&mut process, &mut stdout, &hearing, within, is_hello).await {
            First::Said(FromChild::Hello { protocol: PROTOCOL, manifest }) => *manifest,
            First::Said(FromChild::Hello { protocol, .. }) => {
                return Err(ExecError::Protocol { theirs: protocol, ours: PROTOCOL });
            }
            First::Said(_) | First::Nothing => {
                return Err(ExecError::NoHello { within, words: hearing.last_words() });
            }
            First::Ended(how) => return Err(ExecError::Ended { how, words: hearing.last_words() }),
        };
        self.sound(&manifest)?;
        Ok(Greeted { process, stdin, stdout, manifest, hearing })
    }

    /// Starts the process, gives it its settings, and waits until it is ready.
    pub(super) async fn start(&self) -> Result<Greeted, ExecError> {
        let mut greeted = self.greet().await?;
        let Greeted { process, stdin, stdout, manifest, hearing } = &mut greeted;
        validate(&self.settings, &manifest.settings, &manifest.secrets)?;
        hearing.mask(Masks::of(&self.settings, &manifest.secrets));
        let within = self.options.ready;
        let create = self.create();
        let is_answer = |message: &FromChild| matches!(message, FromChild::Ready | FromChild::Refused { .. });
        let answer = async {
            // A process that ended says so by the end of its stdout.
            drop(stdin.write_all(&create).await);
            first(process, stdout, hearing, within, is_answer).await
        };
        let words = || hearing.last_words();
        match tokio::time::timeout(within, answer).await.unwrap_or(First::Nothing) {
            First::Said(FromChild::Ready) => {}
            First::Said(FromChild::Refused { errors }) => {
                let errors = errors.iter().map(|error| hearing.masks().refusal(error)).collect();
                return Err(SettingsError(errors).into());
            }
            First::Said(_) | First::Nothing => return Err(ExecError::NotReady { within, words: words() }),
            First::Ended(how) => return Err(ExecError::Ended { how, words: words() }),
        }
        Ok(greeted)
    }

    /// The line that carries the settings; it is wiped after use.
    fn create(&self) -> Zeroizing<Vec<u8>> {
        let settings =
            if self.settings.is_null() { Value::Object(Map::new()) } else { self.settings.clone() };
        let mut message = ToChild::Create { envelope: envelope(settings, &self.context, 1) };
        let mut line = Zeroizing::new(serde_json::to_vec(&message).unwrap_or_default());
        if let ToChild::Create { envelope } = &mut message {
            scrub(&mut envelope.driver);
        }
        line.push(b'\n');
        line
    }

    /// Whether the host can work with `manifest`, under the name that the configuration gives it.
    fn sound(&self, manifest: &Manifest) -> Result<(), ExecError> {
        sound(manifest).map_err(ExecError::Manifest)?;
        if manifest.name == self.name {
            return Ok(());
        }
        let (theirs, ours) = (&manifest.name, &self.name);
        Err(ExecError::Manifest(format!(
            "it calls itself `{theirs}`, the configuration calls it `{ours}`: use one name"
        )))
    }
}

/// What came first.
enum First {
    Said(FromChild),
    Ended(String),
    Nothing,
}

/// The first message that is `wanted`.
async fn first(
    process: &mut Process,
    stdout: &mut Stdout,
    hearing: &Hearing,
    within: Duration,
    wanted: fn(&FromChild) -> bool,
) -> First {
    let said = async {
        while let Ok(Some(line)) = stdout.next().await {
            let message = if line.cut { Err(too_long(line.bytes)) } else { read(line.bytes) };
            match message {
                Ok(message) if wanted(&message) => return Some(message),
                Ok(FromChild::Log { level, message, fields }) => hearing.log(level, &message, &fields),
                Ok(FromChild::Unknown) => {}
                Ok(_) => hearing.broken("a message that has no place before `ready`"),
                Err(foreign) => hearing.foreign(foreign),
            }
        }
        None
    };
    match tokio::time::timeout(within, said).await {
        Ok(Some(message)) => First::Said(message),
        Ok(None) => First::Ended(shown(process.wind_down(std::future::ready(())).await)),
        Err(_) => First::Nothing,
    }
}

/// A line beyond the limit.
pub(super) fn too_long(line: &[u8]) -> Foreign {
    Foreign::new(line, format!("longer than LINE_BYTES, {} MiB", super::options::LINE_BYTES >> 20))
}
