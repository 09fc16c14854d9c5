//! What projects took by day, and what they have.

use async_trait::async_trait;
use rusqlite::{Connection, params};

use super::{commit::Commit, store::Sqlite, targets};
use crate::storage::{StoreError, Stored, Usage, UsageDay, Usages};

#[async_trait]
impl Usages for Sqlite {
    async fn usage_add(&self, rows: Vec<UsageDay>, before: i64) -> Result<(), StoreError> {
        self.writer.change(0, move |commit| add(commit, &rows, before)).await
    }

    async fn usage(&self, project: &str) -> Result<Vec<UsageDay>, StoreError> {
        let project = project.to_owned();
        self.readers.read(move |db| of(db, &project)).await
    }

    async fn stored(&self, project: &str) -> Result<Stored, StoreError> {
        let project = project.to_owned();
        self.readers.read(move |db| stored(db, &project)).await
    }
}

fn add(commit: &mut Commit<'_>, rows: &[UsageDay], before: i64) -> Result<(), StoreError> {
    let mut put = commit.db.prepare_cached(
        "INSERT INTO usage (project, day, messages, bytes, deliveries) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (project, day) DO UPDATE SET messages = messages + excluded.messages,
         bytes = bytes + excluded.bytes, deliveries = deliveries + excluded.deliveries",
    )?;
    for UsageDay { project, day, usage } in rows {
        let [messages, bytes, deliveries] =
            [usage.messages, usage.bytes, usage.deliveries].map(u64::cast_signed);
        put.execute(params![project, day, messages, bytes, deliveries])?;
    }
    commit.db.prepare_cached("DELETE FROM usage WHERE day < ?1")?.execute([before])?;
    Ok(())
}

fn of(db: &Connection, project: &str) -> Result<Vec<UsageDay>, StoreError> {
    let mut rows = db.prepare_cached(
        "SELECT day, messages, bytes, deliveries FROM usage WHERE project = ?1 ORDER BY day DESC",
    )?;
    let rows = rows.query_map([project], |row| {
        let count = |column| row.get::<_, i64>(column).map(i64::unsigned_abs);
        let usage = Usage { messages: count(1)?, bytes: count(2)?, deliveries: count(3)? };
        Ok(UsageDay { project: project.to_owned(), day: row.get(0)?, usage })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn stored(db: &Connection, project: &str) -> Result<Stored, StoreError> {
    let Some(project) = targets::project(db, project)? else { return Ok(Stored::default()) };
    let mut read =
        db.prepare_cached("SELECT count(*), total(length(body)) FROM message WHERE project = ?1")?;
    let found = read.query_row([project.0], |row| {
        Ok(Stored { messages: row.get::<_, i64>(0)?.unsigned_abs(), bytes: row.get::<_, f64>(1)? as u64 })
    })?;
    Ok(found)
}

/// Refuses a queue more than a project may have (`limits.queues`).
pub(super) fn room_for_queue(commit: &Commit<'_>, project: &str) -> Result<(), StoreError> {
    let most = commit.limits.quotas.of(project).queues;
    refuse(
        commit,
        project,
        "limits.queues",
        most,
        "SELECT count(*) FROM queue WHERE project = ?1 AND deleted = 0",
    )
}

/// Refuses a subscription more than a project may have (`limits.subscriptions`).
pub(super) fn room_for_subscription(commit: &Commit<'_>, project: &str) -> Result<(), StoreError> {
    let most = commit.limits.quotas.of(project).subscriptions;
    let live = "SELECT count(*) FROM queue q JOIN subscription s ON s.queue = q.id
                WHERE q.project = ?1 AND q.deleted = 0 AND s.state = 0";
    refuse(commit, project, "limits.subscriptions", most, live)
}

/// Refuses a live device more than a project may have (`limits.devices`).
pub(super) fn room_for_device(commit: &Commit<'_>, project: &str) -> Result<(), StoreError> {
    let most = commit.limits.quotas.of(project).devices;
    let live = "SELECT count(*) FROM device WHERE project = ?1 AND ended = 0";
    refuse(commit, project, "limits.devices", most, live)
}

fn refuse(
    commit: &Commit<'_>,
    project: &str,
    limit: &'static str,
    most: u64,
    count: &str,
) -> Result<(), StoreError> {
    if most == 0 {
        return Ok(());
    }
    let Some(project) = targets::project(commit.db, project)? else { return Ok(()) };
    let have: i64 = commit.db.prepare_cached(count)?.query_row([project.0], |row| row.get(0))?;
    if have.unsigned_abs() < most { Ok(()) } else { Err(StoreError::TooMany { limit, value: most }) }
}
