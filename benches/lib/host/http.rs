//! One request to the host, for what is not measured.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
};

use anyhow::{Context as _, Result};

/// Sends a request over a new connection; status and body of the answer.
///
/// # Errors
/// When there is no answer.
pub(super) fn request(to: SocketAddr, method: &str, path: &str, body: &str) -> Result<(u16, String)> {
    let mut stream = TcpStream::connect(to).with_context(|| format!("connecting to {to}"))?;
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {to}\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Client-ID: 11111111-1111-4111-8111-111111111111\r\nX-Project-ID: benchmark\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    let (head, body) = text.split_once("\r\n\r\n").with_context(|| format!("an answer `{text}`"))?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    Ok((status.with_context(|| format!("a status in `{head}`"))?, body.to_owned()))
}
