//! Giving unused pages of the file back to the disk.

use rusqlite::Connection;

/// Pages that one commit gives back.
const SLICE: i64 = 256;

/// Unused pages that the file keeps for what comes next: a part of its pages, and never fewer than these.
const KEPT: (i64, i64) = (10, 256);

/// Gives back a slice of what is too much; whether anything is left.
pub(super) fn slice(db: &Connection) -> rusqlite::Result<bool> {
    let number =
        |sql: &str| -> rusqlite::Result<i64> { db.prepare_cached(sql)?.query_row([], |row| row.get(0)) };
    let (pages, unused) = (number("PRAGMA page_count")?, number("PRAGMA freelist_count")?);
    let excess = unused - (pages / KEPT.0).max(KEPT.1);
    // A file of before this version has no room for it: it keeps its size, and its pages are used again.
    if excess <= 0 || number("PRAGMA auto_vacuum")? != 2 {
        return Ok(false);
    }
    let mut step = db.prepare(&format!("PRAGMA incremental_vacuum({})", excess.min(SLICE)))?;
    let mut rows = step.query([])?;
    while rows.next()?.is_some() {}
    Ok(excess > SLICE)
}
