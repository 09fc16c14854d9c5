//! Why a child process is no driver.

use std::{io, time::Duration};

use nuncio_core::SettingsError;

/// Why a child process is no driver: what is wrong, and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExecError {
    /// There is no program in the command.
    #[error("the command is empty: name the program and its arguments, as in [\"/opt/pager/driver.py\"]")]
    Command,
    /// The program cannot be started.
    #[error("`{program}` cannot be started: {source}; is it there, and executable?")]
    Start {
        /// The first word of the command.
        program: String,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// It did not say hello in time.
    #[error("it said no hello within {} s: its first line must be {{\"type\": \"hello\", ...}}{words}", .within.as_secs_f64())]
    NoHello {
        /// The time it had.
        within: Duration,
        /// What it wrote instead.
        words: String,
    },
    /// It ended before it was ready.
    #[error("it ended before it was ready ({how}){words}")]
    Ended {
        /// How.
        how: String,
        /// What it wrote last.
        words: String,
    },
    /// It speaks another version.
    #[error(
        "it speaks version {theirs} of the protocol, this host speaks {ours}: install the driver for this host"
    )]
    Protocol {
        /// What it speaks.
        theirs: u32,
        /// What the host speaks.
        ours: u32,
    },
    /// Its manifest cannot be used.
    #[error("its manifest: {0}")]
    Manifest(String),
    /// The settings are refused, by the schema of its manifest or by itself.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// It took its settings and did not say whether they are good.
    #[error("it did not answer `create` within {} s: it must say `ready` or `refused`{words}", .within.as_secs_f64())]
    NotReady {
        /// The time it had.
        within: Duration,
        /// What it wrote instead.
        words: String,
    },
    /// It says something else of itself than when the host started.
    #[error(
        "after a restart its manifest is another: restart the host to use the driver as it is now \
         (deliveries wait until then)"
    )]
    Changed,
}
