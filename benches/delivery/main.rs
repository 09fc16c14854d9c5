//! Deliveries by the whole host, as a share of what a bare client can post to the same sink on the same core.
//!
//! `cargo run --release -p nuncio-benches --bin delivery`; benches/README.md says what is measured, and how.

mod certificate;
mod figures;
mod host;
mod machine;
mod measure;
mod options;
mod outside;
mod point;
mod raw;
mod rounds;
mod table;

use anyhow::Result;
use clap::Parser as _;

use certificate::Certificate;
use host::Program;
use machine::Cores;
use measure::Stage;
use options::{Options, Process};
use outside::Outside;
use point::Point;

fn main() -> Result<()> {
    // An earlier provider would be as good.
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    let options = Options::parse();
    match &options.process {
        Some(Process::Outside(listen)) => outside::serve(listen),
        Some(Process::Raw(bare)) => raw::run(bare),
        None => run(&options),
    }
}

fn run(options: &Options) -> Result<()> {
    let cores = Cores::choose()?;
    let folder = tempfile::tempdir()?;
    let program = Program::nuncio(folder.path())?;
    let certificate = Certificate::make(folder.path())?;
    let axes: Vec<&str> = options.axis.as_deref().map_or(Point::AXES.to_vec(), |axis| vec![axis]);
    let mut done = Vec::new();
    for point in axes.into_iter().flat_map(Point::axis) {
        let tls = point.tls.then_some(&certificate);
        let mut outside = Outside::start(cores, 1, tls.map(|made| made.sink.as_path()))?;
        let stage = Stage {
            cores,
            folder: folder.path(),
            root: tls.map(|made| made.root.as_path()),
            seconds: options.seconds,
            perf: options.perf.as_deref(),
        };
        let rounds = rounds::rounds(&stage, &program, &mut outside, &point, options.rounds)?;
        done.push((point, rounds));
        println!("{}\n", table::table(&done[done.len() - 1..]));
    }
    println!("{}", table::table(&done));
    Ok(())
}
