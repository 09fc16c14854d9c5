//! A driver that is a child process.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use futures_util::{StreamExt as _, stream::FuturesUnordered};
use nuncio_core::{
    Batch, Checked, Context, Driver, Manifest, Notice, Options, Outcomes, Refusal, Report, Scope,
    SubscriberUri,
    notice_json::NoticeJson,
    wire::{Answer, CheckCall, Device, Inbound, RenderAnswer},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use tokio::{sync::watch, task::JoinHandle};

use super::{
    calls::Unanswered,
    error::ExecError,
    handshake::Birth,
    life::{AGAIN, Life},
    masks::of_notice,
    message::Blob,
    options::ExecOptions,
    running::Wish,
    spawner::Spawner,
    state::State,
    supervisor::{Alive, ENDED, Supervisor},
    suspects::Suspects,
};

/// What a driver may take for its end beyond the grace: to be killed and reaped.
const REAPING: Duration = Duration::from_secs(3);

/// A driver that is a child process. Dropped, it is killed.
pub struct ExecDriver {
    manifest: Arc<Manifest>,
    slots: u32,
    state: Arc<State>,
    wish: watch::Sender<Wish>,
    supervisor: Mutex<Option<JoinHandle<()>>>,
}

impl fmt::Debug for ExecDriver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExecDriver").field("name", &self.manifest.name).finish_non_exhaustive()
    }
}

impl ExecDriver {
    /// Starts `command` (a program and its arguments, no shell) as the driver `name` with `settings`, whose secrets
    /// are resolved, and waits until it is ready and has said whether it is disabled. It is started anew whenever it
    /// dies.
    ///
    /// # Errors
    /// What is wrong with the command, its manifest or the settings; nothing runs then.
    pub async fn start(
        name: &str,
        command: &[String],
        settings: Value,
        context: &Context,
        options: ExecOptions,
    ) -> Result<Arc<Self>, ExecError> {
        let birth = birth(name, command, settings, context, options)?;
        let greeted = Box::pin(birth.start()).await?;
        let (manifest, suspects) = (Arc::new(greeted.manifest.clone()), Arc::new(Suspects::default()));
        let first = Alive::of(greeted, &birth, &manifest, &suspects);
        let (life, patience) = (Arc::clone(&first.life), birth.options.call);
        let state = Arc::new(State::up(Arc::clone(&first.life)));
        let (wish, wished) = watch::channel(Wish::Live);
        let slots = birth.options.slots();
        let supervisor = Supervisor {
            birth,
            manifest: Arc::clone(&manifest),
            suspects,
            state: Arc::clone(&state),
            wish: wished,
        };
        let supervisor = Mutex::new(Some(tokio::spawn(supervisor.run(first))));
        let driver = Arc::new(Self { manifest, slots, state, wish, supervisor });
        if tokio::time::timeout(patience, life.first_word()).await.is_err() {
            tracing::warn!(driver = name, "the driver did not say whether it is disabled");
        }
        Ok(driver)
    }

    /// Starts `command`, reads what the driver `name` says of itself, and ends it. No settings are needed.
    ///
    /// # Errors
    /// What is wrong with the command or its manifest.
    pub async fn describe(
        name: &str,
        command: &[String],
        context: &Context,
        options: ExecOptions,
    ) -> Result<Manifest, ExecError> {
        let birth = birth(name, command, Value::Null, context, options)?;
        Ok(Box::pin(birth.greet()).await?.manifest)
    }

    /// What the driver says of itself.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Asks the process, if it answers `method` at all.
    async fn ask<T: DeserializeOwned>(&self, method: &str, json: impl Serialize, blob: &[u8]) -> Asked<T> {
        if !self.manifest.has(method) {
            return Asked::Unsupported;
        }
        let life = match self.state.life() {
            Ok(life) => life,
            Err(reason) => return Asked::Refused(unable(&reason)),
        };
        let json = match serde_json::to_value(json) {
            Ok(json) => json,
            Err(error) => return Asked::Refused(unable(&error.to_string())),
        };
        match life.call(method, json, Blob(blob.to_vec())).await {
            Ok((json, blob)) => match serde_json::from_value(json) {
                Ok(answer) => Asked::Answer(answer, blob, life),
                Err(error) => Asked::Refused(unable(&format!("its answer to `{method}`: {error}"))),
            },
            Err(Unanswered::Unsupported) => Asked::Unsupported,
            Err(Unanswered::Invalid(refusals)) => Asked::Refused(shown(&life, refusals)),
            Err(Unanswered::Failed(why)) => Asked::Refused(unable(&life.hearing.masked(&why))),
        }
    }

