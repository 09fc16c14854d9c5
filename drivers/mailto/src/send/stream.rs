//! The byte stream under the SMTP dialogue.

use std::{
    fmt, io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll, ready},
};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::client::TlsStream;

/// A connection to the relay, plain or protected.
pub(super) struct Stream {
    transport: Transport,
    /// What is read before anything of the transport: the greeting, where it came before STARTTLS.
    first: io::Cursor<Vec<u8>>,
}

/// What carries the bytes.
pub(super) enum Transport {
    /// Plain TCP.
    Plain(TcpStream),
    /// TLS over TCP.
    Protected(Box<TlsStream<TcpStream>>),
}

impl Stream {
    /// A stream over `transport`, in which `first` is read first.
    pub(super) const fn new(transport: Transport, first: Vec<u8>) -> Self {
        Self { transport, first: io::Cursor::new(first) }
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stream")
    }
}

impl AsyncTokioStream for Stream {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        match &self.transport {
            Transport::Plain(tcp) => tcp.peer_addr(),
            Transport::Protected(tls) => tls.get_ref().0.peer_addr(),
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        let first = &mut this.first;
        if usize::try_from(first.position()).is_ok_and(|at| at < first.get_ref().len()) {
            ready!(Pin::new(first).poll_read(cx, buf))?;
        } else {
            ready!(match &mut this.transport {
                Transport::Plain(tcp) => Pin::new(tcp).poll_read(cx, buf),
                Transport::Protected(tls) => Pin::new(tls).poll_read(cx, buf),
            })?;
        }
        // Some relays say why in Latin-1. The client reads UTF-8 alone and would lose the whole reply, its code too.
        let read = buf.filled_mut().iter_mut().skip(before);
        read.filter(|byte| !byte.is_ascii()).for_each(|byte| *byte = b'?');
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().transport {
            Transport::Plain(tcp) => Pin::new(tcp).poll_write(cx, buf),
            Transport::Protected(tls) => Pin::new(tls).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().transport {
            Transport::Plain(tcp) => Pin::new(tcp).poll_flush(cx),
            Transport::Protected(tls) => Pin::new(tls).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().transport {
            Transport::Plain(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Transport::Protected(tls) => Pin::new(tls).poll_shutdown(cx),
        }
    }
}
