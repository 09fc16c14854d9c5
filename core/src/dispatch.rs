//! Scheme to driver: the one place where a URI meets its driver.

use std::sync::Arc;

use crate::{Checked, Driver, Manifest, Options, Refusal, SubscriberUri, closest};

/// A driver with what it says of itself and where it came from.
#[derive(Clone)]
pub struct Entry {
    /// What it says of itself.
    pub manifest: Arc<Manifest>,
    /// Where it came from.
    pub origin: Origin,
    /// The driver.
    pub driver: Arc<dyn Driver>,
}

/// Where a driver came from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// Linked into this binary.
    Linked,
    /// The host itself.
    Host,
    /// A dynamic library.
    Library {
        /// Its file.
        path: String,
        /// Major and minor version of the ABI that it was built for.
        abi: (u16, u16),
    },
    /// A child process.
    Exec {
        /// Its command.
        command: String,
    },
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Library { path, .. } => write!(f, "library {path}"),
            Self::Exec { command } => write!(f, "exec {command}"),
            Self::Linked | Self::Host => f.write_str(self.name()),
        }
    }
}

impl Origin {
    /// The file of a library.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        if let Self::Library { path, .. } = self { Some(path) } else { None }
    }

    /// The command of a child process.
    #[must_use]
    pub fn command(&self) -> Option<&str> {
        if let Self::Exec { command } = self { Some(command) } else { None }
    }

    /// Major and minor version of the ABI of a library, as `1.0`; none while its file was never opened.
    #[must_use]
    pub fn abi(&self) -> Option<String> {
        match self {
            Self::Library { abi: (major, minor), .. } if *major > 0 => Some(format!("{major}.{minor}")),
            _ => None,
        }
    }

    /// Its name in listings.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Linked => "linked",
            Self::Host => "host",
            Self::Library { .. } => "library",
            Self::Exec { .. } => "exec",
        }
    }
}

/// A driver that is configured and could not be made: the host runs without it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Its name, or that of its file where no more is known.
    pub name: String,
    /// Where it would have come from.
    pub origin: Origin,
    /// Why not, and what to do.
    pub why: String,
}

/// Hands URIs and notices to the driver of their scheme. Knows no storage, clock or runtime.
///
/// It never changes; where drivers do, a [`Switchboard`](crate::Switchboard) holds the one of now.
#[derive(Clone)]
pub struct Dispatcher {
    entries: Arc<[Entry]>,
    refused: Arc<[Refused]>,
}

impl std::fmt::Debug for Dispatcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.entries.iter().map(|entry| &entry.manifest.name)).finish()
    }
}

impl Dispatcher {
    pub(crate) fn new(entries: Vec<Entry>, refused: Vec<Refused>) -> Self {
        Self { entries: entries.into(), refused: refused.into() }
    }

    /// Those that are configured and could not be made.
    #[must_use]
    pub fn refused(&self) -> &[Refused] {
        &self.refused
    }

    /// All drivers, by name.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The driver of `scheme` (lower case).
    #[must_use]
    pub fn by_scheme(&self, scheme: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.manifest.schemes.iter().any(|one| one == scheme))
    }

    /// The driver called `name`.
    #[must_use]
    pub fn by_name(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.manifest.name == name)
    }

    /// All schemes that have a driver, sorted.
    #[must_use]
    pub fn schemes(&self) -> Vec<&str> {
        let mut all: Vec<_> =
            self.entries.iter().flat_map(|entry| entry.manifest.schemes.iter().map(String::as_str)).collect();
        all.sort_unstable();
        all
    }

    /// Asks the driver of `uri` what it makes of it.
    ///
    /// # Errors
    /// A [`Refusal`]: no driver for the scheme, or the driver's own.
    pub async fn check(&self, uri: &SubscriberUri, options: &Options) -> Result<(&Entry, Checked), Refusal> {
        let entry = self.by_scheme(uri.scheme()).ok_or_else(|| {
            let schemes = self.schemes();
            let meant = closest(uri.scheme(), schemes.iter().copied());
            let meant = meant.map_or_else(String::new, |scheme| format!("did you mean `{scheme}`? "));
            Refusal::new("scheme, column 1", format!("no driver serves the scheme `{}`", uri.scheme()))
                .fix(format!("{meant}this host has {}", schemes.join(", ")))
        })?;
        let checked = entry.driver.check(uri, options).await?;
        if checked.addresses.is_empty() {
            return Err(Refusal::new("uri", "the driver found no recipient in it"));
        }
        Ok((entry, checked))
    }
}