    /// Gives `notices` to the process that there is now.
    async fn submit(&self, notices: &[Notice<'_>]) -> Result<Vec<super::life::Flying>, Report> {
        let down = |reason| Report::deferred(Scope::Account, reason).retry_after(AGAIN);
        self.state.life().map_err(down)?.submit(notices).await
    }
}

fn birth(
    name: &str,
    command: &[String],
    settings: Value,
    context: &Context,
    options: ExecOptions,
) -> Result<Birth, ExecError> {
    let failed = |source| ExecError::Start { program: command.first().cloned().unwrap_or_default(), source };
    let spawner = Spawner::new().map_err(failed)?;
    let (name, command) = (name.to_owned(), command.to_vec());
    Ok(Birth { name, command, settings, context: context.clone(), options, spawner })
}

/// What came of a question.
enum Asked<T> {
    Answer(T, Blob, Arc<Life>),
    Unsupported,
    Refused(Refusal),
}

fn unable(why: &str) -> Refusal {
    Refusal::new("driver", format!("the driver's process gave no answer: {why}")).fix("try again in a moment")
}

/// The first of `refusals`, without secrets; the trait has room for one.
fn shown(life: &Life, refusals: Vec<Refusal>) -> Refusal {
    let first = refusals.into_iter().next().unwrap_or_else(|| Refusal::new("driver", "it gave no reason"));
    life.hearing.masks().refusal(&first)
}

#[async_trait]
impl Driver for ExecDriver {
    async fn deliver(&self, notice: &Notice<'_>) -> Outcomes {
        match self.submit(std::slice::from_ref(notice)).await {
            Ok(mut flying) => match flying.pop() {
                Some(flying) => flying.ended().await,
                None => Report::deferred(Scope::Account, ENDED).into(),
            },
            Err(report) => report.into(),
        }
    }

    async fn deliver_batch(&self, batch: &Batch<'_>) {
        let mut open = FuturesUnordered::new();
        let size = self.slots.min(self.manifest.limits.batch.max(1)) as usize;
        let mut position = 0;
        for notices in batch.notices().chunks(size) {
            match self.submit(notices).await {
                Ok(flying) => {
                    for (n, one) in flying.into_iter().enumerate() {
                        let place = position + n;
                        open.push(async move { (place, one.ended().await) });
                    }
                }
                Err(report) => {
                    (position..position + notices.len())
                        .for_each(|place| batch.settle(place, report.clone()));
                }
            }
            position += notices.len();
        }
        while let Some((place, outcomes)) = open.next().await {
            batch.settle(place, outcomes);
        }
    }

    async fn check(&self, uri: &SubscriberUri, options: &Options) -> Result<Checked, Refusal> {
        match self.ask::<Checked>("check", CheckCall::new(uri.canonical(), options.clone()), &[]).await {
            Asked::Answer(mut checked, _, life) => {
                checked.redacted = life.hearing.masked(&checked.redacted);
                Ok(checked)
            }
            Asked::Unsupported => Ok(Checked::of(uri)),
            Asked::Refused(refusal) => Err(refusal),
        }
    }

    fn disabled(&self) -> Option<String> {
        match self.state.life() {
            Ok(life) => life.disabled(),
            Err(reason) => Some(reason),
        }
    }

    async fn render(&self, notice: &Notice<'_>) -> Result<String, Refusal> {
        match self.ask::<RenderAnswer>("render", NoticeJson::of(notice), &[]).await {
            Asked::Answer(answer, _, life) => {
                let own = of_notice(notice, &self.manifest.option_secrets);
                Ok(life.hearing.masks().whole(&answer.text, &own))
            }
            Asked::Unsupported => Ok(format!("{}\n\n{}", notice.content.subject, notice.content.text)),
            Asked::Refused(refusal) => Err(refusal),
        }
    }

    async fn receive(&self, request: &Inbound, body: &[u8]) -> Result<Answer, Refusal> {
        match self.ask::<Answer>("receive", request, body).await {
            Asked::Answer(mut answer, blob, life) => {
                answer.body = blob.0;
                for receipt in &mut answer.receipts {
                    receipt.reason = life.hearing.masked(&receipt.reason);
                }
                Ok(answer)
            }
            Asked::Unsupported => Err(Refusal::new("inbound", "this driver takes no inbound requests")),
            Asked::Refused(refusal) => Err(refusal),
        }
    }

    async fn check_device(&self, device: Device) -> Result<Device, Refusal> {
        match self.ask::<Device>("check_device", &device, &[]).await {
            Asked::Answer(device, _, _) => Ok(device),
            Asked::Unsupported => Ok(device),
            Asked::Refused(refusal) => Err(refusal),
        }
    }

    async fn shutdown(&self, grace: Duration) {
        self.wish.send_replace(Wish::End(grace));
        let supervisor = self.supervisor.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(supervisor) = supervisor
            && tokio::time::timeout(grace + REAPING, supervisor).await.is_err()
        {
            tracing::error!(driver = self.manifest.name, "the driver's process could not be ended in time");
        }
        self.state.fall(ENDED);
    }
}
