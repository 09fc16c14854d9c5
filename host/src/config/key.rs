//! What one key of the configuration is.

use std::time::Duration;

/// One key of the configuration.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Key {
    /// Its name with its section: `delivery.max_in_flight`.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// Its default as TOML; empty when there is none.
    pub default: &'static str,
    /// Its unit, empty where it has none.
    pub unit: &'static str,
    /// What it does.
    pub doc: &'static str,
    /// Another value, as TOML.
    pub example: &'static str,
}

/// What a key takes.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Kind {
    /// A whole number from `min` to `max`.
    Integer {
        /// The least.
        min: u64,
        /// The most.
        max: u64,
    },
    /// `true` or `false`.
    Boolean,
    /// A size: bytes as a number, or text with `KiB`, `MiB`, `GiB`.
    Bytes {
        /// The least.
        min: u64,
        /// The most.
        max: u64,
    },
    /// A duration as text: `30s`.
    Duration {
        /// The shortest.
        min: Duration,
        /// The longest.
        max: Duration,
    },
    /// One of some words.
    Choice {
        /// Those of this version.
        now: &'static [&'static str],
        /// Those that are planned, to be refused with "not in this version".
        later: &'static [&'static str],
    },
    /// A secret of 32 bytes: 64 hexadecimal digits or base64, as `{ env = "NAME" }` or `{ file = "PATH" }`.
    Key,
    /// The name of a queue: letters, digits, `_` and `-`, at most 64.
    QueueName,
    /// A project's id: visible ASCII, at most 256.
    Project,
    /// Which subscribers must confirm: a word, or Zaqar's boolean.
    Confirmation,
    /// A mail address, with or without a name before it.
    Mailbox,
    /// The name of a template.
    TemplateName,
    /// A list of names.
    Names,
    /// A list of networks in CIDR form.
    Networks,
    /// The address to listen on.
    Listen,
    /// Where the store is: `sqlite:PATH`.
    Store,
    /// A log level, or directives by module.
    Levels,
    /// A retry policy.
    Retry,
    /// A text that is not empty, on one line.
    Text,
    /// A path.
    Path,
    /// An `http` or `https` URL without credentials, query and fragment.
    Url,
    /// A table of two paths: `{ cert = "PATH", key = "PATH" }`.
    Tls,
    /// A SHA-256 in hexadecimal.
    Sha256,
    /// A secret of at least `min` characters: text, `{ env = "NAME" }` or `{ file = "PATH" }`.
    Secret {
        /// The least length, characters.
        min: usize,
    },
    /// The name of a driver.
    DriverName,
    /// A program and its arguments.
    Command,
}

impl Kind {
    /// Whether it is never shown.
    pub(super) const fn is_secret(self) -> bool {
        matches!(self, Self::Secret { .. } | Self::Key)
    }
}

impl Key {
    /// Its section: `delivery`.
    #[must_use]
    pub fn section(&self) -> &'static str {
        self.name.split_once('.').map_or("", |(section, _)| section)
    }

    /// Its name within the section: `max_in_flight`.
    #[must_use]
    pub fn short(&self) -> &'static str {
        self.name.split_once('.').map_or(self.name, |(_, short)| short)
    }

    /// The environment variable that sets it: `NUNCIO_DELIVERY__MAX_IN_FLIGHT`.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("{}{}", super::VARIABLE_PREFIX, self.name.replace('.', "__").to_uppercase())
    }
}
