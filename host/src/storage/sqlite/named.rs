//! Queues by name, as they were last read: a POST asks what its queue wants, and shall not ask the file for it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use nuncio_core::QueueId;

use crate::storage::QueueRow;

/// Queues remembered at most; beyond it all are forgotten and read again as they are used.
const MOST: usize = 100_000;

/// The remembered queues. Readers add to them, the writer takes away what it changed before it answers.
#[derive(Default)]
pub(super) struct Named(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    /// By project, then by name.
    rows: HashMap<String, HashMap<String, Arc<QueueRow>>>,
    places: HashMap<QueueId, (String, String)>,
    changes: u64,
}

/// How many changes had been made when a read began: what was read is kept only if none was made since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment(u64);

impl Named {
    /// A queue; `Err` when it is not remembered, to be given back with what is read.
    pub(super) fn get(&self, project: &str, name: &str) -> Result<Arc<QueueRow>, Moment> {
        let kept = self.lock();
        let known = kept.rows.get(project).and_then(|queues| queues.get(name));
        known.map(Arc::clone).ok_or(Moment(kept.changes))
    }

    /// Remembers what was read after `moment`.
    pub(super) fn keep(&self, moment: Moment, project: &str, row: &Arc<QueueRow>) {
        let mut kept = self.lock();
        if Moment(kept.changes) != moment {
            return;
        }
        if kept.places.len() >= MOST {
            kept.rows.clear();
            kept.places.clear();
        }
        kept.places.insert(row.id, (project.to_owned(), row.name.clone()));
        kept.rows.entry(project.to_owned()).or_default().insert(row.name.clone(), Arc::clone(row));
    }

    /// Forgets queues that a commit changed.
    pub(super) fn forget(&self, queues: &[QueueId]) {
        if queues.is_empty() {
            return;
        }
        let mut kept = self.lock();
        kept.changes += 1;
        for id in queues {
            let Some((project, name)) = kept.places.remove(id) else { continue };
            if let Some(queues) = kept.rows.get_mut(&project) {
                queues.remove(&name);
                if queues.is_empty() {
                    kept.rows.remove(&project);
                }
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: i64, name: &str) -> Arc<QueueRow> {
        let metadata = serde_json::Map::new();
        Arc::new(QueueRow { id: QueueId(id), name: name.to_owned(), metadata, version: 1 })
    }

    #[test]
    fn what_was_read_before_a_change_is_not_kept() {
        let named = Named::default();
        let before = named.get("p", "a").unwrap_err();
        named.forget(&[QueueId(9)]);
        named.keep(before, "p", &row(1, "a"));
        let after = named.get("p", "a").unwrap_err();
        named.keep(after, "p", &row(1, "a"));
        assert_eq!(named.get("p", "a").unwrap().id, QueueId(1));
        assert!(named.get("q", "a").is_err());
    }

    #[test]
    fn only_what_changed_is_forgotten() {
        let named = Named::default();
        for (id, name) in [(1, "a"), (2, "b")] {
            let moment = named.get("p", name).unwrap_err();
            named.keep(moment, "p", &row(id, name));
        }
        named.forget(&[QueueId(1)]);
        assert!(named.get("p", "a").is_err() && named.get("p", "b").is_ok());
        named.forget(&[QueueId(2)]);
        assert!(named.lock().rows.is_empty() && named.lock().places.is_empty());
    }
}
