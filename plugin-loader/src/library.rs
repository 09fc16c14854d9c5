//! A dynamic library and the drivers in it.

use std::{path::Path, sync::Arc, time::Duration};

use nuncio_core::{Context, Manifest, Refusal, SettingsError};
use serde_json::Value;

use crate::{
    create::create,
    error::LoadError,
    loaded::Loaded,
    open::{Checked, Opened},
};

/// How a driver of a library is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoadOptions {
    /// Worker threads of the library's own runtime.
    pub threads: usize,
    /// The most notices that the driver holds at once; from there on deliveries wait. 1 to 65,536.
    pub in_flight: u32,
    /// How long the driver may take to be made.
    pub create_within: Duration,
}

impl Default for LoadOptions {
    fn default() -> Self {
        Self { threads: 1, in_flight: 1024, create_within: Duration::from_secs(10) }
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

    /// With so long to be made.
    #[must_use]
    pub const fn create_within(mut self, limit: Duration) -> Self {
        self.create_within = limit;
        self
    }
}

/// A dynamic library that was checked and opened. It is never unloaded: its threads and statics may outlive any owner.
#[derive(Clone, Debug)]
pub struct Library {
    opened: Opened,
}

impl Library {
    /// Checks the library at `path`, opens it and reads the manifests of its drivers.
    ///
    /// Before any of its code runs: it is a regular file; it and every directory above it belong to root or to the
    /// host's own user, and nobody else may write them (a sticky directory such as `/tmp` is borne above the library's
    /// own); its SHA-256 is `sha256`, where that is given; it is an ELF library for this machine that exports the entry
    /// of our major version. It is loaded by the file descriptor that was checked, so that a file that is put in its
    /// place meanwhile is not; `$ORIGIN` in its run path therefore does not lead to its directory.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn open(path: &Path, sha256: Option<&str>) -> Result<Self, LoadError> {
        Ok(Self { opened: Opened::load(Checked::open(path, sha256)?)? })
    }

    pub(crate) const fn of(opened: Opened) -> Self {
        Self { opened }
    }

    /// Its file, without symbolic links.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.opened.path
    }

    /// Major and minor version of the ABI that it was built for.
    #[must_use]
    pub const fn abi(&self) -> (u16, u16) {
        self.opened.abi
    }

    /// What its drivers say of themselves, in the order of the library.
    #[must_use]
    pub fn manifests(&self) -> &[Manifest] {
        &self.opened.manifests
    }

    /// Makes the driver `name` with its settings, whose secrets are resolved.
    ///
    /// May be called again while older instances live. Blocks until the driver is made, at most for `create_within`: not
    /// for an asynchronous task.
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
        let found = (0..).zip(&self.opened.manifests).find(|(_, manifest)| manifest.name == name);
        let Some((index, manifest)) = found else {
            let names: Vec<_> = self.opened.manifests.iter().map(|one| one.name.as_str()).collect();
            let why = format!("{} has no driver `{name}`", self.path().display());
            return Err(Refusal::new("", why).fix(format!("it has: {}", names.join(", "))).into());
        };
        let instance = create(&self.opened, index, manifest, settings, context, options)?;
        Ok(Arc::new(Loaded::new(instance)))
    }
}
