//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::{outside::Listen, point::Point, raw::Bare};

/// Deliveries by the whole host, as a share of what a bare client posts to the same sink.
#[derive(Debug, Parser)]
#[command(name = "delivery")]
pub(crate) struct Options {
    /// Less than three minutes: the base point and fan-out 1 and 100.
    #[arg(long)]
    pub(crate) short: bool,
    /// At most 15 minutes: all axes; `docs/benchmarks.md` and `docs/benchmarks.json` are written anew.
    #[arg(long, conflicts_with_all = ["short", "axis"])]
    pub(crate) long: bool,
    /// One axis only.
    #[arg(long, value_parser = Point::AXES, conflicts_with = "short")]
    pub(crate) axis: Option<String>,
    /// Rounds of each point.
    #[arg(long, default_value_t = 2)]
    pub(crate) rounds: usize,
    /// How long the host is under full load in a round, seconds.
    #[arg(long, default_value_t = 3.0)]
    pub(crate) seconds: f64,
    /// Leave out z, the host without storage.
    #[arg(long)]
    pub(crate) no_z: bool,
    /// Have `perf record` write to this file while the host is under load.
    #[arg(long)]
    pub(crate) perf: Option<PathBuf>,
    /// One of the processes of a run.
    #[command(subcommand)]
    pub(crate) process: Option<Process>,
}

/// The processes that a run starts.
#[derive(Debug, Subcommand)]
pub(crate) enum Process {
    /// The sink and the load generator.
    #[command(hide = true)]
    Outside(Listen),
    /// The bare client.
    #[command(hide = true)]
    Raw(Bare),
    /// z, the host without storage.
    #[command(hide = true)]
    Null {
        /// The configuration file.
        #[arg(long)]
        config: PathBuf,
    },
}
