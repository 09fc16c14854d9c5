//! The devices that are sent to: read from the database of the configuration, which a host may have open meanwhile.

use std::path::PathBuf;

use async_trait::async_trait;

use crate::{
    config::Config,
    drivers::Devices,
    storage::{
        DeviceRow,
        sqlite::{self, SealingKey},
    },
};

/// The database with the devices.
pub(super) struct InDatabase {
    path: PathBuf,
    key: Option<SealingKey>,
}

impl InDatabase {
    /// That of `config`.
    pub(super) fn of(config: &Config) -> Self {
        let key = config.storage.encryption_key.as_ref();
        Self {
            path: config.storage.path().to_path_buf(),
            key: key.and_then(|key| SealingKey::parse(key.expose())),
        }
    }
}

#[async_trait]
impl Devices for InDatabase {
    async fn find(&self, project: &str, id: &str) -> Result<Option<DeviceRow>, String> {
        let (path, key) = (self.path.clone(), self.key.clone());
        let (project, id) = (project.to_owned(), id.to_owned());
        let read = move || sqlite::device(&path, key.as_ref(), &project, &id);
        tokio::task::spawn_blocking(read).await.map_err(|error| error.to_string())?
    }
}
