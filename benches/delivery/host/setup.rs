//! How the host under test is configured: its defaults, but for what a loopback sink and many messages need.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Result;
use tempfile::TempDir;

/// A hanging endpoint's states, ten times as fast as by default, so that a run of seconds goes through them.
const QUICK: &str = "deadline = \"3s\"\nbreaker_span = \"3s\"\nprobe_min = \"3s\"\n";

/// A folder with a configuration, and with the database once the host ran.
#[derive(Debug)]
pub(crate) struct Setup {
    folder: TempDir,
}

impl Setup {
    /// A new folder in `parent`; the host trusts the root certificate in the file `root`, and is quick to see that an
    /// endpoint hangs.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn new(parent: &Path, root: Option<&Path>, quick: bool) -> Result<Self> {
        let quick = if quick { QUICK } else { "" };
        let folder = tempfile::tempdir_in(parent)?;
        let database = folder.path().join("nuncio.db");
        let trust = root
            .map_or_else(String::new, |root| format!("[drivers.http]\nca_file = \"{}\"\n", root.display()));
        let text = format!(
            "[http]\nlisten = \"127.0.0.1:0\"\n\
             [storage]\nurl = \"sqlite:{}\"\n\
             [queues]\nmax_messages = 1000000000\n\
             [delivery]\nallow_networks = [\"127.0.0.0/8\"]\nshutdown_grace = \"1s\"\n{quick}\
             [log]\nlevel = \"error\"\n{trust}",
            database.display()
        );
        fs::write(folder.path().join("nuncio.toml"), text)?;
        Ok(Self { folder })
    }

    pub(super) fn configuration(&self) -> PathBuf {
        self.folder.path().join("nuncio.toml")
    }
}
