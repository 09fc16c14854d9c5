//! What the routes share.

use std::{ops::Deref, sync::Arc};

use metrics_exporter_prometheus::PrometheusHandle;
use nuncio_core::{Clock, PublicIds, Switchboard};

use crate::{
    access::Access, catalog::Catalog, config::Config, delivery::Work, drivers::Behind, intake::Intake,
    jobs::Jobs, outlet::Outlet, reload::Reload, render::Renderer, signed::Signer, storage::Store,
    tenants::Tenants, websocket::Sessions,
};

/// What the routes share; cheap to clone, since each layer of a request does.
#[derive(Clone)]
pub struct Face(Arc<Shared>);

impl Face {
    /// Shares `shared`.
    #[must_use]
    pub fn new(shared: Shared) -> Self {
        Self(Arc::new(shared))
    }
}

impl Deref for Face {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

/// What the routes share.
pub struct Shared {
    /// Who may do what.
    pub access: Access,
    /// What projects may take, and took.
    pub tenants: Arc<Tenants>,
    /// The store.
    pub store: Arc<dyn Store>,
    /// Makes public ids and reads them.
    pub ids: PublicIds,
    /// Signs URLs.
    pub signer: Signer,
    /// The drivers.
    pub board: Switchboard,
    /// The configuration.
    pub config: Arc<Config>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The delivering side.
    pub delivery: Arc<Work>,
    /// Replaying and cancelling by filter.
    pub jobs: Arc<Jobs>,
    /// Templates.
    pub renderer: Arc<Renderer>,
    /// The door for messages.
    pub intake: Intake,
    /// The way out for those who pull.
    pub outlet: Outlet,
    /// Queues and subscriptions.
    pub catalog: Catalog,
    /// Reads the configuration again.
    pub reload: Arc<Reload>,
    /// What stands behind the drivers: where receipts go.
    pub behind: Arc<Behind>,
    /// WebSocket connections.
    pub sessions: Sessions,
    /// What `/metrics` prints.
    pub metrics: PrometheusHandle,
}
