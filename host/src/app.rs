//! The program put together: start, serve, stop.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use metrics_exporter_prometheus::PrometheusHandle;
use nuncio_core::{Clock, PublicIds, Refusal, Switchboard, retry::Policy};
use tokio::{
    net::TcpListener,
    sync::{broadcast, mpsc, oneshot},
    task::JoinHandle,
    time::Instant,
};

use crate::{
    access::{self, Access},
    api::{self, Face, Shared},
    catalog::Catalog,
    clock::System,
    config::{Config, ConfigError},
    confirmation::Desk,
    delivery::{Observed, Parts, Work},
    drivers::{Roster, dismiss, wipe},
    intake::Intake,
    jobs::Jobs,
    listener,
    outlet::Outlet,
    reload::{Reload, ReloadError, Reloaded, Reread},
    render::{RenderError, Renderer},
    retention,
    served::unserved,
    signals::{Signal, Signals},
    signed::Signer,
    storage::{
        Committed, Store, StoreError,
        sqlite::{self, Sqlite},
    },
    telemetry,
    tenants::{Quotas, Tenants},
    tls::{self, Certificates},
};

/// Commits on their way from the writer to delivery: beyond it, the writer waits.
const COMMITS: usize = 256;

/// What drivers get at least of the grace, also when deliveries have used it up.
const FAREWELL: Duration = Duration::from_secs(1);

