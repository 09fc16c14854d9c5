//! Which program is measured.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, ensure};

/// A host that can be started.
#[derive(Clone, Debug)]
pub enum Program {
    /// `nuncio serve`.
    Nuncio(PathBuf),
    /// The same host as this program itself runs it, by its subcommand of this name.
    Own(&'static str),
}

impl Program {
    /// The program in `NUNCIO_BIN`, or one that Cargo builds now beside this one; copied to `folder`, so that a build
    /// meanwhile does not change what is measured.
    ///
    /// # Errors
    /// When it cannot be built.
    pub fn nuncio(folder: &Path) -> Result<Self> {
        let path = match env::var_os("NUNCIO_BIN") {
            Some(path) => path.into(),
            None => built()?,
        };
        let copy = folder.join("nuncio");
        std::fs::copy(&path, &copy).with_context(|| path.display().to_string())?;
        Ok(Self::Nuncio(copy))
    }

    /// The size of the program without its symbols, bytes; `folder` takes a copy.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn stripped_bytes(&self, folder: &Path) -> Result<u64> {
        let Self::Nuncio(path) = self else { return Ok(0) };
        let copy = folder.join("stripped");
        let mut strip = Command::new("strip");
        let stripped = strip.arg("-o").arg(&copy).arg(path).status().is_ok_and(|status| status.success());
        Ok(std::fs::metadata(if stripped { &copy } else { path })?.len())
    }

    /// The command that serves `configuration`.
    pub(super) fn serve(&self, configuration: &Path) -> Result<Command> {
        let mut command = match self {
            Self::Nuncio(path) => {
                let mut command = Command::new(path);
                command.arg("serve");
                command
            }
            Self::Own(subcommand) => {
                let mut command = Command::new(env::current_exe()?);
                command.arg(subcommand);
                command
            }
        };
        command.arg("--config").arg(configuration);
        Ok(command)
    }
}

fn built() -> Result<PathBuf> {
    let beside = env::current_exe()?.with_file_name("nuncio");
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--quiet", "--release", "-p", "nuncio"]);
    let status = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status().context("running cargo")?;
    ensure!(status.success(), "nuncio could not be built");
    Ok(beside)
}
