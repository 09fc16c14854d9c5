//! API keys: their ids, what they may do, and hashes of them.

use async_trait::async_trait;
use rusqlite::{Connection, Row, params};

use super::{commit::Commit, json, store::Sqlite};
use crate::storage::{KeyRow, Keys, StoreError};

#[async_trait]
impl Keys for Sqlite {
    async fn keys(&self) -> Result<Vec<KeyRow>, StoreError> {
        self.readers.read(|db| all(db)).await
    }

    async fn key_add(&self, key: KeyRow, most: u64) -> Result<(), StoreError> {
        self.writer.change(0, move |commit| add(commit, &key, most)).await
    }

    async fn key_remove(&self, id: &str) -> Result<bool, StoreError> {
        let id = id.to_owned();
        let remove = move |commit: &mut Commit<'_>| {
            Ok(commit.db.prepare_cached("DELETE FROM api_key WHERE id = ?1")?.execute([id])? > 0)
        };
        self.writer.change(0, remove).await
    }

    async fn key_used(&self, id: &str, at: i64) -> Result<(), StoreError> {
        let id = id.to_owned();
        let note = move |commit: &mut Commit<'_>| {
            commit
                .db
                .prepare_cached("UPDATE api_key SET used = ?2 WHERE id = ?1")?
                .execute(params![id, at])?;
            Ok(())
        };
        self.writer.change(0, note).await
    }
}

fn all(db: &Connection) -> Result<Vec<KeyRow>, StoreError> {
    db.prepare_cached(
        "SELECT id, project, name, roles, hash, created, expires, used FROM api_key ORDER BY id",
    )?
    .query_and_then([], read)?
    .collect()
}

fn read(row: &Row<'_>) -> Result<KeyRow, StoreError> {
    let roles: String = row.get(3)?;
    Ok(KeyRow {
        id: row.get(0)?,
        project: row.get(1)?,
        name: row.get(2)?,
        roles: json::read("roles of a key", &roles)?,
        hash: row.get(4)?,
        created: row.get(5)?,
        expires: row.get(6)?,
        used: row.get(7)?,
    })
}

fn add(commit: &mut Commit<'_>, key: &KeyRow, most: u64) -> Result<(), StoreError> {
    let known: u64 = commit
        .db
        .prepare_cached("SELECT count(*) FROM api_key")?
        .query_row([], |row| row.get::<_, i64>(0))?
        .unsigned_abs();
    if known >= most {
        return Err(StoreError::TooMany { limit: "auth.max_keys", value: most });
    }
    commit
        .db
        .prepare_cached(
            "INSERT INTO api_key (id, project, name, roles, hash, created, expires)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            key.id,
            key.project,
            key.name,
            json::write("roles", &key.roles)?,
            key.hash,
            key.created,
            key.expires
        ])?;
    Ok(())
}
