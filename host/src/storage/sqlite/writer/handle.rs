//! How the rest of the store asks the writer for something.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    thread::JoinHandle,
    time::Duration,
};

use nuncio_core::{Cursor, Settlement};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot},
    time::{Instant, timeout_at},
};

use super::{copier::Copier, thread::Desk};
use crate::storage::{Sent, StoreError, sqlite::commit::Commit};

/// Tells the client what became of its change: `None` when it is committed.
pub(super) type Answer = Box<dyn FnOnce(Option<StoreError>) + Send>;

/// Makes a change in a transaction, and says how to answer.
pub(super) type Run = Box<dyn FnOnce(Option<&mut Commit<'_>>) -> Answer + Send>;

/// A change that a client waits for.
pub(super) struct Change {
    /// Makes it, if there is a transaction to make it in.
    pub(super) run: Run,
    /// Bytes that it brings.
    pub(super) bytes: usize,
    /// Its share of the bytes that may wait.
    pub(super) _room: OwnedSemaphorePermit,
}

/// Settlements of the engine.
pub(super) struct Batch {
    pub(super) settlements: Vec<Settlement>,
    pub(super) sent: Vec<Sent>,
    pub(super) low: Cursor,
    pub(super) failed: Arc<dyn Fn(String) + Send + Sync>,
    pub(super) durable: oneshot::Sender<()>,
}

/// What the writer is asked for.
pub(super) enum Request {
    Change(Change),
    Record(Batch),
    Close,
}

impl Request {
    /// What it counts towards the size of a commit.
    pub(super) fn operations(&self) -> usize {
        match self {
            Self::Record(batch) => batch.settlements.len().max(1),
            Self::Change(_) | Self::Close => 1,
        }
    }
}

/// The handle of the writer thread.
pub(in crate::storage::sqlite) struct Writer {
    requests: mpsc::Sender<Request>,
    room: Arc<Semaphore>,
    most: u32,
    bytes: u64,
    patience: Duration,
    thread: Mutex<Option<JoinHandle<()>>>,
}

const KIB: usize = 1024;

impl Writer {
    /// Starts the thread.
    pub(in crate::storage::sqlite) fn start(desk: Desk) -> io::Result<Self> {
        let limits = desk.limits.clone();
        let (requests, queue) = mpsc::channel(limits.pending_operations.max(1));
        let copier = Copier::start(&desk.path)?;
        let thread =
            std::thread::Builder::new().name("store-writer".into()).spawn(move || desk.run(copier, queue))?;
        let most = limits.pending_bytes.div_ceil(KIB as u32).max(1);
        let room = Arc::new(Semaphore::new(most as usize));
        let (bytes, patience) = (limits.pending_bytes.into(), limits.pending_time);
        Ok(Self { requests, room, most, bytes, patience, thread: Mutex::new(Some(thread)) })
    }

    /// Makes a change that brings `bytes`, alone, and returns when it is on stable storage.
    pub(in crate::storage::sqlite) async fn change<T: Send + 'static>(
        &self,
        bytes: usize,
        change: impl FnOnce(&mut Commit<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.ask(bytes, move |commit| commit.alone(change)).await
    }

    /// As [`change`](Self::change), of one that sees to it by itself that it harms no other.
    pub(in crate::storage::sqlite) async fn ask<T: Send + 'static>(
        &self,
        bytes: usize,
        change: impl FnOnce(&mut Commit<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let share = u32::try_from(bytes.div_ceil(KIB)).unwrap_or(self.most).clamp(1, self.most);
        let (room, place) = self.admitted(share).await?;
        let (answer, answered) = oneshot::channel();
        let run = Box::new(move |commit: Option<&mut Commit<'_>>| -> Answer {
            let result = commit.map_or(Err(StoreError::Closed), change);
            // A client that has gone away needs no answer.
            Box::new(move |failed| drop(answer.send(failed.map_or(result, Err))))
        });
        place.send(Request::Change(Change { run, bytes, _room: room }));
        answered.await.unwrap_or(Err(StoreError::Closed))
    }

    /// A place in front of the writer. Who finds none waits for one, for so long and no longer.
    async fn admitted(
        &self,
        share: u32,
    ) -> Result<(OwnedSemaphorePermit, mpsc::Permit<'_, Request>), StoreError> {
        if let Ok(room) = Arc::clone(&self.room).try_acquire_many_owned(share)
            && let Ok(place) = self.requests.try_reserve()
        {
            return Ok((room, place));
        }
        let until = Instant::now() + self.patience;
        let full = |limit, value| StoreError::Full { limit, value };
        let room = timeout_at(until, Arc::clone(&self.room).acquire_many_owned(share))
            .await
            .map_err(|_| full("storage.pending_bytes", self.bytes))?
            .map_err(|_| StoreError::Closed)?;
        let place = timeout_at(until, self.requests.reserve())
            .await
            .map_err(|_| full("storage.pending_operations", self.requests.max_capacity() as u64))?
            .map_err(|_| StoreError::Closed)?;
        Ok((room, place))
    }

    /// Records settlements, and returns when they are on stable storage. Calls are taken in the order in which they
    /// are first polled.
    pub(in crate::storage::sqlite) async fn record(
        &self,
        settlements: Vec<Settlement>,
        sent: Vec<Sent>,
        low: Cursor,
        failed: Arc<dyn Fn(String) + Send + Sync>,
    ) -> Result<(), StoreError> {
        let (durable, done) = oneshot::channel();
        let request = Request::Record(Batch { settlements, sent, low, failed, durable });
        self.requests.send(request).await.map_err(|_| StoreError::Closed)?;
        done.await.map_err(|_| StoreError::Closed)
    }

    /// Waits until everything asked so far is durable, and ends the thread.
    pub(in crate::storage::sqlite) async fn close(&self) {
        // Closed already: then only the thread is waited for.
        self.requests.send(Request::Close).await.ok();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let joined = tokio::task::spawn_blocking(move || thread.join()).await;
            if !matches!(joined, Ok(Ok(()))) {
                tracing::error!("the store's writer ended with a panic");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A writer whose thread takes nothing.
    fn stuck(operations: usize, kib: u32) -> (Arc<Writer>, mpsc::Receiver<Request>) {
        let (requests, queue) = mpsc::channel(operations);
        let writer = Writer {
            requests,
            room: Arc::new(Semaphore::new(kib as usize)),
            most: kib,
            bytes: u64::from(kib) * KIB as u64,
            patience: Duration::from_secs(5),
            thread: Mutex::new(None),
        };
        (Arc::new(writer), queue)
    }

    async fn refused(writer: Arc<Writer>, bytes: usize) -> String {
        let first = Arc::clone(&writer);
        let waits = tokio::spawn(async move { first.change(bytes, |_| Ok(())).await });
        tokio::task::yield_now().await;
        let error = writer.change(bytes, |_| Ok(())).await.unwrap_err().to_string();
        waits.abort();
        error
    }

    #[tokio::test(start_paused = true)]
    async fn who_finds_no_place_is_told_the_limit_after_a_while() {
        let began = Instant::now();
        let (writer, _queue) = stuck(1, 1024);
        let operations = refused(writer, 1).await;
        assert!(operations.contains("storage.pending_operations is reached (1)"), "{operations}");
        assert_eq!(began.elapsed(), Duration::from_secs(5));
        let (writer, _queue) = stuck(16, 8);
        let bytes = refused(writer, 6 * KIB).await;
        assert!(bytes.contains("storage.pending_bytes is reached (8192)"), "{bytes}");
    }
}
