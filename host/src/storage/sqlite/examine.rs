//! Whether a database is sound: its pages, its packed values, its accounts.

use std::path::Path;

use nuncio_core::packed;
use rusqlite::{Connection, ErrorCode};

use super::{OpenError, connection, tally};

/// Faults that are told at most.
const MOST: usize = 20;

/// Looks at every page and every packed value of the database at `path`; a host may be at work on it. What is wrong,
/// a line each; nothing for a sound one.
///
/// # Errors
/// When it cannot be opened, or is none of ours.
pub fn examine(path: &Path) -> Result<Vec<String>, OpenError> {
    let refused = |source| connection::refused(path, source);
    let db = connection::reader(path).map_err(refused)?;
    connection::recognise(&db, path)?;
    db.execute_batch("BEGIN").map_err(refused)?;
    let mut faults = pages(&db).map_err(refused)?;
    if faults.is_empty() {
        faults = values(&db).map_err(refused)?;
        faults.extend(accounts(&db));
    }
    faults.truncate(MOST);
    Ok(faults)
}

fn pages(db: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut check = db.prepare(&format!("PRAGMA integrity_check({MOST})"))?;
    let mut found = Vec::new();
    for one in check.query_map([], |row| row.get::<_, String>(0))? {
        match one {
            Ok(one) => found.push(one),
            // It may stumble over what is damaged; what it found before that counts.
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt) => {
                found.push(error.to_string());
                break;
            }
            Err(error) => return Err(error),
        }
    }
    found.retain(|one| one != "ok");
    Ok(found)
}

fn values(db: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut faults = Vec::new();
    each(db, "SELECT seq, packed FROM outcome", |seq, packed| {
        let read = packed::read_outcomes(packed);
        faults.extend(read.err().map(|error| format!("outcomes of commit {seq}: {error}")));
    })?;
    each(db, "SELECT id, matched FROM message", |id, packed| {
        let read = packed::read_matched(packed);
        faults.extend(read.err().map(|error| format!("targets of message {id}: {error}")));
    })?;
    Ok(faults)
}

fn each(db: &Connection, sql: &str, mut look: impl FnMut(i64, &[u8])) -> rusqlite::Result<()> {
    let mut rows = db.prepare(sql)?;
    let mut rows = rows.query([])?;
    while let Some(row) = rows.next()? {
        look(row.get(0)?, row.get_ref(1)?.as_blob().unwrap_or_default());
    }
    Ok(())
}

/// What is open by the rows must be open by the accounts.
fn accounts(db: &Connection) -> Option<String> {
    // A database of an earlier version keeps none.
    let kept: i64 = db.query_row("SELECT coalesce(min(id), 0) FROM log", [], |row| row.get(0)).ok()?;
    let kept = tally::read(db, u16::try_from(kept).ok()?).ok()?;
    match tally::count(db) {
        Ok(counted) if counted.open() == kept.open() => None,
        Ok(counted) => Some(format!(
            "the accounts do not close: {} deliveries are open, {} should be",
            counted.open(),
            kept.open()
        )),
        Err(error) => Some(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_and_accounts_that_do_not_close_are_told() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("n.db");
        let db = connection::writer(&path, None).unwrap().0;
        db.execute("INSERT INTO log (id, low_message, low_idx, last_id) VALUES (0, 0, 0, 7)", []).unwrap();
        assert_eq!(examine(&path).unwrap(), Vec::<String>::new());
        db.execute("INSERT INTO outcome (block, packed) VALUES (1, x'63')", []).unwrap();
        db.execute("UPDATE log SET accepted = 3", []).unwrap();
        let faults = examine(&path).unwrap();
        assert!(faults[0].contains("outcomes of commit 1"), "{faults:?}");
        assert!(faults[1].contains("0 deliveries are open, 3 should be"), "{faults:?}");
    }
}
