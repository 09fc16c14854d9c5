//! Copying the write-ahead log back into the database, between commits.

use std::path::Path;

use rusqlite::Connection;

use super::disk;
use crate::storage::sqlite::limits::Limits;

/// When the write-ahead log is copied back.
#[derive(Debug, Default)]
pub(super) struct Checkpoints {
    page_bytes: u64,
    copied_at: u64,
}

impl Checkpoints {
    /// Copies back what is due. What a reader prevents is said and tried again after the next commit.
    pub(super) fn after_commit(&mut self, db: &Connection, path: &Path, limits: &Limits) {
        if let Err(error) = self.run(db, limits) {
            disk::trust(path, &error);
            tracing::warn!(%error, "the write-ahead log could not be copied back");
        }
    }

    fn run(&mut self, db: &Connection, limits: &Limits) -> rusqlite::Result<()> {
        if self.page_bytes == 0 {
            self.page_bytes = db.pragma_query_value(None, "page_size", |row| row.get::<_, u32>(0))?.into();
        }
        let size = wal_pages(db, "NOOP")? * self.page_bytes;
        if size < self.copied_at {
            // It was begun anew.
            self.copied_at = 0;
        }
        if size >= limits.wal_bytes {
            self.copied_at = wal_pages(db, "TRUNCATE")? * self.page_bytes;
        } else if size >= self.copied_at + limits.checkpoint_bytes {
            wal_pages(db, "PASSIVE")?;
            self.copied_at = size;
        }
        Ok(())
    }
}

/// Copies all back and cuts the file: at the end.
pub(super) fn last(db: &Connection) {
    if let Err(error) = wal_pages(db, "TRUNCATE") {
        tracing::warn!(%error, "the write-ahead log could not be copied back; the next start reads it");
    }
}

fn wal_pages(db: &Connection, mode: &str) -> rusqlite::Result<u64> {
    let pages: i64 =
        db.prepare_cached(&format!("PRAGMA wal_checkpoint({mode})"))?.query_row([], |row| row.get(1))?;
    Ok(u64::try_from(pages).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::sqlite::connection;

    fn write(db: &Connection, kib: usize) {
        let body = vec![7_u8; kib * 1024];
        db.execute("INSERT OR REPLACE INTO meta (key, value) VALUES ('x', ?1)", [body]).unwrap();
    }

    #[test]
    fn the_log_is_copied_back_and_cut_at_its_limits() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("n.db");
        let db = connection::writer(&path).unwrap();
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
}
