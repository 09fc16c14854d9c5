//! When the write-ahead log is copied back into the database.

use std::{path::Path, time::Duration};

use rusqlite::Connection;
use tokio::time::Instant;

use super::{copier::Copier, disk};
use crate::storage::sqlite::{connection, limits::Limits};

/// How long commits wait for readers before the log is cut: one page is read in less.
const PATIENCE: Duration = Duration::from_millis(100);

/// How long until it is tried again when a full disk, or a reader such as a backup, prevents it.
const AGAIN: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(16));

/// Pages that the writer copies back by itself, between two commits: it takes a millisecond or two.
const FEW: u64 = 1024;

/// When the write-ahead log is copied back: most of it beside the writer, and the last pages between two commits, after
/// which the log begins anew.
pub(super) struct Checkpoints {
    copier: Copier,
    page_bytes: u64,
    asked_at: u64,
    hindered: Option<Hindered>,
}

/// The last try did not do all it should.
#[derive(Clone, Copy, Debug)]
struct Hindered {
    until: Instant,
    wait: Duration,
}

impl Checkpoints {
    pub(super) const fn new(copier: Copier) -> Self {
        Self { copier, page_bytes: 0, asked_at: 0, hindered: None }
    }

    /// Copies back what is due. What a reader prevents is said and tried again after a later commit.
    pub(super) fn after_commit(&mut self, db: &Connection, path: &Path, limits: &Limits) {
        let copied = self.copier.look().transpose();
        // What the copier met is looked at in any case: the disk may have failed.
        if copied.is_ok() && self.hindered.is_some_and(|one| Instant::now() < one.until) {
            return;
        }
        match copied.and_then(|copied| self.run(db, limits, copied)) {
            Ok(true) => self.hindered = None,
            Ok(false) => self.later(),
            Err(error) => {
                disk::trust(path, &error);
                tracing::warn!(database = %path.display(), %error, "the write-ahead log could not be copied back");
                self.later();
            }
        }
    }

    fn later(&mut self) {
        let wait = self.hindered.map_or(AGAIN.0, |one| (one.wait * 2).min(AGAIN.1));
        self.hindered = Some(Hindered { until: Instant::now() + wait, wait });
    }

    /// Whether all that was due is done, or on its way.
    fn run(&mut self, db: &Connection, limits: &Limits, copied: Option<Done>) -> rusqlite::Result<bool> {
        if self.page_bytes == 0 {
            self.page_bytes = db.pragma_query_value(None, "page_size", |row| row.get::<_, u32>(0))?.into();
        }
        let now = checkpoint(db, "NOOP")?;
        let size = now.pages * self.page_bytes;
        if size < self.asked_at {
            // It was begun anew.
            self.asked_at = 0;
        }
        if self.copier.is_busy() {
            return Ok(true);
        }
        if size >= limits.wal_bytes {
            db.busy_timeout(PATIENCE)?;
            let done = checkpoint(db, "TRUNCATE");
            db.busy_timeout(connection::PATIENCE)?;
            let done = done?;
            self.asked_at = done.pages * self.page_bytes;
            return Ok(!done.hindered);
        }
        if copied.is_some() && now.left() <= FEW {
            passive(db)?;
        } else if size >= self.asked_at + limits.checkpoint_bytes {
            self.asked_at = size;
            self.copier.ask();
        }
        Ok(true)
    }
}

/// Copies all back and cuts the file: at the end.
pub(super) fn last(db: &Connection) {
    if let Err(error) = checkpoint(db, "TRUNCATE") {
        tracing::warn!(%error, "the write-ahead log could not be copied back; the next start reads it");
    }
}

/// What a checkpoint found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Done {
    /// Somebody else prevented it.
    pub(super) hindered: bool,
    pages: u64,
    copied: u64,
}

impl Done {
    /// Pages of the log that are not copied back.
    pub(super) const fn left(&self) -> u64 {
        self.pages.saturating_sub(self.copied)
    }
}

/// Copies back what no reader needs, without waiting for anybody.
pub(super) fn passive(db: &Connection) -> rusqlite::Result<Done> {
    checkpoint(db, "PASSIVE")
}

