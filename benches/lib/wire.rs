//! As much of HTTP/1.1 (RFC 9112) as both ends of a benchmark need: a message with a Content-Length, one after another.

use anyhow::{Context as _, Result, bail, ensure};
use bytes::{Buf as _, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// The largest head.
const HEAD: usize = 16 << 10;

/// What was read so far of a connection.
#[derive(Debug, Default)]
pub struct Wire {
    buffer: BytesMut,
    /// Bytes of the message that was read last, which go at the next read.
    taken: usize,
}

/// A request or an answer: where its parts stand.
#[derive(Debug)]
pub struct Message<'a> {
    /// Request line or status line.
    pub first: &'a str,
    /// The body.
    pub body: &'a [u8],
}

impl Wire {
    /// The next message; `None` at the end of the stream.
    ///
    /// # Errors
    /// When the stream breaks, ends in a message, or says something else.
    pub async fn next(&mut self, stream: &mut (impl AsyncRead + Unpin)) -> Result<Option<Message<'_>>> {
        self.buffer.advance(std::mem::take(&mut self.taken));
        let head = loop {
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                break end + 4;
            }
            ensure!(self.buffer.len() < HEAD, "a head of more than {HEAD} bytes");
            if stream.read_buf(&mut self.buffer).await? == 0 {
                ensure!(self.buffer.is_empty(), "the stream ended in a head");
                return Ok(None);
            }
        };
        let length = content_length(&self.buffer[..head])?;
        while self.buffer.len() < head + length {
            if stream.read_buf(&mut self.buffer).await? == 0 {
                bail!("the stream ended in a body");
            }
        }
        self.taken = head + length;
        let line = find(&self.buffer, b"\r\n").context("a head has lines")?;
        let first = std::str::from_utf8(&self.buffer[..line])?;
        Ok(Some(Message { first, body: &self.buffer[head..head + length] }))
    }
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

fn content_length(head: &[u8]) -> Result<usize> {
    let mut lines = head.split(|byte| *byte == b'\n');
    let name = b"content-length:";
    let Some(line) =
        lines.find(|line| line.get(..name.len()).is_some_and(|it| it.eq_ignore_ascii_case(name)))
    else {
        return Ok(0);
    };
    let number = std::str::from_utf8(&line[name.len()..])?.trim();
    number.parse().with_context(|| format!("Content-Length: {number}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn messages_follow_each_other_on_one_stream() {
        let text = "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabcGET /b HTTP/1.1\r\n\r\n";
        let mut stream = text.as_bytes();
        let mut wire = Wire::default();
        let first = wire.next(&mut stream).await.unwrap().unwrap();
        assert_eq!((first.first, first.body), ("POST /a HTTP/1.1", b"abc".as_slice()));
        let second = wire.next(&mut stream).await.unwrap().unwrap();
        assert_eq!((second.first, second.body), ("GET /b HTTP/1.1", b"".as_slice()));
        assert!(wire.next(&mut stream).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_message_that_is_cut_is_an_error() {
        let mut stream = "POST /a HTTP/1.1\r\ncontent-length: 3\r\n\r\nab".as_bytes();
        assert!(Wire::default().next(&mut stream).await.is_err());
    }
}
