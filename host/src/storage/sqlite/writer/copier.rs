//! Copying the write-ahead log back beside the writer: a thread with a connection of its own, so that commits go on.

use std::{
    io,
    path::Path,
    sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel},
    thread::JoinHandle,
};

use rusqlite::Connection;

use super::checkpoint::{self, Done};
use crate::storage::sqlite::connection;

/// How often what was committed meanwhile is copied as well. The file is synced in the pass after which nothing is
/// left, so that the writer, which comes last, has little to sync.
const PASSES: u32 = 4;

/// What became of a copy.
pub(super) type Copied = rusqlite::Result<Done>;

/// The handle of the thread. It ends when this is dropped.
pub(super) struct Copier {
    asked: Option<SyncSender<()>>,
    copied: Receiver<Copied>,
    busy: bool,
    thread: Option<JoinHandle<()>>,
}

impl Copier {
    /// Starts the thread for the database at `path`.
    pub(super) fn start(path: &Path) -> io::Result<Self> {
        // One is asked for at a time.
        let (asked, asks) = sync_channel(1);
        let (told, copied) = sync_channel(1);
        let path = path.to_owned();
        let thread = std::thread::Builder::new()
            .name("store-copier".into())
            .spawn(move || work(&path, &asks, &told))?;
        Ok(Self { asked: Some(asked), copied, busy: false, thread: Some(thread) })
    }

    /// Has it copy, unless it does already.
    pub(super) fn ask(&mut self) {
        if !self.busy {
            self.busy = self.asked.as_ref().is_some_and(|asked| asked.send(()).is_ok());
        }
    }

    /// Whether it copies now.
    pub(super) const fn is_busy(&self) -> bool {
        self.busy
    }

    /// What became of the last copy, once.
    pub(super) fn look(&mut self) -> Option<Copied> {
        match self.copied.try_recv() {
            Ok(copied) => {
                self.busy = false;
                Some(copied)
            }
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => {
                self.busy = false;
                None
            }
        }
    }
}

impl Drop for Copier {
    fn drop(&mut self) {
        self.asked = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that copies the write-ahead log back ended with a panic");
        }
    }
}

fn work(path: &Path, asks: &Receiver<()>, told: &SyncSender<Copied>) {
    let mut db = None;
    while asks.recv().is_ok() {
        let copied = copy(path, &mut db);
        if copied.is_err() {
            db = None;
        }
        if told.send(copied).is_err() {
            return;
        }
    }
}

fn copy(path: &Path, db: &mut Option<Connection>) -> Copied {
    let db = match db {
        Some(db) => db,
        None => db.insert(connection::copier(path)?),
    };
    let mut done = checkpoint::passive(db)?;
    for _ in 1..PASSES {
        if done.hindered || done.left() == 0 {
            break;
        }
        done = checkpoint::passive(db)?;
    }
    Ok(done)
}
