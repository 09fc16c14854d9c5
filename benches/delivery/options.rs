//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::{outside::Listen, point::Point, raw::Bare};

/// Deliveries by the whole host, as a share of what a bare client posts to the same sink.
#[derive(Debug, Parser)]
#[command(name = "delivery")]
pub(crate) struct Options {
    /// Measure one axis only.
    #[arg(long, value_parser = Point::AXES)]
    pub(crate) axis: Option<String>,
    /// Rounds of each point.
    #[arg(long, default_value_t = 3)]
    pub(crate) rounds: usize,
    /// How long the host is under load in a round, seconds.
    #[arg(long, default_value_t = 5.0)]
    pub(crate) seconds: f64,
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
}
