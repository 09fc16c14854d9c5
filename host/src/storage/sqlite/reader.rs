//! Reading: a few connections, each lent to one page at a time.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use rusqlite::{Connection, Transaction};
use tokio::sync::Semaphore;

use super::{
    connection,
    damage::Damage,
    sealing::{self, Sealer},
};
use crate::storage::StoreError;

/// The connections that read.
pub(super) struct Readers {
    path: PathBuf,
    permits: Semaphore,
    sealer: Arc<Sealer>,
    damage: Arc<Damage>,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    /// At most `count` connections, opened as they are needed.
    pub(super) fn new(path: PathBuf, count: u32, sealer: Arc<Sealer>, damage: Arc<Damage>) -> Arc<Self> {
        let permits = Semaphore::new(count.max(1) as usize);
        Arc::new(Self { path, permits, sealer, damage, idle: Mutex::default() })
    }

    /// Reads one page, all of it from one committed state.
    pub(super) async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        page: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let _permit = self.permits.acquire().await.map_err(|_| StoreError::Closed)?;
        let readers = self.clone();
        tokio::task::spawn_blocking(move || readers.lend(page)).await.map_err(|_| StoreError::Closed)?
    }

    /// Closes the connections; whoever reads now still gets its page.
    pub(super) fn close(&self) {
        self.permits.close();
        self.lock().clear();
    }

    fn lend<T>(&self, page: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let idle = self.lock().pop();
        let mut db = idle.map_or_else(|| self.open(), Ok)?;
        let result = page(&db.transaction()?).inspect_err(|error| self.damage.note(error));
        if !self.permits.is_closed() {
            self.lock().push(db);
        }
        result
    }

    fn open(&self) -> rusqlite::Result<Connection> {
        let db = connection::reader(&self.path)?;
        sealing::install(&db, &self.sealer)?;
        Ok(db)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
