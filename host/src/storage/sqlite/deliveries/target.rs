//! A frozen target with how its subscription stands.

use nuncio_core::{SubscriptionId, TargetId};
use rusqlite::{Connection, Row};
use serde_json::Map;

use crate::storage::{
    Consent, StoreError, TargetView,
    sqlite::{json, targets},
};

/// A frozen target: recipients of its own revision, options of the newest.
pub(in crate::storage::sqlite) fn view(
    db: &Connection,
    id: TargetId,
) -> Result<Option<TargetView>, StoreError> {
    let [uri, addresses] = ["uri", "addresses"].map(|column| targets::opened("t", column));
    let [newest_uri, newest_addresses, options] =
        ["uri", "addresses", "options"].map(|column| targets::opened("newest", column));
    db.prepare_cached(&format!(
        "SELECT t.id, t.subscription, p.name, coalesce(q.name, ''), q.metadata, coalesce(s.state = 2, 0)
         OR (t.frozen = 1 AND NOT EXISTS (SELECT 1 FROM asked a
              JOIN consent c ON c.subscription = a.subscription AND c.address = a.address WHERE a.target = t.id)),
          t.driver,
         {uri}, {addresses}, {newest_uri}, {newest_addresses}, newest.driver, {options},
         CASE WHEN EXISTS (SELECT 1 FROM gone WHERE subscription = t.subscription) THEN
             (SELECT json_group_array(a.value) FROM
                 (SELECT value FROM json_each({addresses}) UNION SELECT value FROM json_each({newest_addresses})) a
              WHERE EXISTS (SELECT 1 FROM gone g
                  WHERE g.subscription = t.subscription AND g.address = fingerprint(a.value)))
         ELSE '[]' END,
         t.frozen, coalesce(s.waits, 0), coalesce(s.state = 1, 0)
         FROM target t JOIN project p ON p.id = t.project
         LEFT JOIN subscription s ON s.id = t.subscription
         LEFT JOIN queue q ON q.id = s.queue
         JOIN target newest ON newest.id = iif(t.frozen = 1, t.id, coalesce(s.target, t.id))
         WHERE t.id = ?1"
    ))?
    .query_and_then([id.0], read)?
    .next()
    .transpose()
}

fn read(row: &Row<'_>) -> Result<TargetView, StoreError> {
    let text = |column: usize| row.get::<_, String>(column);
    let metadata: Option<String> = row.get(4)?;
    Ok(TargetView {
        id: TargetId(row.get(0)?),
        subscription: SubscriptionId(row.get(1)?),
        project: text(2)?,
        queue: text(3)?,
        queue_metadata: match metadata {
            Some(metadata) => json::read("queue metadata", &metadata)?,
            None => Map::new(),
        },
        ended: row.get(5)?,
        expired: row.get(16)?,
        driver: text(6)?,
        uri: text(7)?,
        addresses: json::read("addresses", &text(8)?)?,
        newest_uri: text(9)?,
        newest_addresses: json::read("addresses", &text(10)?)?,
        newest_driver: text(11)?,
        options: json::read("options", &text(12)?)?,
        gone: json::read("addresses", &text(13)?)?,
        frozen: row.get(14)?,
        consent: Consent::from_code(row.get(15)?),
    })
}
