//! Bodies: what is sent, with the knowledge whether it was; what is read, up to a cap.

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
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming, SizeHint};

/// Whether a request's body has been handed to a connection. From then on the far side may have it.
#[derive(Clone, Debug)]
pub(super) struct Handed(Arc<AtomicBool>);

impl Handed {
    pub(super) fn yes(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

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

/// Reads `body` into `kept` up to `cap` bytes. Says whether that was all of it.
pub(super) async fn read(mut body: Incoming, kept: &mut Vec<u8>, cap: usize) -> bool {
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return false };
        let Ok(data) = frame.into_data() else { continue };
        let room = cap.saturating_sub(kept.len());
        kept.extend(data.iter().take(room));
        if data.len() > room {
            return false;
        }
    }
    true
}
