//! Which configuration a command works with.

use std::path::{Path, PathBuf};

use super::{arguments::Shared, fault::Fault};
use crate::config::{Config, ConfigError};

/// The file that is used when none is named.
const USUAL: &str = "nuncio.toml";

impl Shared {
    /// The configuration file, if there is one.
    pub(super) fn file(&self) -> Option<PathBuf> {
        self.config.clone().or_else(|| Path::new(USUAL).exists().then(|| USUAL.into()))
    }

    /// The configuration: file and environment.
    pub(super) fn load(&self) -> Result<Config, Fault> {
        Ok(self.reread()?)
    }

    /// As [`load`](Self::load), for a host that reads it again.
    pub(super) fn reread(&self) -> Result<Config, ConfigError> {
        // Variables that are not text cannot be meant for us.
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Config::load(self.file().as_deref(), std::env::vars_os().filter_map(text))
    }
}
