//! What the routes share.

use std::sync::Arc;

use metrics_exporter_prometheus::PrometheusHandle;
use nuncio_core::{Clock, Dispatcher, PublicIds};

use crate::{
    catalog::Catalog, config::Config, delivery::Work, intake::Intake, render::Renderer, storage::Store,
};

/// What the routes share.
#[derive(Clone)]
pub struct Face {
    /// The store.
    pub store: Arc<dyn Store>,
    /// Makes public ids and reads them.
    pub ids: PublicIds,
    /// The drivers.
    pub dispatcher: Dispatcher,
    /// The configuration.
    pub config: Arc<Config>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The delivering side.
    pub delivery: Arc<Work>,
    /// Templates.
    pub renderer: Arc<Renderer>,
    /// The door for messages.
    pub intake: Intake,
    /// Queues and subscriptions.
    pub catalog: Catalog,
    /// What `/metrics` prints.
    pub metrics: PrometheusHandle,
}
