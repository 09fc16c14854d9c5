//! The program put together: start, serve, stop.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use metrics_exporter_prometheus::PrometheusHandle;
use nuncio_core::{Clock, PublicIds, Refusal, registry::RegistryError, retry::Policy};
use tokio::{
    net::TcpListener,
    sync::{broadcast, mpsc, oneshot},
    task::JoinHandle,
};

use crate::{
    api::{self, Face},
    catalog::Catalog,
    clock::System,
    config::Config,
    delivery::{Observed, Parts, Work},
    drivers,
    intake::Intake,
    listener,
    render::{RenderError, Renderer},
    storage::{
        Store, StoreError,
        sqlite::{self, Sqlite},
    },
    telemetry,
};

/// Commits on their way from the writer to delivery: beyond it, the writer waits.
const COMMITS: usize = 256;

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
    /// A driver cannot be made.
    #[error(transparent)]
    Drivers(#[from] RegistryError),
    /// A template does not compile.
    #[error("[templates] {0}")]
    Templates(#[from] RenderError),
    /// The default retry policy is wrong.
    #[error("[delivery] retry: {0}")]
    Retry(Refusal),
    /// A scheme is named in the configuration and no driver serves it.
    #[error(
        "[notification] subscriber_types: no driver in this host serves `{scheme}`: it has {there}; \
         build the host with that driver, or remove the scheme"
    )]
    Scheme {
        /// The scheme.
        scheme: String,
        /// The schemes that are served.
        there: String,
    },
    /// The store cannot be opened.
    #[error(transparent)]
    Open(#[from] sqlite::OpenError),
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Metrics cannot be collected.
    #[error("metrics cannot be collected: {0}")]
    Metrics(#[from] metrics_exporter_prometheus::BuildError),
}

/// A running host.
pub struct Host {
    address: SocketAddr,
    grace: Duration,
    work: Arc<Work>,
    store: Arc<dyn Store>,
    stop: Option<oneshot::Sender<()>>,
    server: JoinHandle<()>,
}

impl Host {
    /// Starts a host: opens the store, recovers, delivers, listens.
    ///
    /// # Errors
    /// When a part of the configuration cannot be used, or the store cannot be opened.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let listen = |source| StartError::Listen { address: config.http.listen, source };
        let listener = TcpListener::bind(config.http.listen).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let (grace, bounds) = (config.delivery.shutdown_grace, bounds(&config));
        let face = assemble(config, telemetry::metrics()?).await?;
        let (work, store) = (Arc::clone(&face.delivery), Arc::clone(&face.store));
        let (stop, stopped) = oneshot::channel();
        let server = tokio::spawn(listener::serve(listener, api::router(face), bounds, stopped));
        Ok(Self { address, grace, work, store, stop: Some(stop), server })
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
        drop(self.stop.take());
        if tokio::time::timeout(self.grace, &mut self.server).await.is_err() {
            tracing::warn!("requests were open at the end of the grace and are cut");
            self.server.abort();
        }
        self.work.stop(self.grace).await;
        self.store.close().await;
    }
}

/// Puts together what the API stands on: the store is opened, delivery goes on from where it stood.
///
/// # Errors
/// As [`Host::start`].
pub(crate) async fn assemble(config: Config, metrics: PrometheusHandle) -> Result<Face, StartError> {
    let config = Arc::new(config);
    let clock: Arc<dyn Clock> = Arc::new(System);
    let dispatcher = drivers::registry(&config, Arc::clone(&clock))?.into_dispatcher();
    served(&config, &dispatcher)?;
    let renderer = Arc::new(Renderer::new(&config)?);
    let policy = Policy::own(&config.delivery.retry).map_err(StartError::Retry)?;
    let (published, commits) = mpsc::channel(COMMITS);
    let store: Arc<dyn Store> = open(&config, Arc::clone(&clock), published).await?;
    let ids = PublicIds::new(&store.id_key());
    let parts = Parts {
        config: Arc::clone(&config),
        clock: Arc::clone(&clock),
        store: Arc::clone(&store),
        commits,
        dispatcher: dispatcher.clone(),
        ids: ids.clone(),
        renderer: Arc::clone(&renderer),
        policy,
    };
    let delivery = Work::start(parts).await?;
    let intake = Intake::new(Arc::clone(&store), Arc::clone(&config), Arc::clone(&clock));
    let catalog =
        Catalog::new(Arc::clone(&store), Arc::clone(&config), dispatcher.clone(), Arc::clone(&renderer));
    Ok(Face { store, ids, dispatcher, config, clock, delivery, renderer, intake, catalog, metrics })
}

async fn open(
    config: &Config,
    clock: Arc<dyn Clock>,
    published: mpsc::Sender<crate::storage::Committed>,
) -> Result<Arc<Sqlite>, StartError> {
    let options = sqlite::Options {
        path: config.storage.path().to_path_buf(),
        log: 0,
        limits: limits(config),
        clock,
        published,
    };
    let opened = tokio::task::spawn_blocking(move || Sqlite::open(options)).await;
    Ok(opened.map_err(|error| StoreError::Unavailable(error.to_string()))??)
}

fn bounds(config: &Config) -> listener::Bounds {
    listener::Bounds { connections: config.http.max_connections, head: config.http.head_timeout }
}

fn limits(config: &Config) -> sqlite::Limits {
    let storage = &config.storage;
    sqlite::Limits {
        max_messages: config.queues.max_messages,
        readers: storage.readers,
        pending_operations: storage.pending_operations,
        pending_bytes: storage.pending_bytes,
        commit_operations: storage.commit_operations,
        commit_bytes: storage.commit_bytes,
        linger: storage.linger,
        checkpoint_bytes: storage.checkpoint_bytes,
        wal_bytes: storage.wal_bytes,
    }
}

fn served(config: &Config, dispatcher: &nuncio_core::Dispatcher) -> Result<(), StartError> {
    let wanted = config.notification.subscriber_types.iter().flatten();
    match wanted.into_iter().find(|scheme| dispatcher.by_scheme(scheme).is_none()) {
        Some(scheme) => {
            Err(StartError::Scheme { scheme: scheme.clone(), there: dispatcher.schemes().join(", ") })
        }
        None => Ok(()),
    }
}

/// Runs a host until SIGTERM or SIGINT, then stops it gracefully; `ready` is told where it listens.
///
/// # Errors
/// Why the host did not start.
pub async fn serve(config: Config, ready: impl FnOnce(SocketAddr)) -> Result<(), StartError> {
    let stop = signal();
    let host = Host::start(config).await?;
    ready(host.address());
    stop.await;
    tracing::info!("stopping: what is in flight may end, everything is written down");
    host.stop().await;
    tracing::info!("stopped");
    Ok(())
}

async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let (term, int) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
    let (Ok(mut term), Ok(mut int)) = (term, int) else {
        tracing::error!("signals cannot be caught: stop the host with SIGKILL, nothing accepted is lost");
        return std::future::pending().await;
    };
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stores_own_defaults_are_those_of_the_configuration() {
        assert_eq!(limits(&Config::default()), sqlite::Limits::default());
    }
}
