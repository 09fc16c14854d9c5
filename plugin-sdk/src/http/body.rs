//! Bodies: what is sent on a shared connection, with the knowledge whether it was.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

/// Whether the far side may have the request.
#[derive(Default)]
pub(super) enum Sent {
    /// It has not.
    #[default]
    No,
    /// It was given to a connection of its own.
    Yes,
    /// It waits for a stream of a shared connection, which says so when it takes it.
    Asked(Handed),
}

impl Sent {
    pub(super) fn yes(&self) -> bool {
        match self {
            Self::No => false,
            Self::Yes => true,
            Self::Asked(handed) => handed.0.load(Ordering::Acquire),
        }
    }
}

/// Whether a request's body has been handed to a stream. From then on the far side may have it.
#[derive(Clone)]
pub(super) struct Handed(Arc<AtomicBool>);

/// A request's body, which remembers that it was handed over.
pub(super) struct Outgoing {
    data: Bytes,
    handed: Handed,
}

impl Outgoing {
    pub(super) fn new(data: Bytes) -> (Self, Handed) {
        // Nobody asks for an empty body, so nobody can tell when it was sent: it counts as sent from the start.
        let handed = Handed(Arc::new(AtomicBool::new(data.is_empty())));
        (Self { data, handed: handed.clone() }, handed)
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.handed.0.store(true, Ordering::Release);
        let data = std::mem::take(&mut self.data);
        Poll::Ready((!data.is_empty()).then(|| Ok(Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        self.data.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.data.len() as u64)
    }
}

/// What is kept of a response's body.
pub(super) struct Kept {
    pub(super) data: Vec<u8>,
    cap: usize,
}

impl Kept {
    pub(super) fn new(cap: usize) -> Self {
        Self { data: Vec::new(), cap }
    }

    /// Takes one frame of the body: `Some` says that it was the last that is wanted, and whether the body is whole.
    pub(super) fn take<E>(&mut self, frame: Option<Result<Frame<Bytes>, E>>) -> Option<bool> {
        let data = match frame {
            None => return Some(true),
            Some(Err(_)) => return Some(false),
            Some(Ok(frame)) => frame.into_data().ok()?,
        };
        let room = self.cap.saturating_sub(self.data.len());
        self.data.extend(data.iter().take(room));
        (data.len() > room).then_some(false)
    }
}
