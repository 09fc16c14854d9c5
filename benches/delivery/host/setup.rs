//! How the host under test is configured: its defaults, but for what a loopback sink and many messages need.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Result;
use tempfile::TempDir;

/// A folder with a configuration, and with the database once the host ran.
#[derive(Debug)]
pub(crate) struct Setup {
    folder: TempDir,
}

impl Setup {
    /// A new folder in `parent`; the host trusts the root certificate in the file `root`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn new(parent: &Path, root: Option<&Path>) -> Result<Self> {
        let folder = tempfile::tempdir_in(parent)?;
        let database = folder.path().join("nuncio.db");
        let trust = root
            .map_or_else(String::new, |root| format!("[drivers.http]\nca_file = \"{}\"\n", root.display()));
        let text = format!(
            "[http]\nlisten = \"127.0.0.1:0\"\n\
             [storage]\nurl = \"sqlite:{}\"\n\
             [queues]\nmax_messages = 1000000000\n\
             [delivery]\nallow_networks = [\"127.0.0.0/8\"]\n\
             [log]\nlevel = \"warn\"\n{trust}",
            database.display()
        );
        fs::write(folder.path().join("nuncio.toml"), text)?;
        Ok(Self { folder })
    }

    pub(super) fn configuration(&self) -> PathBuf {
        self.folder.path().join("nuncio.toml")
    }
}
