//! Where something in the configuration stands, and what is wrong with it.

use std::fmt;

use serde::Serialize;

/// Where a value came from.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(untagged)]
pub enum Place {
    /// A file; line and column count characters from 1.
    File {
        /// Its path, as it was given.
        file: String,
        /// The line, 0 for the file as a whole.
        line: usize,
        /// The column.
        column: usize,
    },
    /// An environment variable.
    Variable {
        /// Its name.
        variable: String,
    },
    /// The built-in default.
    #[default]
    Default,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { file, line: 0, .. } => f.write_str(file),
            Self::File { file, line, column } => write!(f, "{file}:{line}:{column}"),
            Self::Variable { variable } => f.write_str(variable),
            Self::Default => f.write_str("default"),
        }
    }
}

/// One thing that is wrong with the configuration: where, what, and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[non_exhaustive]
pub struct Problem {
    /// Where it stands.
    pub place: Place,
    /// Which key: `[delivery] max_in_flight`; empty for the file as a whole.
    pub key: String,
    /// What is wrong, without secrets.
    pub why: String,
    /// What to do about it; may be empty.
    pub fix: String,
}

impl Problem {
    /// Something wrong with the key `path` (dotted) at `place`.
    #[must_use]
    pub fn new(place: Place, path: &str, why: impl Into<String>) -> Self {
        let key = match path.rsplit_once('.') {
            Some((section, key)) => format!("[{section}] {key}"),
            None if path.is_empty() => String::new(),
            None => format!("[{path}]"),
        };
        Self { place, key, why: why.into(), fix: String::new() }
    }

    /// With what to do about it.
    #[must_use]
    pub fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = fix.into();
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.place != Place::Default {
            write!(f, "{}: ", self.place)?;
        }
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.why)?;
        if self.fix.is_empty() { Ok(()) } else { write!(f, "; {}", self.fix) }
    }
}

/// Everything that is wrong with a configuration, in the order of the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct ConfigError(pub Vec<Problem>);
