//! Copying the write-ahead log back into the database, between commits.

use std::{path::Path, time::Duration};

use rusqlite::Connection;
use tokio::time::Instant;

use super::disk;
use crate::storage::sqlite::{connection, limits::Limits};

/// How long commits wait for readers before the log is cut: one page is read in less.
const PATIENCE: Duration = Duration::from_millis(100);

/// How long until it is tried again when a full disk, or a reader such as a backup, prevents it.
const AGAIN: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(16));

/// When the write-ahead log is copied back.
#[derive(Debug, Default)]
pub(super) struct Checkpoints {
    page_bytes: u64,
    copied_at: u64,
    hindered: Option<Hindered>,
}

/// The last try did not do all it should.
#[derive(Clone, Copy, Debug)]
struct Hindered {
    until: Instant,
    wait: Duration,
}

impl Checkpoints {
    /// Copies back what is due. What a reader prevents is said and tried again after the next commit.
    pub(super) fn after_commit(&mut self, db: &Connection, path: &Path, limits: &Limits) {
        if self.hindered.is_some_and(|one| Instant::now() < one.until) {
            return;
        }
        match self.run(db, limits) {
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

    /// Whether all that was due is done.
    fn run(&mut self, db: &Connection, limits: &Limits) -> rusqlite::Result<bool> {
        if self.page_bytes == 0 {
            self.page_bytes = db.pragma_query_value(None, "page_size", |row| row.get::<_, u32>(0))?.into();
        }
        let size = checkpoint(db, "NOOP")?.pages * self.page_bytes;
        if size < self.copied_at {
            // It was begun anew.
            self.copied_at = 0;
        }
        if size >= limits.wal_bytes {
            db.busy_timeout(PATIENCE)?;
            let done = checkpoint(db, "TRUNCATE");
            db.busy_timeout(connection::PATIENCE)?;
            let done = done?;
            self.copied_at = done.pages * self.page_bytes;
            return Ok(!done.hindered);
        }
        if size >= self.copied_at + limits.checkpoint_bytes {
            checkpoint(db, "PASSIVE")?;
            self.copied_at = size;
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
struct Done {
    hindered: bool,
    pages: u64,
}

fn checkpoint(db: &Connection, mode: &str) -> rusqlite::Result<Done> {
    db.prepare_cached(&format!("PRAGMA wal_checkpoint({mode})"))?.query_row([], |row| {
        let pages: i64 = row.get(1)?;
        Ok(Done { hindered: row.get(0)?, pages: u64::try_from(pages).unwrap_or(0) })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(db: &Connection, kib: usize) {
        let body = vec![7_u8; kib * 1024];
        db.execute("INSERT OR REPLACE INTO meta (key, value) VALUES ('x', ?1)", [body]).unwrap();
    }

    #[test]
    fn the_log_is_copied_back_and_cut_at_its_limits() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("n.db");
        let db = connection::writer(&path, None).unwrap().0;
        let limits = Limits { checkpoint_bytes: 64 << 10, wal_bytes: 512 << 10, ..Limits::default() };
        let mut checkpoints = Checkpoints::default();
        write(&db, 100);
        checkpoints.after_commit(&db, &path, &limits);
        let (pages, copied): (i64, i64) =
            db.query_row("PRAGMA wal_checkpoint(NOOP)", [], |row| Ok((row.get(1)?, row.get(2)?))).unwrap();
        assert!(pages > 0 && pages == copied, "{pages} {copied}");
        write(&db, 900);
        checkpoints.after_commit(&db, &path, &limits);
        assert_eq!(std::fs::metadata(path.with_extension("db-wal")).unwrap().len(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_reader_costs_a_short_wait_now_and_then_and_not_at_every_commit() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("n.db");
        let db = connection::writer(&path, None).unwrap().0;
        let reader = connection::reader(&path).unwrap();
        reader.execute_batch("BEGIN; SELECT count(*) FROM meta").unwrap();
        let limits = Limits { checkpoint_bytes: 64 << 10, wal_bytes: 64 << 10, ..Limits::default() };
        let mut checkpoints = Checkpoints::default();
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
