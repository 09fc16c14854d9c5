//! What may stand on the command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use super::{backup, check, demo, drivers, explain, keys, new_driver, pages, pipe, remote, send};

/// A notification host: messages come in, every match is delivered, nothing accepted is lost.
#[derive(Debug, Parser)]
#[command(name = "nuncio", version, max_term_width = 100)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) shared: Shared,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// What every command takes.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Shared {
    /// Print JSON; errors too, on standard error
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// The configuration file [default: nuncio.toml, if it is there]
    #[arg(long, global = true, value_name = "PATH", env = "NUNCIO_CONFIG")]
    pub(super) config: Option<PathBuf>,
}

const EXIT_CODES: &str = "Exit codes: 0 delivered, 64 wrong usage, 65 wrong URI, option or body, \
    69 it does not succeed now or later, 75 trying again may help, 77 our account is refused, \
    78 wrong configuration. With several URIs the worst.";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run the host until SIGTERM or Ctrl-C
    Serve,
    /// Send one notification to each URI now, without a host
    #[command(after_help = EXIT_CODES)]
    Send(send::Arguments),
    /// See it work: a host, receivers and deliveries, all on this machine
    Demo(demo::Arguments),
    /// Look at the deliveries of a running host, try one again or cancel one
    Deliveries(remote::Deliveries),
    /// Register, list and remove devices of a running host, where push services reach apps and browsers
    Devices(remote::Devices),
    /// Have a running host try dead deliveries again, by filter
    Replay(remote::Replay),
    /// Have a running host cancel deliveries that wait or are held, by filter
    Cancel(remote::Cancel),
    /// Follow replays and cancellations of a running host, or stop one
    Jobs(remote::Jobs),
    /// Post each line of the standard input or of a file to a queue of a running host
    Pipe(pipe::Arguments),
    /// Make, list and revoke API keys, of a host that runs or of one that does not
    Keys(keys::Arguments),
    /// Check the configuration without starting a host
    Check(check::Arguments),
    /// Copy the database while its host works
    Backup(backup::Arguments),
    /// Look at the drivers of this program
    Drivers(drivers::Arguments),
    /// Show how a subscriber URI is read, and who would deliver to it
    Explain(explain::Arguments),
    /// Print the completions of a shell
    Completions(pages::Completions),
    /// Print the manual, or write a page for every command
    Man(pages::Man),
    /// Begin a driver of your own: a crate that builds, passes its tests and is loaded by a host
    NewDriver(new_driver::Arguments),
}
