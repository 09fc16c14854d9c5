//! Deliveries by the whole host, as a share of what a bare client can post to the same sink on the same core.
//!
//! `cargo run --release -p nuncio-benches --bin delivery`; benches/README.md says what is measured, and how.

mod ballast;
mod certificate;
mod documents;
mod figures;
mod gate;
mod measure;
mod null;
mod options;
mod outside;
mod point;
mod raw;
mod rounds;
mod run;
mod table;
mod targets;

use anyhow::Result;
use clap::Parser as _;

use options::{Options, Process};

fn main() -> Result<()> {
    // An earlier provider would be as good.
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    let options = Options::parse();
    match &options.process {
        Some(Process::Outside(listen)) => outside::serve(listen),
        Some(Process::Raw(bare)) => raw::run(bare),
        Some(Process::Null { config }) => null::serve(config),
        None => run::run(&options),
    }
}
