//! A run: which points, and what is done with the figures.

use anyhow::{Context as _, Result, ensure};
use nuncio_benches::{
    host::Program,
    machine::{Cores, disk, name},
};

use crate::{
    aims,
    options::Options,
    point::Point,
    rounds::{Stage, rounds},
    table::{ABSOLUTE, Measured, SHARES, table},
};

/// Rounds of the short form, and how long they are, seconds.
const FEW: usize = 2;
const BRIEF: f64 = 2.0;

/// Runs what `options` ask for.
///
/// # Errors
/// When it cannot be measured, a message is lost or doubled, or the short form is not passed.
pub(crate) fn run(options: &Options) -> Result<()> {
    let own = std::env::current_exe()?;
    // Beside the program, since many a machine's folder for temporary files is no disk.
    let folder = tempfile::tempdir_in(own.parent().context("a program lies in a folder")?)?;
    let disk = disk(folder.path());
    ensure!(!disk.starts_with("tmpfs"), "{} is no disk ({disk}): build into a folder that is", own.display());
    let nuncio = Program::nuncio(folder.path())?;
    let stage = Stage {
        cores: Cores::choose()?,
        folder: folder.path(),
        nuncio: &nuncio,
        seconds: if options.short { BRIEF } else { options.seconds },
        perf: options.perf.as_deref(),
    };
    let mut points = Vec::new();
    for point in Point::all() {
        let other = options.point.as_deref().is_some_and(|name| name != point.name);
        if other || (options.short && !point.short) {
            continue;
        }
        let count = if options.short { FEW } else { options.rounds };
        points.push(Measured { rounds: rounds(&stage, count, &point).context(point.title)?, point });
    }
    println!("{}\n\n{}", name(folder.path()), aims::text(&points));
    println!("{}\n{}", table(&points, &SHARES), table(&points, &ABSOLUTE));
    if options.short { aims::check(&points) } else { Ok(()) }
}
