//! One HTTP/1.1 connection, which whoever uses it drives.
//!
//! It has no task of its own: the request's task reads and writes, so that nothing is handed from task to task on the
//! way, and a request that is dropped takes its connection with it. Nobody drives an idle one; whether it was closed
//! is seen by a look at it.

use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::{
    body::{Body, Incoming},
    client::conn::{TrySendError, http1},
};
use hyper_util::rt::TokioIo;

use super::{body::Kept, stream::Stream};

/// The most bytes of a response head.
const HEAD_CAP: usize = 64 * 1024;

type Connection = http1::Connection<TokioIo<Stream>, Full<Bytes>>;

/// A connection, for one request at a time.
pub(super) struct Http1 {
    sender: http1::SendRequest<Full<Bytes>>,
    /// `None` once it has ended.
    connection: Option<Connection>,
}

impl Http1 {
    pub(super) async fn new(stream: Stream) -> hyper::Result<Box<Self>> {
        let mut builder = http1::Builder::new();
        let (sender, connection) = builder.max_buf_size(HEAD_CAP).handshake(TokioIo::new(stream)).await?;
        Ok(Box::new(Self { sender, connection: Some(connection) }))
    }

    /// Whether it would take a request: it is open as far as we know, and at rest.
    pub(super) fn usable(&mut self) -> bool {
        // The next request brings its own waker.
        self.drive(&mut Context::from_waker(Waker::noop()));
        self.is_at_rest()
    }

    /// Whether it was open and at rest when it was looked at last.
    pub(super) fn is_at_rest(&self) -> bool {
        self.connection.is_some() && self.sender.is_ready()
    }

    /// Sends `request` and waits for the head of the answer.
    ///
    /// # Errors
    /// The request comes back in the error where nothing of it was written.
    pub(super) async fn send(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, Box<TrySendError<Request<Full<Bytes>>>>> {
        let mut response = pin!(self.sender.try_send_request(request));
        let connection = &mut self.connection;
        poll_fn(|cx| {
            drive(connection, cx);
            response.as_mut().poll(cx)
        })
        .await
        .map_err(Box::new)
    }

    /// Reads a response's `body` into `kept`. Says whether that was all of it.
    pub(super) async fn read(&mut self, mut body: Incoming, kept: &mut Kept) -> bool {
        if body.is_end_stream() {
            return true;
        }
        poll_fn(|cx| {
            loop {
                // Asking for a frame is what makes the connection read one.
                let frame = match Pin::new(&mut body).poll_frame(cx) {
                    Poll::Ready(frame) => frame,
                    Poll::Pending => {
                        self.drive(cx);
                        std::task::ready!(Pin::new(&mut body).poll_frame(cx))
                    }
                };
                if let Some(whole) = kept.take(frame) {
                    return Poll::Ready(whole);
                }
            }
        })
        .await
    }

    fn drive(&mut self, cx: &mut Context<'_>) {
        drive(&mut self.connection, cx);
    }
}

/// Lets `connection` read and write. One that has ended is dropped, which tells whoever still waits for it.
fn drive(connection: &mut Option<Connection>, cx: &mut Context<'_>) {
    if connection.as_mut().is_some_and(|open| Pin::new(open).poll(cx).is_ready()) {
        *connection = None;
    }
}
