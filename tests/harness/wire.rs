//! HTTP/1.1 messages as they stand on the wire (RFC 9112), as much of it as both our ends need.

use std::io::{self, BufRead, Read};

/// No head and no body of ours is longer.
const LIMIT: u64 = 64 * 1024 * 1024;

/// A message: its first line, its header fields (names in lower case) and its body.
#[derive(Debug)]
pub(crate) struct Wire {
    pub(crate) first: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// Reads one message; `None` when the other end closed before its first byte.
pub(crate) fn read(from: &mut impl BufRead) -> io::Result<Option<Wire>> {
    let first = line(from)?;
    if first.is_empty() {
        return Ok(None);
    }
    let mut headers = Vec::new();
    loop {
        let field = line(from)?;
        if field.is_empty() {
            break;
        }
        let (name, value) = field.split_once(':').ok_or(io::ErrorKind::InvalidData)?;
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let body = body(from, &first, &headers)?;
    Ok(Some(Wire { first, headers, body }))
}

/// The value of the field `name` (in lower case).
pub(crate) fn field<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(one, _)| one == name).map(|(_, value)| value.as_str())
}

fn body(from: &mut impl BufRead, first: &str, headers: &[(String, String)]) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    if field(headers, "transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
        loop {
            let size = u64::from_str_radix(&line(from)?, 16).map_err(|_| io::ErrorKind::InvalidData)?;
            exactly(from, size, &mut body)?;
            line(from)?;
            if size == 0 {
                return Ok(body);
            }
        }
    }
    match field(headers, "content-length") {
        Some(length) => exactly(from, length.parse().map_err(|_| io::ErrorKind::InvalidData)?, &mut body)?,
        None if without_body(first) => {}
        None => drop(from.take(LIMIT).read_to_end(&mut body)?),
    }
    Ok(body)
}

/// Requests without a length have no body; nor have answers 1xx, 204 and 304 (RFC 9112, section 6.3).
fn without_body(first: &str) -> bool {
    !first.starts_with("HTTP/") || [" 1", " 204", " 304"].iter().any(|status| first.contains(status))
}

fn exactly(from: &mut impl BufRead, size: u64, into: &mut Vec<u8>) -> io::Result<()> {
    if size > LIMIT {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let read = from.take(size).read_to_end(into)?;
    if read as u64 == size { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

fn line(from: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    from.take(LIMIT).read_line(&mut line)?;
    Ok(line.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Wire {
        read(&mut text.as_bytes()).unwrap().unwrap()
    }

    #[test]
    fn a_body_may_have_a_length_or_come_in_chunks() {
        assert_eq!(parse("POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello").body, b"hello");
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n";
        assert_eq!(parse(chunked).body, b"hello");
    }

    #[test]
    fn a_status_without_body_does_not_wait_for_one() {
        assert_eq!(parse("HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK").body, b"");
        assert_eq!(parse("HTTP/1.0 200 OK\r\n\r\nuntil the end").body, b"until the end");
    }

    #[test]
    fn a_short_body_is_an_error() {
        assert!(read(&mut "POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nhello".as_bytes()).is_err());
    }
}
