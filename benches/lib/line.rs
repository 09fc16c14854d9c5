//! One connection of a load generator to the host.

use std::net::SocketAddr;

use anyhow::{Context as _, Result};
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

use crate::Wire;

/// A connection, with one request on it at a time.
#[derive(Debug)]
pub struct Line {
    host: SocketAddr,
    stream: TcpStream,
    wire: Wire,
}

/// An answer.
#[derive(Debug)]
pub struct Said<'a> {
    /// Its status.
    pub status: u16,
    /// Its body.
    pub body: &'a [u8],
}

impl Line {
    /// Connects to `host`.
    ///
    /// # Errors
    /// When nobody listens there.
    pub async fn connect(host: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(host).await.with_context(|| format!("connecting to {host}"))?;
        stream.set_nodelay(true)?;
        Ok(Self { host, stream, wire: Wire::default() })
    }

    /// The bytes of a request, with the headers that Zaqar asks for.
    #[must_use]
    pub fn request(&self, method: &str, path: &str, body: &[u8]) -> Vec<u8> {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n\
             Client-ID: 11111111-1111-4111-8111-111111111111\r\nX-Project-ID: benchmark\r\n\
             Content-Length: {}\r\n\r\n",
            self.host,
            body.len()
        );
        [head.as_bytes(), body].concat()
    }

    /// Sends a request and waits for its answer.
    ///
    /// # Errors
    /// When there is none.
    pub async fn ask(&mut self, request: &[u8]) -> Result<Said<'_>> {
        self.stream.write_all(request).await?;
        let answer = self.wire.next(&mut self.stream).await?.context("the host closed the connection")?;
        let status = answer.first.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.with_context(|| format!("a request was answered `{}`", answer.first))?;
        Ok(Said { status, body: answer.body })
    }
}

impl Said<'_> {
    /// Its body as a text, to be shown.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(self.body).into_owned()
    }
}
