//! What matching costs beside a whole POST, with a million subscriptions over ten thousand queues.
//!
//! `cargo run --release -p nuncio-benches --bin match`; benches/README.md says what is measured, and how.

mod catalog;
mod host;
mod load;

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Parser;

use catalog::{KINDS, Kind};
use host::Host;
use load::Load;

/// What matching costs beside a whole POST.
#[derive(Debug, Parser)]
struct Options {
    /// Subscriptions, over all queues.
    #[arg(long, default_value_t = 1_000_000)]
    subscriptions: u64,
    /// Queues that have subscriptions.
    #[arg(long, default_value_t = 10_000)]
    queues: u64,
    /// POSTs to each kind of queue.
    #[arg(long, default_value_t = 20_000)]
    posts: u64,
    /// The program.
    #[arg(long, env = "NUNCIO_BIN")]
    program: PathBuf,
}

fn main() -> Result<()> {
    let options = Options::parse();
    let folder = tempfile::tempdir()?;
    let empty = Host::start(&options.program, folder.path())?;
    println!("start, empty: {:.0} ms, {:.1} MB", empty.started_ms, empty.resident()? as f64 / 1e6);
    empty.stop()?;
    let each = options.subscriptions / options.queues;
    catalog::fill(&folder.path().join("n.db"), options.queues, each)?;
    let host = Host::start(&options.program, folder.path())?;
    let before = host.resident()?;
    println!(
        "start, {} subscriptions over {} queues: {:.0} ms, {:.1} MB",
        each * options.queues,
        options.queues,
        host.started_ms,
        before as f64 / 1e6
    );
    let bare = Load { queues: options.queues, first: options.queues, posts: options.posts };
    bare.run(&host)?;
    let base = bare.run(&host)?;
    println!("POST to a queue without subscriptions: {base:.1} µs of CPU");
    for kind in KINDS {
        measure(&options, &host, each, kind, base).with_context(|| kind.name())?;
    }
    host.stop()
}

/// The first POST to each queue of a kind, which reads its subscriptions, and then POSTs to queues that are known.
fn measure(options: &Options, host: &Host, each: u64, kind: Kind, base: f64) -> Result<()> {
    let share = options.queues / KINDS.len() as u64;
    let first = share * kind as u64;
    let before = host.resident()?;
    let cold = Load { queues: share, first, posts: share }.run(host)?;
    let grown = host.resident()?.saturating_sub(before);
    let warm = Load { queues: share, first, posts: options.posts }.run(host)?;
    println!(
        "{each} subscriptions {}: {warm:.1} µs, matching {:.2} of a POST; first use {cold:.1} µs, {} B a subscription",
        kind.name(),
        (warm - base) / base,
        grown / (share * each),
    );
    Ok(())
}
