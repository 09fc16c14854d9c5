//! How a command fails: what a person reads, and the exit code a script reads.

use serde_json::{Map, Value, json};

use crate::config::ConfigError;

/// Exit codes, those of BSD's sysexits.h where it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[non_exhaustive]
pub enum Exit {
    /// Everything is well.
    Ok = 0,
    /// The demonstration did not end well.
    Failed = 1,
    /// The command line is wrong (`EX_USAGE`).
    Usage = 64,
    /// A URI, an option, a body or a file is wrong (`EX_DATAERR`).
    Input = 65,
    /// A file that should be read is not there (`EX_NOINPUT`).
    NoInput = 66,
    /// It does not succeed, now or later (`EX_UNAVAILABLE`).
    Unavailable = 69,
    /// The system does not do its part (`EX_OSERR`).
    System = 71,
    /// A file cannot be made (`EX_CANTCREAT`).
    CannotCreate = 73,
    /// It may succeed later (`EX_TEMPFAIL`).
    Temporary = 75,
    /// The far side refuses our account (`EX_NOPERM`).
    Refused = 77,
    /// The configuration is wrong (`EX_CONFIG`).
    Config = 78,
}

impl Exit {
    /// Its name in JSON.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::Usage => "usage",
            Self::Input => "input",
            Self::NoInput => "no_input",
            Self::Unavailable => "unavailable",
            Self::System => "system",
            Self::CannotCreate => "cannot_create",
            Self::Temporary => "temporary",
            Self::Refused => "refused",
            Self::Config => "config",
        }
    }
}

/// Why a command fails.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(super) struct Fault {
    pub(super) exit: Exit,
    message: String,
    details: Map<String, Value>,
}

impl Fault {
    pub(super) fn new(exit: Exit, message: impl ToString) -> Self {
        Self { exit, message: message.to_string(), details: Map::new() }
    }

    /// With something more for programs.
    pub(super) fn detail(mut self, name: &str, value: Value) -> Self {
        self.details.insert(name.to_owned(), value);
        self
    }

    /// What `--json` prints.
    pub(super) fn json(&self) -> Value {
        let mut error = self.details.clone();
        error.insert("kind".to_owned(), self.exit.name().into());
        error.insert("exit".to_owned(), (self.exit as u8).into());
        error.insert("message".to_owned(), self.message.clone().into());
        json!({ "error": error })
    }
}

impl From<ConfigError> for Fault {
    fn from(error: ConfigError) -> Self {
        Self::new(Exit::Config, &error).detail("problems", json!(error.0))
    }
}
