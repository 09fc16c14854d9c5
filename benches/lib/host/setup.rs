//! How the host under test is configured: its defaults, but for what a loopback sink and many messages need.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use anyhow::Result;
use tempfile::TempDir;

/// A folder with a configuration, and with the database once the host ran.
#[derive(Debug)]
pub struct Setup {
    folder: TempDir,
}

impl Setup {
    /// A new folder in `parent`, with `more` lines of the configuration, each with the section that it belongs to.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn new(parent: &Path, more: &[(&str, String)]) -> Result<Self> {
        let folder = tempfile::tempdir_in(parent)?;
        let database = folder.path().join("nuncio.db");
        let own = [
            ("http", "listen = \"127.0.0.1:0\"".to_owned()),
            ("storage", format!("url = \"sqlite:{}\"", database.display())),
            ("queues", "max_messages = 1000000000".to_owned()),
            ("delivery", "allow_networks = [\"127.0.0.0/8\"]\nshutdown_grace = \"1s\"".to_owned()),
            ("log", "level = \"error\"".to_owned()),
        ];
        let mut sections: BTreeMap<&str, String> = BTreeMap::new();
        for (section, line) in own.iter().chain(more) {
            writeln!(sections.entry(section).or_default(), "{line}")?;
        }
        let text: String = sections.iter().map(|(name, lines)| format!("[{name}]\n{lines}")).collect();
        fs::write(folder.path().join("nuncio.toml"), text)?;
        Ok(Self { folder })
    }

    pub(super) fn configuration(&self) -> PathBuf {
        self.folder.path().join("nuncio.toml")
    }
}