/// Why the host does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}; is another program there? Change [http] listen")]
    Listen {
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
    grace: Duration,
    work: Arc<Work>,
    jobs: Arc<Jobs>,
    store: Arc<dyn Store>,
    reload: Arc<Reload>,
    retention: JoinHandle<()>,
    tenants: Arc<Tenants>,
    writing: JoinHandle<()>,
    stop: Option<oneshot::Sender<()>>,
    server: JoinHandle<()>,
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
        let listen = |source| StartError::Listen { address: config.http.listen, source };
        let listener = TcpListener::bind(config.http.listen).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let (grace, bounds) = (config.delivery.shutdown_grace, bounds(&config));
        let (settled, bounded) = (config.retention.settled, config.storage.max_bytes > 0);
        let certificates = config.http.tls.as_ref().map(Certificates::read).transpose()?;
        let acceptor = certificates.as_ref().map(Certificates::acceptor).transpose()?;
        let face = assemble(config, telemetry::metrics()?, reread, opened).await?;
        let tenants = Arc::clone(&face.tenants);
        face.reload.also(certificates, Arc::clone(tenants.quotas()));
        let writing = tenants.writing();
        let (work, store) = (Arc::clone(&face.delivery), Arc::clone(&face.store));
        let (jobs, reload) = (Arc::clone(&face.jobs), Arc::clone(&face.reload));
        let retention = tokio::spawn(retention::run(Arc::clone(&store), settled, bounded));
        let (stop, stopped) = oneshot::channel();
        let server = tokio::spawn(listener::serve(listener, acceptor, api::router(face), bounds, stopped));
        let stop = Some(stop);
        Ok(Self { address, grace, work, jobs, store, reload, retention, tenants, writing, stop, server })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Finished attempts as they happen; a reader that is slow misses some.
    #[must_use]
    pub fn observe(&self) -> broadcast::Receiver<Observed> {
        self.work.observe()
    }

    /// Stops gracefully: answers what it has taken, lets attempts end within the grace, writes everything down.
    pub async fn stop(mut self) {
        let began = Instant::now();
        drop(self.stop.take());
        self.retention.abort();
        self.writing.abort();
        if tokio::time::timeout(self.grace, &mut self.server).await.is_err() {
            tracing::warn!("requests were open at the end of the grace and are cut");
            self.server.abort();
        }
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

/// A store with what it publishes.
pub(crate) struct Opened {
    pub(crate) store: Arc<dyn Store>,
    commits: mpsc::Receiver<Committed>,
}

/// Puts together what the API stands on: the store is opened, unless it is, and delivery goes on from where it stood.
///
/// # Errors
/// As [`Host::start`].
pub(crate) async fn assemble(
    mut config: Config,
    metrics: PrometheusHandle,
    reread: Option<Reread>,
    opened: Option<Opened>,
) -> Result<Face, StartError> {
    let clock: Arc<dyn Clock> = Arc::new(System);
    let roster = drivers(&mut config, &clock).await?;
    let board = Switchboard::new(roster.dispatcher().clone());
    let config = Arc::new(config);
    let renderer = Arc::new(Renderer::new(&config)?);
    let policy = Policy::own(&config.delivery.retry).map_err(StartError::Retry)?;
    let quotas = Arc::new(Quotas::new(config.limits.quota, config.tenants.clone()));
    let Opened { store, commits } = match opened {
        Some(opened) => opened,
        None => open(&config, Arc::clone(&clock), Arc::clone(&quotas)).await?,
    };
    let ids = PublicIds::new(&store.id_key());
    let signer = signer(&config, &*store);
    let confirmation = Desk::new(Arc::clone(&config), signer.clone(), ids.clone(), Arc::clone(&renderer));
    let parts = Parts {
        config: Arc::clone(&config),
        clock: Arc::clone(&clock),
        store: Arc::clone(&store),
        commits,
        board: board.clone(),
        ids: ids.clone(),
        renderer: Arc::clone(&renderer),
        confirmation: confirmation.clone(),
        policy,
    };
    let delivery = Work::start(parts).await?;
    let jobs = Jobs::start(Arc::clone(&store), Arc::clone(&delivery), &config.jobs);
    let tenants = Tenants::new(
        Arc::clone(&quotas),
        Arc::clone(&store),
        Arc::clone(&clock),
        (config.limits.max_projects, config.limits.keep_usage, access::names_projects(&config)),
    );
    let (conf, tenancy) = (Arc::clone(&config), Arc::clone(&tenants));
    let intake = Intake::new(Arc::clone(&store), conf, Arc::clone(&clock), tenancy);
    let outlet = Outlet::new(Arc::clone(&store), Arc::clone(&config));
    let catalog = Catalog::new(
        Arc::clone(&store),
        Arc::clone(&config),
        board.clone(),
        Arc::clone(&renderer),
        confirmation,
    );
    let reload = Reload::new(&config, roster, reread, board.clone(), Arc::clone(&delivery));
    let access = Access::start(&config, Arc::clone(&store), Arc::clone(&clock)).await?;
    let shared = Shared {
        access,
        tenants,
        store,
        ids,
        signer,
        board,
        config,
        clock,
        delivery,
        jobs,
        renderer,
        intake,
        outlet,
        catalog,
        reload,
        metrics,
    };
    Ok(Face::new(shared))
}

/// Opens the store of `config`; nobody else may have it open.
pub(crate) async fn open(
    config: &Config,
    clock: Arc<dyn Clock>,
    quotas: Arc<Quotas>,
) -> Result<Opened, StartError> {
    let (published, commits) = mpsc::channel(COMMITS);
    let options = sqlite::Options {
        path: config.storage.path().to_path_buf(),
        log: 0,
        limits: sqlite::Limits { quotas, ..limits(config) },
        // The configuration is checked: what is there is a key.
        key: config.storage.encryption_key.as_ref().and_then(|key| sqlite::SealingKey::parse(key.expose())),
        clock,
        published,
    };
    let opened = tokio::task::spawn_blocking(move || Sqlite::open(options)).await;
    let store = opened.map_err(|error| StoreError::Unavailable(error.to_string()))??;
    Ok(Opened { store, commits })
}

/// The operator's key, or the store's own.
fn signer(config: &Config, store: &dyn Store) -> Signer {
    match &config.signed_url.secret_key {
        Some(key) => Signer::new(key.expose().as_bytes()),
        None => Signer::new(&store.signing_key()),
    }
}

fn bounds(config: &Config) -> listener::Bounds {
    let http = &config.http;
    listener::Bounds {
        connections: http.max_connections,
        head: http.head_timeout,
        handshakes: http.max_handshakes,
        handshake: http.handshake_timeout,
    }
}

fn limits(config: &Config) -> sqlite::Limits {
    let storage = &config.storage;
    sqlite::Limits {
        max_messages: config.queues.max_messages,
        max_backlog: config.delivery.max_backlog,
        min_free: storage.min_free,
        max_bytes: storage.max_bytes,
        keep_settled: config.retention.settled,
        keep_dead_letters: config.retention.dead_letters,
        readers: storage.readers,
        pending_operations: storage.pending_operations,
        pending_bytes: storage.pending_bytes,
        pending_time: storage.pending_time,
        commit_operations: storage.commit_operations,
        commit_bytes: storage.commit_bytes,
        linger: storage.linger,
        index_bytes: storage.index_bytes,
        max_filters: config.queues.max_filters,
        checkpoint_bytes: storage.checkpoint_bytes,
        wal_bytes: storage.wal_bytes,
        keep_jobs: config.jobs.keep,
        quotas: Arc::default(),
    }
}

/// Makes the drivers; what is refused from outside is said, and the host goes on without it.
async fn drivers(config: &mut Config, clock: &Arc<dyn Clock>) -> Result<Roster, StartError> {
    let roster = Roster::gather(config, Arc::clone(clock)).await;
    wipe(config);
    let mut errors = roster.errors().to_vec();
    errors.extend(unserved(config, roster.dispatcher()));
    if !errors.is_empty() {
        dismiss(roster.dispatcher().entries().to_vec(), config.delivery.shutdown_grace).await;
        return Err(ConfigError(errors).into());
    }
    for problem in roster.refusals() {
        tracing::error!(why = %problem, "a driver is refused: the host runs without it");
    }
    Ok(roster)
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

    #[test]
    fn the_stores_own_defaults_are_those_of_the_configuration() {
        assert_eq!(limits(&Config::default()), sqlite::Limits::default());
    }
}
