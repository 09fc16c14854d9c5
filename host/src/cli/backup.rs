//! `nuncio backup FILE`: a copy of the database while its host works.

use std::{
    io::{IsTerminal as _, Write as _, stderr},
    path::PathBuf,
};

use serde_json::json;

use super::{
    arguments::Shared,
    fault::{Exit, Fault},
    output::Output,
};
use crate::storage::sqlite::{self, BackupError};

const BAR: u64 = 40;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The file to write; one that is there is not overwritten
    file: PathBuf,
}

pub(super) async fn run(arguments: Arguments, shared: &Shared, output: Output) -> Result<Exit, Fault> {
    let database = shared.load()?.storage.path().to_path_buf();
    let (from, to) = (database.clone(), arguments.file.clone());
    let shows = !output.json && stderr().is_terminal();
    let copying = tokio::task::spawn_blocking(move || {
        let mut last = u64::MAX;
        let copied = sqlite::backup(&from, &to, |done, all| {
            let percent = done.saturating_mul(100).checked_div(all).unwrap_or(100);
            if shows && percent != last {
                last = percent;
                write!(stderr(), "\r{}", bar(percent, all)).unwrap_or_default();
            }
        });
        if shows {
            // The bar gives way to the result.
            write!(stderr(), "\r\x1b[K").unwrap_or_default();
        }
        copied
    });
    let copied = copying.await.map_err(|error| Fault::new(Exit::System, error))??;
    if output.json {
        let value =
            json!({"database": database, "file": arguments.file, "bytes": copied.bytes, "key": copied.key});
        output.value(&value, false);
    } else {
        let (database, file) = (database.display(), arguments.file.display());
        output.line(format!(
            "{database} was copied to {file} ({}), and the copy was checked",
            mib(copied.bytes)
        ));
        output.line(match &copied.key {
            Some(key) => format!("its key was copied to {}: who has both can read everything", key.display()),
            None => "the key of [storage] encryption_key is not in the copy: keep it, too".to_owned(),
        });
    }
    Ok(Exit::Ok)
}

fn bar(percent: u64, all: u64) -> String {
    let full = (percent * BAR / 100).min(BAR) as usize;
    let rest = BAR as usize - full;
    format!("[{}{}] {percent:>3} % of {}", "#".repeat(full), "-".repeat(rest), mib(all))
}

fn mib(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

impl From<BackupError> for Fault {
    fn from(error: BackupError) -> Self {
        let exit = match &error {
            BackupError::Missing(_) => Exit::NoInput,
            BackupError::Exists(_) | BackupError::File { .. } => Exit::CannotCreate,
            BackupError::Damaged { .. } => Exit::Input,
            BackupError::Open(_) | BackupError::Sqlite { .. } => Exit::System,
        };
        Self::new(exit, error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_is_as_long_at_every_percentage() {
        let lengths: Vec<_> = [0, 1, 50, 99, 100].map(|percent| bar(percent, 1 << 30).len()).to_vec();
        assert!(lengths.windows(2).all(|two| two[0] == two[1]), "{lengths:?}");
        assert!(bar(100, 0).starts_with("[####"));
    }
}
