//! The drivers of a host as its configuration makes them.

use std::{collections::BTreeMap, fmt, path::PathBuf, sync::Arc};

use nuncio_core::{Clock, Dispatcher, Entry, Manifest};
use nuncio_plugin_loader::Library;
use serde::Serialize;

use super::{behind::Behind, candidate::Digest, figures::Figures, gathering::Gathering};
use crate::{
    access::Trusts,
    config::{Config, Problem, Strategy},
    websocket::Hub,
};

/// What every driver is made with beside its settings.
#[derive(Clone)]
pub(super) struct Ground {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) figures: Arc<Figures>,
    pub(super) behind: Arc<Behind>,
    /// The driver that is the host itself.
    pub(super) hub: Arc<Hub>,
    /// Whether it delivers.
    pub(super) sockets: bool,
    /// Who gives tokens by trusts; `None` where clients are not known by Keystone.
    pub(super) trusts: Option<Arc<Trusts>>,
}

/// What is remembered of a driver that was made.
#[derive(Clone, Debug)]
pub(super) struct Made {
    pub(super) digest: Digest,
    /// With all the schemes that it claims.
    pub(super) manifest: Manifest,
}

/// A library that is open, and stays so.
#[derive(Clone, Debug)]
pub(super) struct Opened {
    pub(super) library: Library,
    /// The pin that it was opened with.
    pub(super) sha256: Option<String>,
}

/// What became of a driver from one roster to the next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "change", content = "driver")]
#[non_exhaustive]
pub enum Change {
    /// It is new.
    Added(String),
    /// A new instance took over.
    Replaced(String),
    /// It is gone: what is stored for it is held.
    Retired(String),
    /// It serves other schemes.
    Schemes(String),
}

/// The drivers of a host as its configuration makes them.
pub struct Roster {
    pub(super) ground: Ground,
    pub(super) dispatcher: Dispatcher,
    pub(super) made: BTreeMap<String, Made>,
    pub(super) opened: BTreeMap<PathBuf, Opened>,
    /// With these a host does not start.
    pub(super) errors: Vec<Problem>,
    /// With these it runs, without those drivers.
    pub(super) refusals: Vec<Problem>,
    /// Drivers that go on as they were, since they refuse what is new.
    pub(super) kept: Vec<Problem>,
    /// What only a restart applies.
    pub(super) restart: Vec<String>,
}

impl fmt::Debug for Roster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Roster").field("dispatcher", &self.dispatcher).finish_non_exhaustive()
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Added(name) => write!(f, "{name} added"),
            Self::Replaced(name) => write!(f, "{name} replaced"),
            Self::Retired(name) => write!(f, "{name} retired"),
            Self::Schemes(name) => write!(f, "{name} serves other schemes"),
        }
    }
}

impl Roster {
    /// Makes every driver of `config`: those that are linked, then libraries, then programs.
    pub async fn gather(config: &Config, clock: Arc<dyn Clock>) -> Self {
        let sockets = config.websocket.enabled;
        let known_by_keystone = config.auth.strategy == Strategy::Keystone;
        // What cannot be used of [keystone] is told by the door, which needs it to let anybody in.
        let trusts =
            known_by_keystone.then(|| Trusts::new(&config.keystone, Arc::clone(&clock)).ok()).flatten();
        let trusts = trusts.map(Arc::new);
        let (figures, behind, hub) = (Arc::default(), Arc::default(), Arc::default());
        let ground = Ground { clock, figures, behind, hub, sockets, trusts };
        Gathering::new(config, ground, None).all().await
    }

    /// The roster that follows this one when `config` holds: drivers that nothing changed for are the same
    /// instances.
    pub async fn follow(&self, config: &Config) -> Self {
        Gathering::new(config, self.ground.clone(), Some(self)).all().await
    }

    /// The drivers.
    #[must_use]
    pub const fn dispatcher(&self) -> &Dispatcher {
        &self.dispatcher
    }

    /// What stands behind the drivers.
    #[must_use]
    pub const fn behind(&self) -> &Arc<Behind> {
        &self.ground.behind
    }

    /// The driver that is the host itself.
    #[must_use]
    pub const fn hub(&self) -> &Arc<Hub> {
        &self.ground.hub
    }

    /// Who makes trusts and gives tokens by them.
    #[must_use]
    pub const fn trusts(&self) -> Option<&Arc<Trusts>> {
        self.ground.trusts.as_ref()
    }

    /// What is wrong so that a host does not start.
    #[must_use]
    pub fn errors(&self) -> &[Problem] {
        &self.errors
    }

    /// Why drivers are missing that are configured.
    #[must_use]
    pub fn refusals(&self) -> &[Problem] {
        &self.refusals
    }

    /// Drivers that go on as they were, and what they refuse.
    #[must_use]
    pub fn kept(&self) -> &[Problem] {
        &self.kept
    }

    /// What only a restart applies.
    #[must_use]
    pub fn restart(&self) -> &[String] {
        &self.restart
    }

    /// What became of each driver since `before`.
    #[must_use]
    pub fn changes(&self, before: &Self) -> Vec<Change> {
        let mut changes = Vec::new();
        for entry in self.dispatcher.entries() {
            let name = &entry.manifest.name;
            match before.dispatcher.by_name(name) {
                None => changes.push(Change::Added(name.clone())),
                Some(old) if !Arc::ptr_eq(&old.driver, &entry.driver) => {
                    changes.push(Change::Replaced(name.clone()));
                }
                Some(old) if old.manifest.schemes != entry.manifest.schemes => {
                    changes.push(Change::Schemes(name.clone()));
                }
                Some(_) => {}
            }
        }
        let gone = before.dispatcher.entries().iter().map(|entry| &entry.manifest.name);
        let gone = gone.filter(|name| self.dispatcher.by_name(name).is_none());
        changes.extend(gone.map(|name| Change::Retired(name.clone())));
        changes
    }

    /// The instances that are here and not in `other`.
    #[must_use]
    pub fn without(&self, other: &Self) -> Vec<Entry> {
        let here = |entry: &&Entry| {
            let there = other.dispatcher.entries().iter();
            !there.into_iter().any(|one| Arc::ptr_eq(&one.driver, &entry.driver))
        };
        self.dispatcher.entries().iter().filter(here).cloned().collect()
    }
}
