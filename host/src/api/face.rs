//! What the routes share.

use std::sync::Arc;

use async_trait::async_trait;
use metrics_exporter_prometheus::PrometheusHandle;
use nuncio_core::{Clock, DeliveryKey, Dispatcher, PublicIds};

use crate::{
    catalog::Catalog,
    config::Config,
    intake::Intake,
    storage::{CancelResult, Store, StoreError},
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
    pub delivery: Arc<dyn Work>,
    /// The door for messages.
    pub intake: Intake,
    /// Queues and subscriptions.
    pub catalog: Catalog,
    /// What `/metrics` prints.
    pub metrics: PrometheusHandle,
}

/// What the face asks of the side that delivers.
#[async_trait]
pub trait Work: Send + Sync {
    /// Cancels a delivery, wherever it is held. One that is being attempted is cancelled unless that attempt
    /// succeeds.
    ///
    /// # Errors
    /// The store's.
    async fn cancel(&self, project: &str, key: DeliveryKey) -> Result<CancelResult, StoreError>;
    /// What does not work as it should: disabled drivers, held lanes.
    fn degraded(&self) -> Vec<Degraded>;
    /// Whether deliveries are being dispatched.
    fn accepting(&self) -> bool;
}

/// A part of the host that does not work as it should.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Degraded {
    /// Which part.
    pub part: String,
    /// Why, and what to do.
    pub reason: String,
}
