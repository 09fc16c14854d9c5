use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use super::process::Host;
use crate::{command::command, folder::Folder};

/// The program under test: `NUNCIO_BIN`, or the one that Cargo built beside this test.
#[must_use]
#[track_caller]
pub fn binary() -> PathBuf {
    let built = || Some(env::current_exe().ok()?.parent()?.parent()?.join("nuncio"));
    let path = env::var_os("NUNCIO_BIN").map(PathBuf::from).or_else(built).expect("this test is a file");
    assert!(
        path.exists(),
        "{}: not built; `cargo build --release -p nuncio`, or run ./tests/run",
        path.display()
    );
    path
}

/// The drivers that every host of this run loads: the files in `NUNCIO_LIBRARIES`, separated by colons.
///
/// With it and a program that has none of those drivers in it, the same scenarios show that a driver is as good when
/// it is loaded as when it is linked.
#[must_use]
pub fn libraries() -> Vec<PathBuf> {
    env::var_os("NUNCIO_LIBRARIES").map(|list| env::split_paths(&list).collect()).unwrap_or_default()
}

/// How a host is started: on a free loopback port, allowed to reach loopback, with whatever is added.
#[derive(Clone, Debug)]
pub struct Recipe {
    storage: String,
    delivery: String,
    sections: String,
    env: Vec<(String, String)>,
    pub(super) binary: PathBuf,
}

impl Default for Recipe {
    fn default() -> Self {
        Self::new()
    }
}

impl Recipe {
    /// The program under test with its defaults.
    #[must_use]
    #[track_caller]
    pub fn new() -> Self {
        let recipe = Self {
            storage: String::new(),
            delivery: String::new(),
            sections: String::new(),
            env: Vec::new(),
            binary: binary(),
        };
        libraries().iter().fold(recipe, |recipe, path| recipe.library(path))
    }

    /// With this line in `[storage]`.
    #[must_use]
    pub fn storage(mut self, line: &str) -> Self {
        self.storage.push_str(line);
        self.storage.push('\n');
        self
    }

    /// With this line in `[delivery]`.
    #[must_use]
    pub fn delivery(mut self, line: &str) -> Self {
        self.delivery.push_str(line);
        self.delivery.push('\n');
        self
    }

    /// With these further sections of TOML.
    #[must_use]
    pub fn section(mut self, toml: &str) -> Self {
        self.sections.push_str(toml);
        self.sections.push('\n');
        self
    }

    /// With the driver in the library at `path`.
    #[must_use]
    pub fn library(self, path: &Path) -> Self {
        self.section(&format!("[[libraries]]\npath = \"{}\"", path.display()))
    }

    /// With this environment variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<Path>) -> Self {
        self.env.push((name.to_owned(), value.as_ref().display().to_string()));
        self
    }

    /// With these environment variables.
    #[must_use]
    pub fn envs<P: AsRef<Path>>(self, environment: impl IntoIterator<Item = (&'static str, P)>) -> Self {
        environment.into_iter().fold(self, |recipe, (name, value)| recipe.env(name, value))
    }

    /// With another program.
    #[must_use]
    pub fn binary(mut self, path: impl Into<PathBuf>) -> Self {
        self.binary = path.into();
        self
    }

    /// Starts a host in a new folder and waits until it is ready.
    #[must_use]
    #[track_caller]
    pub fn start(self) -> Host {
        self.start_in(Folder::new("host"))
    }

    /// Starts a host in `folder` and waits until it is ready.
    #[must_use]
    #[track_caller]
    pub fn start_in(self, folder: Folder) -> Host {
        let mut host = Host::new(self, folder);
        host.start();
        host
    }

    /// Starts a host in `folder` that speaks TLS, to which the harness has no client, and does not wait.
    #[must_use]
    #[track_caller]
    pub fn start_tls_in(self, folder: Folder) -> Host {
        let mut host = Host::new(self, folder);
        host.spawn();
        host
    }

    /// Writes the configuration to `folder` and returns its path.
    pub fn write(&self, folder: &Folder) -> PathBuf {
        let database = folder.join("data").join("nuncio.db");
        std::fs::create_dir_all(folder.join("data")).expect("our own folder");
        let Self { storage, delivery, sections, .. } = self;
        folder.write(
            "nuncio.toml",
            &format!(
                "[http]\nlisten = \"127.0.0.1:0\"\n\n[storage]\nurl = \"sqlite:{}\"\n{storage}\n\
                 [delivery]\nallow_networks = [\"127.0.0.0/8\"]\n{delivery}\n{sections}",
                database.display()
            ),
        )
    }

    /// The program with this recipe's environment, ended when it still runs after `limit`.
    #[must_use]
    pub fn command(&self, limit: Duration) -> Command {
        let mut command = command(&self.binary, limit);
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command
    }

    /// `serve` as a process of its own, which is not ended by anybody but its host.
    pub(super) fn serve(&self, configuration: &Path) -> Command {
        let mut serve = Command::new(&self.binary);
        serve.args(["serve", "--config"]).arg(configuration);
        serve.envs(self.env.iter().map(|(name, value)| (name, value)));
        serve
    }
}
