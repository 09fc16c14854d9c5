//! One connection of the load generator to the host.

use std::net::SocketAddr;

use anyhow::{Context as _, Result, bail};
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

use super::{letter::Letter, wire::Wire};

/// Posts batches of letters, the same bytes again and again with other numbers in them.
pub(super) struct Client {
    stream: TcpStream,
    wire: Wire,
    request: Vec<u8>,
    /// Where the letters begin in the request.
    letters: Vec<usize>,
}

/// What the host said to a POST.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// 201: it has them.
    Accepted,
    /// 503: not now.
    Busy,
}

impl Client {
    /// Connects to `host`, to post `batch` letters of `bytes` bytes at a time to `queue`.
    pub(super) async fn connect(host: SocketAddr, queue: &str, batch: usize, bytes: usize) -> Result<Self> {
        let stream = TcpStream::connect(host).await.with_context(|| format!("connecting to {host}"))?;
        stream.set_nodelay(true)?;
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
        let mut request = format!(
            "POST /v2/queues/{queue}/messages HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n\
             Client-ID: 11111111-1111-4111-8111-111111111111\r\nX-Project-ID: benchmark\r\n\
             Content-Length: {}\r\n\r\n",
            body.len()
        )
        .into_bytes();
        letters.iter_mut().for_each(|at| *at += request.len());
        request.append(&mut body);
        Ok(Self { stream, wire: Wire::default(), request, letters })
    }

    /// Posts the letters numbered from `first`, all of them stamped with `stamp`.
    pub(super) async fn post(&mut self, first: u64, stamp: u64) -> Result<Said> {
        for (number, at) in (first..).zip(&self.letters) {
            Letter::fill(&mut self.request[*at..], number, stamp);
        }
        self.stream.write_all(&self.request).await?;
        let answer = self.wire.next(&mut self.stream).await?.context("the host closed the connection")?;
        match answer.first.split(' ').nth(1) {
            Some("201") => Ok(Said::Accepted),
            Some("503") => Ok(Said::Busy),
            _ => bail!("a POST was answered {}: {}", answer.first, String::from_utf8_lossy(answer.body)),
        }
    }
}
