//! A file that is damaged while a host works on it.

use std::{
    path::Path,
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use super::writer::stop_damaged;
use crate::storage::StoreError;

/// Settlements that may fail one after the other for a damaged page.
const STRIKES: u32 = 5;

/// What was found first, and how often the writer ran into it since.
#[derive(Debug, Default)]
pub(super) struct Damage {
    found: OnceLock<String>,
    strikes: AtomicU32,
}

impl Damage {
    /// Remembers `error` if it says that the file is damaged.
    pub(super) fn note(&self, error: &StoreError) {
        if let StoreError::Damaged(_) = error
            && self.found.set(error.to_string()).is_ok()
        {
            tracing::error!(%error, "the database is damaged");
        }
    }

    /// What was found.
    pub(super) fn found(&self) -> Option<&str> {
        self.found.get().map(String::as_str)
    }

    /// Settlements could not be recorded. If that is for a damaged page, again and again, the process ends: deliveries
    /// would stand still while messages are taken in.
    pub(super) fn strike(&self, database: &Path, error: &StoreError) {
        self.note(error);
        if matches!(error, StoreError::Damaged(_))
            && self.strikes.fetch_add(1, Ordering::Relaxed) + 1 >= STRIKES
        {
            stop_damaged(database, &error.to_string());
        }
    }

    /// Settlements were recorded.
    pub(super) fn mended(&self) {
        self.strikes.store(0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_finding_stays_and_other_errors_are_none() {
        let damage = Damage::default();
        damage.note(&StoreError::Unavailable("away".into()));
        assert_eq!(damage.found(), None);
        damage.note(&StoreError::Damaged("page 7".into()));
        damage.note(&StoreError::Damaged("page 8".into()));
        assert!(damage.found().is_some_and(|found| found.contains("page 7")));
    }
}