fn checkpoint(db: &Connection, mode: &str) -> rusqlite::Result<Done> {
    db.prepare_cached(&format!("PRAGMA wal_checkpoint({mode})"))?.query_row([], |row| {
        let pages = |column| row.get::<_, i64>(column).map(|pages| u64::try_from(pages).unwrap_or(0));
        Ok(Done { hindered: row.get(0)?, pages: pages(1)?, copied: pages(2)? })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(db: &Connection, kib: usize) {
        let body = vec![7_u8; kib * 1024];
        db.execute("INSERT OR REPLACE INTO meta (key, value) VALUES ('x', ?1)", [body]).unwrap();
    }

    fn state(db: &Connection) -> Done {
        checkpoint(db, "NOOP").unwrap()
    }

    /// Commits go on until the copier has answered and the rest was copied.
    fn copied(checkpoints: &mut Checkpoints, db: &Connection, path: &Path, limits: &Limits) {
        while checkpoints.copier.is_busy() {
            std::thread::yield_now();
            checkpoints.after_commit(db, path, limits);
        }
    }

    #[test]
    fn the_log_is_copied_back_begins_anew_and_is_cut_at_its_limit() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("n.db");
        let db = connection::writer(&path, None).unwrap().0;
        let limits = Limits { checkpoint_bytes: 64 << 10, wal_bytes: 512 << 10, ..Limits::default() };
        let mut checkpoints = Checkpoints::new(Copier::start(&path).unwrap());
        write(&db, 100);
        checkpoints.after_commit(&db, &path, &limits);
        assert!(checkpoints.copier.is_busy());
        copied(&mut checkpoints, &db, &path, &limits);
        let before = state(&db);
        assert!(before.pages > 0 && before.left() == 0, "{before:?}");
        write(&db, 1);
        assert!(state(&db).pages < before.pages, "it went on at the end");
        write(&db, 900);
        checkpoints.after_commit(&db, &path, &limits);
        assert_eq!(std::fs::metadata(path.with_extension("db-wal")).unwrap().len(), 0);
    }

    #[test]
    fn what_is_committed_while_it_is_copied_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("n.db");
        let db = connection::writer(&path, None).unwrap().0;
        let limits = Limits { checkpoint_bytes: 32 << 10, ..Limits::default() };
        let mut checkpoints = Checkpoints::new(Copier::start(&path).unwrap());
        for n in 0..400_u32 {
            db.execute("INSERT INTO meta (key, value) VALUES (?1, zeroblob(3000))", [format!("row {n}")])
                .unwrap();
            checkpoints.after_commit(&db, &path, &limits);
        }
        copied(&mut checkpoints, &db, &path, &limits);
        drop(checkpoints);
        drop(db);
        let db = connection::writer(&path, None).unwrap().0;
        let rows: i64 =
            db.query_row("SELECT count(*) FROM meta WHERE key LIKE 'row %'", [], |row| row.get(0)).unwrap();
        let sound: String = db.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!((rows, sound.as_str()), (400, "ok"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_reader_costs_a_short_wait_now_and_then_and_not_at_every_commit() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("n.db");
        let db = connection::writer(&path, None).unwrap().0;
        let reader = connection::reader(&path).unwrap();
        reader.execute_batch("BEGIN; SELECT count(*) FROM meta").unwrap();
        let limits = Limits { checkpoint_bytes: 64 << 10, wal_bytes: 64 << 10, ..Limits::default() };
        let mut checkpoints = Checkpoints::new(Copier::start(&path).unwrap());
        let mut waits = Vec::new();
        for _ in 0..20 {
            write(&db, 100);
            checkpoints.after_commit(&db, &path, &limits);
            waits.extend(checkpoints.hindered.map(|one| one.wait));
            tokio::time::advance(Duration::from_millis(200)).await;
        }
        assert_eq!((waits.len(), waits.last()), (20, Some(&Duration::from_secs(4))));
        drop(reader);
        tokio::time::advance(AGAIN.1).await;
        checkpoints.after_commit(&db, &path, &limits);
        assert!(checkpoints.hindered.is_none());
        assert_eq!(std::fs::metadata(path.with_extension("db-wal")).unwrap().len(), 0);
    }
}
