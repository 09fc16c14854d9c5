//! A driver behind tests/exec/child.py, and the notices that it is given.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use nuncio_core::{
    Clock, Context, Driver, HostCalls, Notice, Options, Outcomes, Recipient, Report, SubscriberUri,
    net::Policy,
    wire::{Device, DeviceCall, Metric, Receipt},
};
use nuncio_plugin_loader::{ExecDriver, ExecError, ExecOptions, exec::Backoff};
use serde_json::{Value, json};
use tempfile::TempDir;

/// How long anything that must happen may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A clock that stands.
#[derive(Debug)]
pub(crate) struct Still;

impl Clock for Still {
    fn now_ms(&self) -> i64 {
        0
    }
}

/// A host that keeps what it is told.
#[derive(Debug, Default)]
pub(crate) struct Told(pub(crate) Mutex<Vec<String>>);

#[async_trait]
impl HostCalls for Told {
    fn metric(&self, metric: Metric) {
        self.0.lock().unwrap().push(format!("{} {}", metric.name, metric.value));
    }

    fn receipt(&self, receipt: Receipt) {
        self.0.lock().unwrap().push(format!("{} {:?}", receipt.provider_id, receipt.outcome));
    }

    async fn device(&self, call: DeviceCall) -> Result<Option<Device>, String> {
        // Not at once: the process is listened to meanwhile.
        tokio::task::yield_now().await;
        match call.project.as_str() {
            "busy" => Err("the store is busy".to_owned()),
            project => Ok(Some(Device::new("child", format!("{} of {project}", call.device)))),
        }
    }
}

pub(crate) fn context(host: Arc<dyn HostCalls>) -> Context {
    Context::new(Arc::new(Still), Arc::new(Policy::default()), Duration::from_secs(30)).with_host(host)
}

/// Waits of a few milliseconds between two lives.
pub(crate) fn quick() -> ExecOptions {
    let mut options = ExecOptions::default();
    options.backoff =
        Backoff { first: Duration::from_millis(5), most: Duration::from_millis(20), ..Backoff::default() };
    options
}

/// A driver behind a child, and the folder where the child keeps its notes.
pub(crate) struct Child {
    pub(crate) driver: Arc<ExecDriver>,
    pub(crate) told: Arc<Told>,
    folder: TempDir,
}

/// The command of child.py that behaves as `how` says.
pub(crate) fn command(how: &str) -> Vec<String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exec/child.py");
    ["python3", script.to_str().unwrap(), how].map(str::to_owned).to_vec()
}

/// Tries to start a child that behaves as `how` says.
pub(crate) async fn try_start(
    how: &str,
    mut settings: Value,
    options: ExecOptions,
) -> Result<Child, ExecError> {
    let folder = TempDir::new().unwrap();
    settings["folder"] = json!(folder.path());
    let told = Arc::new(Told::default());
    let driver = ExecDriver::start("child", &command(how), settings, &context(told.clone()), options).await?;
    Ok(Child { driver, told, folder })
}

/// A child that behaves as `how` says.
pub(crate) async fn start(how: &str, options: ExecOptions) -> Child {
    try_start(how, json!({}), options).await.unwrap()
}

impl Child {
    /// Gives it a notice of `text` with the delivery id `id`, and waits for what becomes of it.
    pub(crate) async fn page(&self, id: &str, text: &str) -> Report {
        self.pages(id, text, 1).await.of(0)
    }

    /// Gives it a notice of the project `name` that makes it ask for a device, and waits for what it was answered.
    pub(crate) async fn asks(&self, name: &str) -> String {
        let (uri, options, recipients) = (uri("child:a"), Options::default(), [Recipient::new(0, "a")]);
        let mut notice = Notice::new("d", &uri, &recipients, &options);
        notice.content.text = "device";
        notice.meta.project = name;
        let outcomes = tokio::time::timeout(PATIENCE, self.driver.deliver(&notice)).await;
        outcomes.expect("an outcome in time").of(0).reason
    }

    /// The same with so many recipients.
    pub(crate) async fn pages(&self, id: &str, text: &str, recipients: u32) -> Outcomes {
        let addresses: Vec<_> = (0..recipients).map(|index| Recipient::new(index, "a")).collect();
        let (uri, options) = (uri("child:a"), Options::default());
        let mut notice = Notice::new(id, &uri, &addresses, &options);
        notice.content.text = text;
        tokio::time::timeout(PATIENCE, self.driver.deliver(&notice)).await.expect("an outcome in time")
    }

    /// What the child noted, line by line.
    pub(crate) fn notes(&self) -> Vec<String> {
        let notes = fs::read_to_string(self.file("notes")).unwrap_or_default();
        notes.lines().map(str::to_owned).collect()
    }

    /// Waits until the child has noted a line that begins with `beginning`, and gives the line.
    pub(crate) async fn noted(&self, beginning: &str) -> String {
        until(|| self.notes().into_iter().find(|line| line.starts_with(beginning))).await
    }

    /// The process that runs now.
    pub(crate) fn pid(&self) -> String {
        let notes = self.notes();
        let born = notes.iter().rev().find_map(|line| line.strip_prefix("born "));
        born.expect("it was born").to_owned()
    }

    /// Waits until it can deliver.
    pub(crate) async fn up(&self) {
        until(|| self.driver.disabled().is_none().then_some(())).await;
    }

    /// A file in its folder.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

pub(crate) fn uri(text: &str) -> SubscriberUri {
    SubscriberUri::parse(text).unwrap()
}

/// Waits until `found` finds something: what another process does cannot be awaited.
pub(crate) async fn until<T>(mut found: impl FnMut() -> Option<T>) -> T {
    let search = async {
        loop {
            if let Some(found) = found() {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, search).await.expect("it happens in time")
}

/// Whether there is a process `pid` that has not ended.
pub(crate) fn alive(pid: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with(['Z', 'X']))
}
