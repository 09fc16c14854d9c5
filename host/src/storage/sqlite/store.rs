//! The store as a whole: opened, checked, closed.

use std::{path::PathBuf, sync::Arc};

use nuncio_core::{Clock, MessageId};
use rusqlite::{Connection, params};
use tokio::sync::mpsc;

use super::{
    backup,
    commit::Commit,
    connection,
    damage::Damage,
    error::OpenError,
    limits::Limits,
    lock::Lock,
    marks::{Marks, Room},
    memory::Memory,
    named::Named,
    reader::Readers,
    retention::{self, Found},
    sealing::SealingKey,
    tally, turned,
    writer::{Desk, Writer},
};
use crate::storage::{Committed, Forgotten, Gauges, StoreError};

/// How a store is opened.
pub struct Options {
    /// The database file. It and its directory are made if need be, readable by their owner alone.
    pub path: PathBuf,
    /// The log, 0 to 1023. Message ids bear its number, those of a copy of the database a number of their own.
    pub log: u16,
    /// The store's numbers.
    pub limits: Limits,
    /// The key of what is encrypted; without it that of the file beside the database, made at the first start.
    pub key: Option<SealingKey>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where commits are published, in their order. The writer waits while it is full, so whoever receives must not
    /// wait for the store between two receptions.
    pub published: mpsc::Sender<Committed>,
}

/// The store in one SQLite file.
pub struct Sqlite {
    pub(super) writer: Writer,
    pub(super) readers: Arc<Readers>,
    pub(super) named: Arc<Named>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) log: u16,
    path: PathBuf,
    limits: Limits,
    damage: Arc<Damage>,
    id_key: [u8; 32],
    signing_key: [u8; 32],
}

impl std::fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sqlite").field("log", &self.log).finish_non_exhaustive()
    }
}

impl Sqlite {
    /// Opens the store and starts its writer.
    ///
    /// # Errors
    /// When the file cannot be opened, belongs to something else or to a newer version, or another host has it.
    pub fn open(options: Options) -> Result<Arc<Self>, OpenError> {
        let Options { path, log, limits, key, clock, published } = options;
        connection::directory_of(&path)?;
        let lock = Lock::take(&path)?;
        let (db, sealer) = connection::writer(&path, key.as_ref())?;
        let sqlite = |source| OpenError::Sqlite { path: path.clone(), source };
        let id_key = made_once(&db, "id_key").map_err(sqlite)?;
        let signing_key = made_once(&db, "signing_key").map_err(sqlite)?;
        let issuer = backup::issuer(&db, log).map_err(sqlite)?;
        let memory = Memory::new(issuer, last_id(&db, log).map_err(sqlite)?, limits.index_bytes);
        let damage = Arc::new(Damage::default());
        let marks = Marks::new(path.clone(), tally::read(&db, log).map_err(sqlite)?, Arc::clone(&damage));
        let readers = Readers::new(path.clone(), limits.readers, Arc::clone(&sealer), Arc::clone(&damage));
        let (known, named) = (limits.clone(), Arc::new(Named::default()));
        let latest = turned::last_commit(&db, log).map_err(sqlite)?;
        let desk = Desk {
            db,
            sealer,
            path: path.clone(),
            _lock: lock,
            log,
            limits,
            memory,
            marks,
            named: Arc::clone(&named),
            latest,
            turned: false,
            clock: clock.clone(),
            published,
        };
        let writer = Writer::start(desk).map_err(|source| OpenError::File { path: path.clone(), source })?;
        Ok(Arc::new(Self {
            writer,
            readers,
            named,
            clock,
            log,
            path,
            limits: known,
            damage,
            id_key,
            signing_key,
        }))
    }

    pub(super) async fn check_both(&self) -> Result<(), StoreError> {
        self.readers
            .read(|db| Ok(db.query_row("SELECT count(*) FROM log", [], |row| row.get::<_, i64>(0))?))
            .await?;
        // A commit without a change would not touch the disk.
        self.writer
            .change(0, |commit| {
                commit
                    .db
                    .prepare_cached("UPDATE log SET last_id = last_id WHERE id = ?1")?
                    .execute([commit.log])?;
                Ok(())
            })
            .await
    }

    pub(super) async fn own_gauges(&self) -> Result<Gauges, StoreError> {
        let (log, path) = (self.log, self.path.clone());
        let (tally, room) =
            self.readers.read(move |db| Ok((tally::read(db, log)?, Room::look(db, &path)?))).await?;
        let damaged = self.damage.found().map(str::to_owned);
        let full = room.refusal(&self.limits).map(|refusal| refusal.to_string());
        Ok(Gauges {
            tally,
            file_bytes: room.file,
            used_bytes: room.used,
            free_bytes: room.free,
            pressed: room.is_pressed(&self.limits),
            ailments: damaged.into_iter().chain(full).collect(),
        })
    }

    pub(super) async fn forget_from(&self, from: MessageId) -> Result<Forgotten, StoreError> {
        let (log, path, limits, now) =
            (self.log, self.path.clone(), self.limits.clone(), self.clock.now_ms());
        let search =
            move |db: &rusqlite::Transaction<'_>| retention::search(db, &path, log, &limits, now, from);
        let Found { ids, next } = self.readers.read(search).await?;
        if ids.is_empty() {
            return Ok(Forgotten { messages: 0, next });
        }
        let delete = move |commit: &mut Commit<'_>| retention::delete(commit, &ids, next);
        Ok(Forgotten { messages: self.writer.change(0, delete).await?, next })
    }

    pub(super) async fn tidy_slice(&self) -> Result<bool, StoreError> {
        let log = self.log;
        let lanes = self.readers.read(move |db| retention::unused(db, log)).await?;
        self.writer
            .change(0, move |commit| Ok(retention::tidy(commit)? | retention::drop_unused(commit, &lanes)?))
            .await
    }

    pub(super) async fn close_both(&self) {
        self.readers.close();
        self.writer.close().await;
    }

    pub(super) fn public_id_key(&self) -> [u8; 32] {
        self.id_key
    }

    pub(super) fn own_signing_key(&self) -> [u8; 32] {
        self.signing_key
    }
}

/// A random key, made when it is first asked for.
fn made_once(db: &Connection, key: &str) -> rusqlite::Result<[u8; 32]> {
    db.execute("INSERT OR IGNORE INTO meta (key, value) VALUES (?1, randomblob(32))", [key])?;
    db.query_row("SELECT value FROM meta WHERE key = ?1", [key], |row| row.get(0))
}

fn last_id(db: &Connection, log: u16) -> rusqlite::Result<MessageId> {
    db.execute(
        "INSERT OR IGNORE INTO log (id, low_message, low_idx, last_id) VALUES (?1, 0, 0, 0)",
        params![log],
    )?;
    db.query_row("SELECT last_id FROM log WHERE id = ?1", [log], |row| row.get(0).map(MessageId))
}
