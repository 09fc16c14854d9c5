//! The program put together: start, serve, stop.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use nuncio_core::Refusal;
use tokio::{
    sync::{broadcast, mpsc},
    task::JoinHandle,
    time::Instant,
};

use crate::{
    access,
    api::{self, Face},
    assembly::{COMMITS, Opened, assemble},
    config::{Config, ConfigError},
    delivery::{Observed, Work},
    door::{Door, bound},
    jobs::Jobs,
    numbers::bounds,
    reload::{Reload, ReloadError, Reloaded, Reread},
    render::RenderError,
    retention,
    signals::{Signal, Signals},
    storage::{Committed, Store, StoreError, sqlite},
    telemetry,
    tenants::Tenants,
    tls::{self, Certificates},
};

/// What drivers get at least of the grace, also when deliveries have used it up.
const FAREWELL: Duration = Duration::from_secs(1);

/// Why the host does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}; is another program there? Change {key}")]
    Listen {
        /// The key that says it.
        key: &'static str,
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
    /// A driver of this program cannot be made, or a section of the configuration belongs to none.
    #[error(transparent)]
    Drivers(#[from] ConfigError),
    /// A template does not compile.
    #[error("[templates] {0}")]
    Templates(#[from] RenderError),
    /// The default retry policy is wrong.
    #[error("[delivery] retry: {0}")]
    Retry(Refusal),
    /// The store cannot be opened.
    #[error(transparent)]
    Open(#[from] sqlite::OpenError),
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Clients cannot be told apart.
    #[error(transparent)]
    Access(#[from] access::StartError),
    /// The listener's certificates cannot be used.
    #[error(transparent)]
    Tls(#[from] tls::TlsError),
    /// Metrics cannot be collected.
    #[error("metrics cannot be collected: {0}")]
    Metrics(#[from] metrics_exporter_prometheus::BuildError),
}

/// A running host.
pub struct Host {
    address: SocketAddr,
    sockets: Option<SocketAddr>,
    grace: Duration,
    work: Arc<Work>,
    jobs: Arc<Jobs>,
    store: Arc<dyn Store>,
    reload: Arc<Reload>,
    retention: JoinHandle<()>,
    tenants: Arc<Tenants>,
    writing: JoinHandle<()>,
    face: Face,
    doors: Vec<Door>,
}

impl Host {
    /// Starts a host: opens the store, recovers, delivers, listens.
    ///
    /// # Errors
    /// When a part of the configuration cannot be used, or the store cannot be opened.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        Self::start_with(config, None).await
    }

    /// As [`start`](Self::start), of a host that can read its configuration again.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn start_with(config: Config, reread: Option<Reread>) -> Result<Self, StartError> {
        Self::start_on(config, reread, None).await
    }

    /// As [`start`](Self::start), over a store of the caller's, who is given where it publishes its commits.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn start_over(
        config: Config,
        store: impl FnOnce(mpsc::Sender<Committed>) -> Arc<dyn Store>,
    ) -> Result<Self, StartError> {
        let (published, commits) = mpsc::channel(COMMITS);
        let store = store(published);
        Self::start_on(config, None, Some(Opened { store, commits })).await
    }

    async fn start_on(
        config: Config,
        reread: Option<Reread>,
        opened: Option<Opened>,
    ) -> Result<Self, StartError> {
        let listen = config.http.listen;
        let http = bound("[http] listen", listen).await?;
        let sockets = match config.websocket.listen.filter(|_| config.websocket.enabled) {
            Some(address) => Some(bound("[websocket] listen", address).await?),
            None => None,
        };
        let (grace, bounds) = (config.delivery.shutdown_grace, bounds(&config));
        let (settled, bounded) = (config.retention.settled, config.storage.max_bytes > 0);
        let certificates = config.http.tls.as_ref().map(Certificates::read).transpose()?;
        let acceptor = certificates.as_ref().map(Certificates::acceptor).transpose()?;
        let face = Box::pin(assemble(config, telemetry::metrics()?, reread, opened)).await?;
        let tenants = Arc::clone(&face.tenants);
        if let Some(certificates) = certificates {
            face.reload.also(certificates);
        }
        let writing = tenants.writing();
        let (work, store) = (Arc::clone(&face.delivery), Arc::clone(&face.store));
        let (jobs, reload) = (Arc::clone(&face.jobs), Arc::clone(&face.reload));
        let retention = tokio::spawn(retention::run(Arc::clone(&store), settled, bounded));
        let mut doors = vec![Door::open(http, acceptor.clone(), api::router(face.clone()), bounds)];
        doors.extend(sockets.map(|bound| Door::open(bound, acceptor, api::sockets(face.clone()), bounds)));
        let address = doors.first().map_or(listen, |door| door.address);
        let sockets = doors.get(1).map(|door| door.address);
        Ok(Self {
            address,
            sockets,
            grace,
            work,
            jobs,
            store,
            reload,
            retention,
            tenants,
            writing,
            face,
            doors,
        })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where WebSocket listens by itself.
    #[must_use]
    pub const fn websocket_address(&self) -> Option<SocketAddr> {
        self.sockets
    }

    /// What the routes stand on.
    #[cfg(test)]
    pub(crate) const fn face(&self) -> &Face {
        &self.face
    }

    /// Finished attempts as they happen; a reader that is slow misses some.
    #[must_use]
    pub fn observe(&self) -> broadcast::Receiver<Observed> {
        self.work.observe()
    }

    /// Stops gracefully: answers what it has taken, lets attempts end within the grace, writes everything down.
    pub async fn stop(mut self) {
        let began = Instant::now();
        self.retention.abort();
        self.writing.abort();
        let doors = std::mem::take(&mut self.doors);
        let closed = futures_util::future::join_all(doors.into_iter().map(|door| door.close(self.grace)));
        tokio::join!(closed, self.face.sessions.stop(self.grace));
        self.tenants.write().await;
        self.jobs.stop().await;
        self.work.stop(self.grace).await;
        let left = self.grace.saturating_sub(began.elapsed());
        self.reload.stop(left.max(FAREWELL.min(self.grace))).await;
        self.store.close().await;
    }

    /// Reads the configuration again and applies what can change.
    ///
    /// # Errors
    /// Why nothing was changed.
    pub async fn reload(&self) -> Result<Reloaded, ReloadError> {
        Arc::clone(&self.reload).again().await
    }
}

/// Runs a host until SIGTERM or SIGINT, then stops it gracefully; SIGHUP has it read its configuration again.
/// `ready` is told where it listens.
///
/// # Errors
/// Why the host did not start.
pub async fn serve(
    config: Config,
    reread: Option<Reread>,
    ready: impl FnOnce(SocketAddr),
) -> Result<(), StartError> {
    let mut signals = Signals::catch();
    let host = Host::start_with(config, reread).await?;
    if let Some(address) = host.websocket_address() {
        tracing::info!(%address, "WebSocket has a listener of its own");
    }
    ready(host.address());
    while signals.next().await == Signal::Reload {
        if let Err(error) = host.reload().await {
            tracing::error!(%error, "nothing was changed");
        }
    }
    tracing::info!("stopping: what is in flight may end, everything is written down");
    host.stop().await;
    tracing::info!("stopped");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drivers::stranger::Stranger;

    #[tokio::test]
    async fn a_host_that_stops_shuts_its_drivers_down() {
        let stranger = Stranger::new();
        let store = stranger.path().join("nuncio.db");
        stranger.write(&format!(
            "[http]\nlisten = \"127.0.0.1:0\"\n[storage]\nurl = \"sqlite:{}\"\n{}",
            store.display(),
            stranger.exec("scribe", &["scribe"])
        ));
        let host = Host::start(stranger.load()).await.unwrap();
        assert!(!stranger.left());
        host.stop().await;
        assert!(stranger.left());
    }

    #[tokio::test]
    async fn a_host_starts_without_a_foreign_driver_and_not_without_one_of_its_own() {
        let stranger = Stranger::new();
        let store = stranger.path().join("nuncio.db");
        let text = |rest: &str| {
            let store = store.display();
            format!("[http]\nlisten = \"127.0.0.1:0\"\n[storage]\nurl = \"sqlite:{store}\"\n{rest}")
        };
        // A scheme that only the missing driver would serve is no reason not to start either.
        let missing = "[notification]\nsubscriber_types = [\"gone\"]\n[[libraries]]\npath = \"gone.so\"\n";
        stranger.write(&text(missing));
        Host::start(stranger.load()).await.unwrap().stop().await;
        stranger.write(&text("[drivers.log]\nloft = 1\n"));
        let error = Host::start(stranger.load()).await.err().unwrap().to_string();
        assert!(error.contains("[drivers.log] loft"), "{error}");
    }
}
