//! One connection of the load generator to the host.

use std::net::SocketAddr;

use anyhow::{Context as _, Result, bail};
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

use super::{letter::Letter, wire::Wire};

/// A connection, with one request on it at a time.
pub(super) struct Line {
    host: SocketAddr,
    stream: TcpStream,
    wire: Wire,
}

/// An answer.
pub(super) struct Said {
    pub(super) status: u16,
    pub(super) body: String,
}

impl Line {
    pub(super) async fn connect(host: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(host).await.with_context(|| format!("connecting to {host}"))?;
        stream.set_nodelay(true)?;
        Ok(Self { host, stream, wire: Wire::default() })
    }

    /// The bytes of a POST.
    pub(super) fn request(&self, path: &str, body: &[u8]) -> Vec<u8> {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n\
             Client-ID: 11111111-1111-4111-8111-111111111111\r\nX-Project-ID: benchmark\r\n\
             Content-Length: {}\r\n\r\n",
            self.host,
            body.len()
        );
        [head.as_bytes(), body].concat()
    }

    /// Sends a request and waits for its answer. The body of a good one is left out.
    pub(super) async fn ask(&mut self, request: &[u8]) -> Result<Said> {
        self.stream.write_all(request).await?;
        let answer = self.wire.next(&mut self.stream).await?.context("the host closed the connection")?;
        let status = answer.first.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.with_context(|| format!("a POST was answered `{}`", answer.first))?;
        let body =
            if status < 300 { String::new() } else { String::from_utf8_lossy(answer.body).into_owned() };
        Ok(Said { status, body })
    }
}

/// Posts batches of letters, the same bytes again and again with other numbers in them.
pub(super) struct Client {
    line: Line,
    request: Vec<u8>,
    /// Where the letters begin in the request.
    letters: Vec<usize>,
}

/// What the host said to a POST.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// 201: it has them.
    Accepted,
    /// 503: not now.
    Busy,
}

impl Client {
    /// Connects to `host`, to post `batch` letters of `bytes` bytes at a time to `queue`.
    pub(super) async fn connect(host: SocketAddr, queue: &str, batch: usize, bytes: usize) -> Result<Self> {
        let line = Line::connect(host).await?;
        let letter = Letter::of_size(bytes);
        let mut body = b"{\"messages\":[".to_vec();
        let mut letters = Vec::with_capacity(batch);
        for index in 0..batch {
            body.extend_from_slice(if index == 0 { b"{\"body\":" } else { b",{\"body\":" });
            letters.push(body.len());
            body.extend_from_slice(letter.text());
            body.push(b'}');
        }
        body.extend_from_slice(b"]}");
        let request = line.request(&format!("/v2/queues/{queue}/messages"), &body);
        letters.iter_mut().for_each(|at| *at += request.len() - body.len());
        Ok(Self { line, request, letters })
    }

    /// Posts the letters numbered from `first`, all of them stamped with `stamp`.
    pub(super) async fn post(&mut self, first: u64, stamp: u64) -> Result<Taken> {
        for (number, at) in (first..).zip(&self.letters) {
            Letter::fill(&mut self.request[*at..], number, stamp);
        }
        let said = self.line.ask(&self.request).await?;
        match said.status {
            201 => Ok(Taken::Accepted),
            503 => Ok(Taken::Busy),
            other => bail!("a POST of messages was answered {other}: {}", said.body),
        }
    }
}
