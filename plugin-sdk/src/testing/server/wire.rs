//! The server's end of a connection.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Sleep, sleep},
};

use super::{case::Does, seen::Seen};

/// Between two bytes of a slow server.
const PACE: Duration = Duration::from_millis(1);

/// The server's end of a connection: what is read from it is remembered.
#[derive(Debug)]
pub struct Wire {
    stream: TcpStream,
    seen: Arc<Seen>,
    does: Does,
    pause: Option<Pin<Box<Sleep>>>,
}

impl Wire {
    pub(super) fn new(stream: TcpStream, seen: Arc<Seen>, does: Does) -> Self {
        Self { stream, seen, does, pause: None }
    }

    /// What the server does now; it may have been told otherwise since the connection came.
    #[must_use]
    pub fn does(&self) -> Does {
        self.seen.does()
    }

    /// Counts a whole request or message, for [`Server::requests`](super::Server::requests).
    pub fn count(&self) {
        self.seen.request();
    }

    pub(super) fn reset(self) {
        // Without lingering, closing sends RST. Where it cannot be set the far side sees an end, which it bears as well.
        self.stream.set_zero_linger().ok();
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        let result = ready!(Pin::new(&mut self.stream).poll_read(context, into));
        self.seen.received(into.filled().get(before..).unwrap_or_default());
        Poll::Ready(result)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        part: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut part = part;
        if self.does == Does::Slow {
            let pause = self.pause.get_or_insert_with(|| Box::pin(sleep(PACE)));
            ready!(pause.as_mut().poll(context));
            part = part.get(..1).unwrap_or_default();
        }
        let written = ready!(Pin::new(&mut self.stream).poll_write(context, part));
        self.pause = None;
        Poll::Ready(written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
