//! A connection for one request.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::Arc,
    task::Poll,
};

use tokio::sync::OwnedSemaphorePermit;

use super::{
    super::{
        dial::{Dial, Speaks},
        endpoint::Endpoint,
        error::Failure,
        http1::Http1,
        http2::{Http2, Lane},
    },
    limits::Pooling,
    state::{Found, Resting, State},
    visit::{Shared, Visit},
};

/// Connections by origin.
#[derive(Clone)]
pub(in super::super) struct Pool {
    shared: Arc<Shared>,
}

/// A connection for one request.
pub(in super::super) enum Lease {
    /// One of its own.
    Own(Own),
    /// A part of one that is shared.
    Stream(Stream),
}

/// What came first for a request that waits.
enum Turn {
    Slot(OwnedSemaphorePermit),
    Stream(Lane),
}

/// A stream of an HTTP/2 connection.
pub(in super::super) struct Stream {
    pub(in super::super) lane: Lane,
    /// The connection has served before.
    pub(in super::super) reused: bool,
    _visit: Visit,
}

/// An HTTP/1.1 connection; what is not given back is closed.
pub(in super::super) struct Own {
    pub(in super::super) connection: Box<Http1>,
    /// It has served before, so the far side may have closed it in between.
    pub(in super::super) reused: bool,
    slot: OwnedSemaphorePermit,
    visit: Visit,
}

impl Own {
    /// The answer was read to its end: the next request may use the connection, if the far side lets it.
    pub(in super::super) fn give_back(mut self) {
        if self.connection.usable() {
            self.visit.rest(self.connection, self.slot);
        }
    }
}

impl Pool {
    pub(in super::super) fn new(dial: Dial, limits: Pooling) -> Self {
        Self { shared: Arc::new(Shared::new(dial, limits)) }
    }

    /// A connection to `to`: a stream, one at rest unless it is to be `fresh`, or a new one.
    pub(in super::super) async fn lease(&self, to: &Endpoint, fresh: bool) -> Result<Lease, Failure> {
        let (visit, found) = Visit::new(&self.shared, to, fresh);
        let (slot, mut resting) = match found {
            Found::Stream(lane) => return Ok(Lease::Stream(Stream { lane, reused: true, _visit: visit })),
            Found::Slot(slot, resting) => (slot, resting),
            Found::Nothing => match visit.turn().await? {
                Turn::Stream(lane) => {
                    return Ok(Lease::Stream(Stream { lane, reused: true, _visit: visit }));
                }
                Turn::Slot(slot) => (slot, if fresh { None } else { visit.wake() }),
            },
        };
        while let Some(mut one) = resting {
            if one.usable() {
                return Ok(Lease::Own(Own { connection: one.connection, reused: true, slot, visit }));
            }
            resting = visit.wake();
        }
        if !to.tls() || visit.speaks() == Some(Speaks::Http1) {
            return visit.open(to, slot).await;
        }
        let door = Arc::clone(&visit.door);
        let first = door.first.lock().await;
        if let Some(lane) = visit.stream(State::stream) {
            return Ok(Lease::Stream(Stream { lane, reused: true, _visit: visit }));
        }
        if visit.speaks() == Some(Speaks::Http1) {
            drop(first);
        }
        visit.open(to, slot).await
    }
}

impl Visit {
    fn stream(&self, which: fn(&State, &str) -> Option<Lane>) -> Option<Lane> {
        which(&self.shared.state(), &self.door.origin)
    }

    fn wake(&self) -> Option<Resting> {
        self.shared.state().wake(&self.door.origin)
    }

    fn speaks(&self) -> Option<Speaks> {
        self.shared.state().speaks(&self.door.origin)
    }

    /// Waits for a slot, or for a connection to share that somebody else opens in the last one.
    async fn turn(&self) -> Result<Turn, Failure> {
        let mut slot = pin!(Arc::clone(&self.door.slots).acquire_owned());
        loop {
            let mut shares = pin!(self.door.shares.notified());
            shares.as_mut().enable();
            if let Some(lane) = self.stream(State::crowd) {
                return Ok(Turn::Stream(lane));
            }
            let first = poll_fn(|cx| match slot.as_mut().poll(cx) {
                Poll::Ready(slot) => Poll::Ready(Some(slot)),
                Poll::Pending => shares.as_mut().poll(cx).map(|()| None),
            });
            if let Some(slot) = first.await {
                return slot.map(Turn::Slot).map_err(|_| Failure::Closed);
            }
        }
    }

    async fn open(self, to: &Endpoint, slot: OwnedSemaphorePermit) -> Result<Lease, Failure> {
        let (stream, speaks) = self.shared.dial.open(to).await?;
        let unsent = |error| Failure::Http { error, maybe_sent: false };
        self.shared.state().learn(&self.door.origin, speaks);
        if speaks == Speaks::Http1 {
            let connection = Http1::new(stream).await.map_err(unsent)?;
            return Ok(Lease::Own(Own { connection, reused: false, slot, visit: self }));
        }
        let only = self.shared.limits.connections == 1;
        let (connection, lane) = Http2::new(stream, slot, only).await.map_err(unsent)?;
        let gone = self.shared.state().share(&self.door.origin, connection, &self.shared.limits);
        drop(gone);
        self.door.shares.notify_waiters();
        self.shared.watch();
        Ok(Lease::Stream(Stream { lane, reused: false, _visit: self }))
    }
}
