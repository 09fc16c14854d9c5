//! A dynamic library and the drivers in it.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use nuncio_core::{Context, Manifest, Refusal, SettingsError};
use serde_json::Value;

use crate::{error::LoadError, loaded::Loaded};

/// How a driver of a library is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoadOptions {
    /// Worker threads of the library's own runtime.
    pub threads: usize,
    /// The most notices that the driver holds at once; from there on deliveries wait. 1 to 65,536.
    pub in_flight: u32,
}

impl Default for LoadOptions {
    fn default() -> Self {
        Self { threads: 1, in_flight: 1024 }
    }
}

impl LoadOptions {
    /// With so many worker threads of the library's own runtime.
    #[must_use]
    pub const fn threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// With so many notices in the driver's hands at once.
    #[must_use]
    pub const fn in_flight(mut self, notices: u32) -> Self {
        self.in_flight = notices;
        self
    }
}

/// A dynamic library that was checked and opened. It is never unloaded: its threads and statics may outlive any owner.
#[derive(Clone, Debug)]
pub struct Library {
    path: PathBuf,
    abi: (u16, u16),
    manifests: Vec<Manifest>,
}

impl Library {
    /// Checks the library at `path`, opens it and reads the manifests of its drivers.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn open(path: &Path, sha256: Option<&str>) -> Result<Self, LoadError> {
        let _: Option<&str> = sha256;
        Err(LoadError::Read {
            path: path.to_owned(),
            source: std::io::Error::other("libraries are not in this version"),
        })
    }

    /// Its file, without symbolic links.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Major and minor version of the ABI that it was built for.
    #[must_use]
    pub const fn abi(&self) -> (u16, u16) {
        self.abi
    }

    /// What its drivers say of themselves, sorted by name.
    #[must_use]
    pub fn manifests(&self) -> &[Manifest] {
        &self.manifests
    }

    /// Makes the driver `name` with its settings, whose secrets are resolved.
    ///
    /// May be called again while older instances live.
    ///
    /// # Errors
    /// All that the settings' schema or the driver refuses.
    pub fn create(
        &self,
        name: &str,
        settings: Value,
        context: &Context,
        options: &LoadOptions,
    ) -> Result<Arc<Loaded>, SettingsError> {
        let _: (Value, &Context, &LoadOptions) = (settings, context, options);
        Err(Refusal::new("", format!("the library has no driver `{name}`")).into())
    }
}
