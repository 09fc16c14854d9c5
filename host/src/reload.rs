//! Changed settings while the host runs: the configuration is read again and what can change does.

use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};

use nuncio_core::Switchboard;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::Mutex;

use crate::{
    config::{Config, ConfigError, Template, keys},
    delivery::Work,
    drivers::{Change, Roster, dismiss, retire, wipe},
    tenants::Quotas,
    tls::Certificates,
};

/// Reads the configuration again, as it was read at the start.
pub type Reread = Arc<dyn Fn() -> Result<Config, ConfigError> + Send + Sync>;

/// Keys that hold for new instances of drivers or for the next request, so that they apply without a restart.
const APPLIED: [&str; 10] = [
    "delivery.allow_networks",
    "delivery.allow_hosts",
    "limits.requests_per_second",
    "limits.messages_per_second",
    "limits.websocket_connections",
    "limits.queues",
    "limits.subscriptions",
    "limits.devices",
    "limits.stored_messages",
    "limits.stored_bytes",
];

/// What reading the configuration again came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Reloaded {
    /// What changed.
    pub applied: Vec<Change>,
    /// What stays as it was or is left out, and why.
    pub kept: Vec<String>,
    /// Keys whose new value holds from the next start on.
    pub restart: Vec<String>,
}

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReloadError {
    /// The host was not started from a file and variables.
    #[error("this host was started without a configuration that could be read again")]
    Fixed,
    /// The configuration is wrong.
    #[error("the configuration stays as it was:\n{0}")]
    Config(#[from] ConfigError),
    /// The host stops.
    #[error("the host is stopping")]
    Stopping,
}

/// The drivers of a running host, and how they change.
pub struct Reload {
    reread: Option<Reread>,
    board: Switchboard,
    delivery: Arc<Work>,
    grace: Duration,
    /// What the host runs on.
    running: Running,
    /// None once the host stops.
    roster: Mutex<Option<Roster>>,
    /// What projects may take, which a reload changes.
    quotas: Arc<Quotas>,
    /// The listener's, which are read again too; none with plain HTTP.
    certificates: OnceLock<Arc<Certificates>>,
}

impl fmt::Debug for Reload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reload").field("board", &self.board).finish_non_exhaustive()
    }
}

/// What the host started with and keeps until it stops.
struct Running {
    values: Value,
    templates: std::collections::BTreeMap<String, Template>,
}

impl Reload {
    /// For a host that runs on `config` with the drivers of `roster`.
    #[must_use]
    pub fn new(
        config: &Config,
        roster: Roster,
        reread: Option<Reread>,
        board: Switchboard,
        (delivery, quotas): (Arc<Work>, Arc<Quotas>),
    ) -> Arc<Self> {
        let running = Running { values: config.values.clone(), templates: config.templates.clone() };
        let grace = config.delivery.shutdown_grace;
        let roster = Mutex::new(Some(roster));
        let certificates = OnceLock::new();
        Arc::new(Self { reread, board, delivery, grace, running, roster, quotas, certificates })
    }

    /// Reads `certificates` again as well.
    pub(crate) fn also(&self, certificates: Arc<Certificates>) {
        self.certificates.get_or_init(|| certificates);
    }

    /// Reads the configuration again and applies what can change. Goes on when nobody waits for it any more.
    ///
    /// # Errors
    /// Why nothing was changed.
    pub async fn again(self: Arc<Self>) -> Result<Reloaded, ReloadError> {
        let task = tokio::spawn(async move { self.apply().await });
        task.await.unwrap_or(Err(ReloadError::Stopping))
    }

    async fn apply(&self) -> Result<Reloaded, ReloadError> {
        let reread = self.reread.clone().ok_or(ReloadError::Fixed)?;
        let mut held = self.roster.lock().await;
        let before = held.as_ref().ok_or(ReloadError::Stopping)?;
        let read = tokio::task::spawn_blocking(move || reread()).await;
        let mut config = read.map_err(|_| ReloadError::Stopping)??;
        let next = before.follow(&config).await;
        wipe(&mut config);
        let mut errors = next.errors().to_vec();
        errors.extend(crate::served::unserved(&config, next.dispatcher()));
        if !errors.is_empty() {
            dismiss(next.without(before), self.grace).await;
            return Err(ConfigError(errors).into());
        }
        self.quotas.change(config.limits.quota, config.tenants.clone());
        let certificates = self.certificates.get().and_then(|files| files.again().err());
        let kept = next.kept().iter().chain(next.refusals()).map(ToString::to_string);
        let reloaded = Reloaded {
            applied: next.changes(before),
            kept: kept.chain(certificates.map(|error| error.to_string())).collect(),
            restart: self.restart(&config, &next),
        };
        let leaving = before.without(&next);
        drop(self.board.switch(next.dispatcher().clone()));
        *held = Some(next);
        self.delivery.drivers_changed(config.rates).await;
        for entry in leaving {
            tokio::spawn(retire(entry, self.grace));
        }
        reloaded.tell();
        Ok(reloaded)
    }

    fn restart(&self, config: &Config, next: &Roster) -> Vec<String> {
        let pointer = |name: &str| format!("/{}", name.replace('.', "/"));
        let changed =
            |name: &str| self.running.values.pointer(&pointer(name)) != config.values.pointer(&pointer(name));
        let names = keys().iter().map(|key| key.name);
        let mut all: Vec<_> =
            names.filter(|name| !APPLIED.contains(name) && changed(name)).map(str::to_owned).collect();
        if self.running.templates != config.templates {
            all.push("templates".to_owned());
        }
        all.extend_from_slice(next.restart());
        all
    }

    /// Shuts all drivers down, all at once, and takes no new configuration from now on.
    pub async fn stop(&self, grace: Duration) {
        // A reload that is under way may hang in a constructor: the host stops all the same.
        let Ok(mut roster) = tokio::time::timeout(grace, self.roster.lock()).await else {
            tracing::error!("a reload does not end: drivers are left behind");
            return;
        };
        if let Some(roster) = roster.take() {
            dismiss(roster.dispatcher().entries().to_vec(), grace).await;
        }
    }
}

impl Reloaded {
    fn tell(&self) {
        for kept in &self.kept {
            tracing::error!(why = kept, "something was not changed");
        }
        let applied: Vec<_> = self.applied.iter().map(ToString::to_string).collect();
        let (applied, restart) = (applied.join(", "), self.restart.join(", "));
        tracing::info!(applied, restart, "the configuration was read again");
    }
}
