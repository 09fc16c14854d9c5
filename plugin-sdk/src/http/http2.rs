//! One HTTP/2 connection, which many requests share.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use http::{Request, Response};
use hyper::{
    body::{Body, Incoming},
    client::conn::{TrySendError, http2},
};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::{sync::OwnedSemaphorePermit, task::AbortHandle, time::Instant};

use super::{
    body::{Kept, Outgoing},
    stream::Stream,
};

/// A connection whose far side has vanished is noticed by a ping, not by every request's deadline.
const PING: Duration = Duration::from_secs(20);
/// What a far side may send unasked, for a stream and for a connection: far more than is read of any answer.
const STREAM_WINDOW: u32 = 64 * 1024;
const CONNECTION_WINDOW: u32 = 1024 * 1024;
/// The most bytes of a response head.
const HEAD_CAP: u32 = 64 * 1024;
/// Streams on a connection before the far side has said how many it allows, and the most there are ever.
const STREAMS: usize = 100;

/// A connection that many share; its task ends with the last who holds it.
pub(super) struct Http2 {
    sender: http2::SendRequest<Outgoing>,
    task: AbortHandle,
    /// What the far side allows.
    allowed: Arc<AtomicUsize>,
    streams: AtomicUsize,
    retired: AtomicBool,
    opened: Instant,
    /// Milliseconds after `opened`.
    used: AtomicU64,
    /// Its place among the connections of its origin, while it takes requests.
    slot: Mutex<Option<OwnedSemaphorePermit>>,
}

impl Http2 {
    /// A connection, and the first stream of it. Where it is the `only` one, no second stream begins before the far side
    /// has said how many it allows: some allow one until they know who asks.
    pub(super) async fn new(
        stream: Stream,
        slot: OwnedSemaphorePermit,
        only: bool,
    ) -> hyper::Result<(Arc<Self>, Lane)> {
        let (sender, mut connection) = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .keep_alive_interval(PING)
            .initial_max_send_streams(if only { 1 } else { STREAMS })
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_header_list_size(HEAD_CAP)
            .handshake(TokioIo::new(stream))
            .await?;
        let allowed = Arc::new(AtomicUsize::new(STREAMS));
        let told = Arc::clone(&allowed);
        let driving = poll_fn(move |cx| {
            let ended = Pin::new(&mut connection).poll(cx);
            told.store(connection.current_max_send_streams().min(STREAMS), Ordering::Relaxed);
            ended
        });
        let task = tokio::spawn(async move { drop(driving.await) }).abort_handle();
        let connection = Arc::new(Self {
            sender,
            task,
            allowed,
            streams: AtomicUsize::new(1),
            retired: AtomicBool::new(false),
            opened: Instant::now(),
            used: AtomicU64::new(0),
            slot: Mutex::new(Some(slot)),
        });
        let lane = Lane(Arc::clone(&connection));
        Ok((connection, lane))
    }

    /// Whether it takes no more requests: closed, going away, or given up.
    pub(super) fn over(&self) -> bool {
        self.retired.load(Ordering::Relaxed) || self.sender.is_closed()
    }

    /// Takes no more requests; those under way end as they end, and another connection may take its place.
    pub(super) fn retire(&self) {
        self.retired.store(true, Ordering::Relaxed);
        drop(self.slot.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    /// For how long nobody has used it, `None` while somebody does.
    pub(super) fn idle(&self) -> Option<Duration> {
        let used = Duration::from_millis(self.used.load(Ordering::Relaxed));
        let free = self.streams() == 0;
        free.then(|| self.opened.elapsed().saturating_sub(used))
    }

    /// A stream that has to wait for another to end.
    pub(super) fn crowd(self: &Arc<Self>) -> Lane {
        self.streams.fetch_add(1, Ordering::Relaxed);
        Lane(Arc::clone(self))
    }

    /// How many streams there are.
    pub(super) fn streams(&self) -> usize {
        self.streams.load(Ordering::Relaxed)
    }

    /// A stream, where the far side allows one more.
    pub(super) fn stream(self: &Arc<Self>) -> Option<Lane> {
        let allowed = self.allowed.load(Ordering::Relaxed);
        let one_more = |streams| (streams < allowed).then_some(streams + 1);
        if self.over() || self.streams.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).is_err() {
            return None;
        }
        Some(Lane(Arc::clone(self)))
    }
}

impl Drop for Http2 {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A stream's place on a connection.
pub(super) struct Lane(Arc<Http2>);

impl Lane {
    /// Sends `request` and waits for the head of the answer.
    ///
    /// # Errors
    /// The request comes back in the error where nothing of it was written.
    pub(super) async fn send(
        &self,
        request: Request<Outgoing>,
    ) -> Result<Response<Incoming>, Box<TrySendError<Request<Outgoing>>>> {
        // A clone is a handle of the connection; `&mut` of the shared one would be a lock.
        self.0.sender.clone().try_send_request(request).await.map_err(Box::new)
    }

    /// The connection takes no more requests.
    pub(super) fn retire(&self) {
        self.0.retire();
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        let used = u64::try_from(self.0.opened.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.0.used.store(used, Ordering::Relaxed);
        self.0.streams.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Reads a response's `body` into `kept`. Says whether that was all of it.
pub(super) async fn read(mut body: Incoming, kept: &mut Kept) -> bool {
    loop {
        let frame = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await;
        if let Some(whole) = kept.take(frame) {
            return whole;
        }
    }
}

/// Whether the far side says that it has done nothing with the request (RFC 9113, section 8.7): it refused the stream, or
/// it goes away and the stream is above the last one that it looked at. Streams up to that one are not told of its GOAWAY.
pub(super) fn refused(error: &hyper::Error) -> bool {
    std::error::Error::source(error).and_then(|source| source.downcast_ref::<h2::Error>()).is_some_and(
        |error| {
            error.is_remote() && (error.is_go_away() || error.reason() == Some(h2::Reason::REFUSED_STREAM))
        },
    )
}
