//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::{canned::Canned, point::Point};

/// Posting and claiming by the whole host, as a share of a plain echo.
#[derive(Debug, Parser)]
#[command(name = "posting")]
pub(crate) struct Options {
    /// About a minute, and an error when a message is lost or doubled, or posts are far too slow.
    #[arg(long, conflicts_with_all = ["point", "rounds", "seconds"])]
    pub(crate) short: bool,
    /// One point only.
    #[arg(long, value_parser = Point::names())]
    pub(crate) point: Option<String>,
    /// Rounds of each point.
    #[arg(long, default_value_t = 3)]
    pub(crate) rounds: usize,
    /// How long the host is under load in a round, seconds.
    #[arg(long, default_value_t = 4.0)]
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
    /// The echo.
    #[command(hide = true)]
    Echo(Canned),
    /// The load generator.
    #[command(hide = true)]
    Load {
        /// What it does, as JSON.
        order: String,
    },
}
