//! What stands under the API, put together: drivers, the store, delivery, and the doors to them.

use std::sync::Arc;

use metrics_exporter_prometheus::PrometheusHandle;
use nuncio_core::{Clock, PublicIds, Switchboard, retry::Policy};
use tokio::sync::mpsc;

use crate::{
    access::{self, Access},
    api::{Face, Shared},
    app::StartError,
    catalog::Catalog,
    clock::System,
    config::{Config, ConfigError},
    confirmation::Desk,
    delivery::{Parts, Work},
    drivers::{Roster, dismiss, wipe},
    intake::Intake,
    jobs::Jobs,
    numbers::limits,
    outlet::Outlet,
    reload::{Reload, Reread},
    render::Renderer,
    served::unserved,
    signed::Signer,
    storage::{
        Committed, Store, StoreError,
        sqlite::{self, Sqlite},
    },
    tenants::{Quotas, Tenants},
    websocket::Sessions,
};

/// Commits on their way from the writer to delivery: beyond it, the writer waits.
pub(crate) const COMMITS: usize = 256;

/// A store with what it publishes.
pub(crate) struct Opened {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) commits: mpsc::Receiver<Committed>,
}

/// Puts together what the API stands on: the store is opened, unless it is, and delivery goes on from where it stood.
///
/// # Errors
/// As [`Host::start`](crate::app::Host::start).
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
    let Opened { store, commits } = stored(opened, &config, &clock, &quotas).await?;
    let ids = PublicIds::new(&store.id_key());
    roster.behind().lend(Arc::clone(&store), board.clone());
    roster.behind().open(Arc::clone(&store), ids.clone(), Arc::clone(&clock));
    let signer = Signer::of(config.signed_url.secret_key.as_ref(), store.signing_key());
    let confirmation = Desk::new(Arc::clone(&config), signer.clone(), ids.clone(), Arc::clone(&renderer));
    let parts = Parts {
        config: Arc::clone(&config),
        clock: Arc::clone(&clock),
        store: Arc::clone(&store),
        commits,
        board: board.clone(),
        ids: ids.clone(),
        renderer: Arc::clone(&renderer),
        confirmation,
        policy,
    };
    let catalog = catalog(&parts, &roster);
    let delivery = Work::start(parts).await?;
    let counting = (config.limits.max_projects, config.limits.keep_usage, access::names_projects(&config));
    let tenants = Tenants::new(Arc::clone(&quotas), Arc::clone(&store), Arc::clone(&clock), counting);
    let (conf, tenancy) = (Arc::clone(&config), Arc::clone(&tenants));
    let intake = Intake::new(Arc::clone(&store), conf, Arc::clone(&clock), tenancy);
    let outlet = Outlet::new(Arc::clone(&store), Arc::clone(&config));
    let behind = Arc::clone(roster.behind());
    let sessions = Sessions::new(Arc::clone(roster.hub()), &config);
    let reload = Reload::new(&config, roster, reread, board.clone(), (Arc::clone(&delivery), quotas));
    let access = Access::start(&config, Arc::clone(&store), Arc::clone(&clock)).await?;
    let jobs = Jobs::start(Arc::clone(&store), Arc::clone(&delivery), &config.jobs);
    Ok(Face::new(Shared {
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
        behind,
        sessions,
        metrics,
    }))
}

/// What may be subscribed, over what delivery stands on.
fn catalog(parts: &Parts, roster: &Roster) -> Catalog {
    Catalog::new(
        Arc::clone(&parts.store),
        Arc::clone(&parts.config),
        parts.board.clone(),
        Arc::clone(&parts.renderer),
        parts.confirmation.clone(),
        roster.trusts().cloned(),
    )
}

/// The store, in which nothing lives with connections that are gone.
async fn stored(
    opened: Option<Opened>,
    config: &Config,
    clock: &Arc<dyn Clock>,
    quotas: &Arc<Quotas>,
) -> Result<Opened, StartError> {
    let opened = match opened {
        Some(opened) => opened,
        None => open(config, Arc::clone(clock), Arc::clone(quotas)).await?,
    };
    let subscriptions = opened.store.subscriptions_unbind().await?;
    if subscriptions > 0 {
        tracing::info!(subscriptions, "subscriptions have ended with the connections of the last run");
    }
    Ok(opened)
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
