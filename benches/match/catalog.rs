//! A large catalog, written straight into the database of a host that is stopped.
//!
//! The targets have no recipients and the filters want other messages: nothing is delivered, so what a POST costs more than
//! one to an empty queue is matching alone.

use std::path::Path;

use anyhow::Result;
use nuncio_core::{Options, filter::Filter};
use rusqlite::{Connection, params};
use serde_json::json;

/// What the subscriptions of a queue have in common.
#[derive(Clone, Copy, Debug)]
#[repr(u64)]
pub(crate) enum Kind {
    Plain,
    Same,
    Attributes,
    Body,
}

/// A quarter of the queues each.
pub(crate) const KINDS: [Kind; 4] = [Kind::Plain, Kind::Same, Kind::Attributes, Kind::Body];

impl Kind {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Plain => "without filters",
            Self::Same => "with the same filter",
            Self::Attributes => "with filters of their own over attributes",
            Self::Body => "with filters of their own over the body",
        }
    }

    fn filter(self, n: u64) -> Result<String> {
        let own = json!([format!("kind-{n}"), {"prefix": format!("other-{n}")}]);
        let options = match self {
            Self::Plain => json!({}),
            Self::Same => json!({"filter": {"kind": ["bill"]}}),
            Self::Attributes => json!({"filter": {"kind": own, "n": [{"numeric": [">", 5]}]}}),
            Self::Body => {
                json!({"filter_scope": "body", "filter": {"kind": own, "n": [{"numeric": [">", 5]}]}})
            }
        };
        Ok(Filter::text(&serde_json::from_value::<Options>(options)?))
    }
}

/// Adds twice as many queues as `queues`, of which the first half has `each` subscriptions.
pub(crate) fn fill(database: &Path, queues: u64, each: u64) -> Result<()> {
    let mut db = Connection::open(database)?;
    let step = db.transaction()?;
    step.execute_batch(
        "INSERT INTO project (id, name) VALUES (1, 'benchmark');
         INSERT INTO lane (id, project, driver, destination, key) VALUES (1, 1, 'log', 'log', '');",
    )?;
    {
        let mut queue = step.prepare(
            "INSERT INTO queue (id, project, name, metadata, version, floor, deleted, sweep)
             VALUES (?1 + 1, 1, 'q' || ?1, '{}', 1, 0, 0, 0)",
        )?;
        let mut target = step.prepare(
            "INSERT INTO target (id, subscription, project, driver, lane, uri, redacted, recipients, addresses, options,
             filter, born) VALUES (?1, ?1, 1, 'log', 1, 'log:' || ?1, 'log:', 0, '[]', '{}', ?2, 0)",
        )?;
        let mut subscription = step.prepare(
            "INSERT INTO subscription (id, project, queue, uri_key, ttl, since, expires, confirmed, target, state, moving)
             VALUES (?1, 1, ?2 + 1, 'log:' || ?1, 0, 0, 0, 0, ?1, 0, 0)",
        )?;
        for at in 0..2 * queues {
            queue.execute([at.cast_signed()])?;
            let kind = KINDS[(at * KINDS.len() as u64 / queues).min(KINDS.len() as u64 - 1) as usize];
            for n in 0..if at < queues { each } else { 0 } {
                let id = (at * each + n + 1).cast_signed();
                target.execute(params![id, kind.filter(n)?])?;
                subscription.execute([id, at.cast_signed()])?;
            }
        }
    }
    step.commit()?;
    Ok(())
}
