//! Posting and claiming by the whole host over SQLite, as a share of a plain echo of the same HTTP framework.
//!
//! `cargo run --release -p nuncio-benches --bin posting`; benches/README.md says what is measured, and how.

mod aims;
mod canned;
mod echo;
mod figures;
mod load;
mod options;
mod point;
mod rounds;
mod run;
mod sync;
mod table;

use anyhow::Result;
use clap::Parser as _;

use options::{Options, Process};

/// The host's allocator, for the echo too.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<()> {
    let options = Options::parse();
    match &options.process {
        Some(Process::Echo(canned)) => echo::serve(canned),
        Some(Process::Load { order }) => load::run(serde_json::from_str(order)?),
        None => run::run(&options),
    }
}
