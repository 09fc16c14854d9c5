//! A connection that posts messages.

use std::net::SocketAddr;

use anyhow::{Result, bail};

use crate::{Letter, Line};

/// Posts batches of letters, the same bytes again and again with other numbers in them.
#[derive(Debug)]
pub struct Poster {
    line: Line,
    request: Vec<u8>,
    /// Where the letters begin in the request.
    letters: Vec<usize>,
}

/// What the host said to a POST.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// 201: it has them.
    Accepted,
    /// 503: not now.
    Busy,
}

impl Poster {
    /// Connects to `host`, to post `batch` letters of `bytes` bytes at a time to `queue`.
    ///
    /// # Errors
    /// When nobody listens there.
    pub async fn connect(host: SocketAddr, queue: &str, batch: usize, bytes: usize) -> Result<Self> {
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
        let request = line.request("POST", &format!("/v2/queues/{queue}/messages"), &body);
        letters.iter_mut().for_each(|at| *at += request.len() - body.len());
        Ok(Self { line, request, letters })
    }

    /// Posts the letters numbered from `first`, all of them stamped with `stamp`.
    ///
    /// # Errors
    /// When they are neither taken nor refused for now.
    pub async fn post(&mut self, first: u64, stamp: u64) -> Result<Taken> {
        for (number, at) in (first..).zip(&self.letters) {
            Letter::fill(&mut self.request[*at..], number, stamp);
        }
        let said = self.line.ask(&self.request).await?;
        match said.status {
            201 => Ok(Taken::Accepted),
            503 => Ok(Taken::Busy),
            other => bail!("a POST of messages was answered {other}: {}", said.text()),
        }
    }
}
