//! Queues and their metadata.

use std::sync::Arc;

use nuncio_core::Switchboard;
use serde_json::{Map, Value};

use super::{error::CatalogError, metadata};
use crate::{
    access::Trusts,
    config::Config,
    confirmation::Desk,
    delivery::Events,
    render::Renderer,
    storage::{Store, Updated},
};

/// How often a change is made anew on metadata that somebody else changed in between.
const PATIENCE: usize = 16;

/// Queues and subscriptions.
#[derive(Clone)]
pub struct Catalog {
    pub(super) store: Arc<dyn Store>,
    pub(super) config: Arc<Config>,
    pub(super) board: Switchboard,
    pub(super) renderer: Arc<Renderer>,
    pub(super) confirmation: Desk,
    /// Who makes trusts; `None` where clients are not known by Keystone.
    pub(super) trusts: Option<Arc<Trusts>>,
    pub(super) events: Events,
}

impl std::fmt::Debug for Catalog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Catalog").field("board", &self.board).finish_non_exhaustive()
    }
}

impl Catalog {
    /// A catalogue over `store`.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        config: Arc<Config>,
        board: Switchboard,
        renderer: Arc<Renderer>,
        confirmation: Desk,
        trusts: Option<Arc<Trusts>>,
    ) -> Self {
        let events = Events::new(&config);
        Self { store, config, board, renderer, confirmation, trusts, events }
    }

    /// Makes a queue; `false` when it was there, whose metadata stays as it was.
    ///
    /// # Errors
    /// [`CatalogError::Refused`] names the member of the metadata.
    pub async fn create(
        &self,
        project: &str,
        queue: &str,
        metadata: Map<String, Value>,
    ) -> Result<bool, CatalogError> {
        metadata::check(&metadata, &self.config.queues)?;
        Ok(self.store.queue_put(project, queue, metadata).await?)
    }

    /// Changes a queue's metadata with `change`, which may be called anew when somebody else was faster.
    ///
    /// # Errors
    /// Those of `change`, a queue that is not there, and metadata that breaks a rule.
    pub async fn change_metadata(
        &self,
        project: &str,
        queue: &str,
        change: impl Fn(&mut Map<String, Value>) -> Result<(), CatalogError> + Send + Sync,
    ) -> Result<Map<String, Value>, CatalogError> {
        let absent = || CatalogError::Absent(format!("Queue {queue} does not exist."));
        for _ in 0..PATIENCE {
            let row = self.store.queue(project, queue).await?.ok_or_else(absent)?;
            let mut metadata = row.metadata.clone();
            change(&mut metadata)?;
            metadata::check(&metadata, &self.config.queues)?;
            match self.store.queue_metadata(project, queue, row.version, metadata.clone()).await? {
                Updated::Done => return Ok(metadata),
                Updated::Absent => return Err(absent()),
                Updated::Conflict => {}
            }
        }
        Err(CatalogError::Conflict(format!("Queue {queue} is being changed by others. Please try again.")))
    }
}
