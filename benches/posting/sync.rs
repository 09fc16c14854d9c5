//! What the disk can do: small appends, each made durable, with nothing else to do.

use std::{fs::File, io::Write as _, path::Path};

use anyhow::Result;
use nuncio_benches::{Percentiles, Samples, machine::now_ns};

/// The sizes of appends, in turn: what a commit of some messages of 1 kB appends to a log.
const SIZES: [usize; 4] = [4 << 10, 8 << 10, 12 << 10, 16 << 10];

/// Appends to a file in `folder` for so many seconds.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn measure(folder: &Path, seconds: f64) -> Result<Percentiles> {
    let mut file: File = tempfile::tempfile_in(folder)?;
    let bytes = vec![0x5a; 16 << 10];
    let mut times = Samples::default();
    let end = now_ns() + (seconds * 1e9) as u64;
    for size in SIZES.into_iter().cycle() {
        let began = now_ns();
        if began >= end {
            break;
        }
        file.write_all(bytes.get(..size).unwrap_or(&bytes))?;
        file.sync_data()?;
        times.add(now_ns() - began);
    }
    Ok(times.percentiles())
}
