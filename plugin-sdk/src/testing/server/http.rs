//! RFC 9112: as much of HTTP/1.1 as a far side needs.

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};

use super::{case::Does, wire::Wire};

/// The longest line and the most header lines of a request; a driver sends none longer.
const MOST_LINES: usize = 200;
/// The largest chunk or body that is read, in bytes.
const MOST_BODY: usize = 64 << 20;

/// Answers each request on `wire`: a success has `body`.
pub(super) async fn converse(wire: Wire, content_type: &str, body: &str) {
    let mut stream = BufReader::new(wire);
    while request(&mut stream).await.is_some() {
        stream.get_ref().count();
        let answer = match stream.get_ref().does() {
            Does::Status(status) => answer(status, content_type, body),
            _ if body.is_empty() => answer(204, content_type, body),
            _ => answer(200, content_type, body),
        };
        if stream.get_mut().write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

fn answer(status: u16, content_type: &str, body: &str) -> String {
    let more = match status {
        301 | 302 | 307 | 308 => "location: /kit-elsewhere\r\n",
        429 => "retry-after: 17\r\n",
        _ => "",
    };
    let body = match status {
        204 | 304 => return format!("HTTP/1.1 {status} Kit\r\n{more}\r\n"),
        200..=299 => body,
        _ => "",
    };
    let kind = if body.is_empty() { String::new() } else { format!("content-type: {content_type}\r\n") };
    format!("HTTP/1.1 {status} Kit\r\n{kind}{more}content-length: {}\r\n\r\n{body}", body.len())
}

/// Reads a request to its end; `None` when there is none.
async fn request(stream: &mut BufReader<Wire>) -> Option<()> {
    let (mut length, mut chunked) = (0, false);
    line(stream).await.filter(|line| !line.is_empty())?;
    for _ in 0..MOST_LINES {
        let line = line(stream).await?.to_ascii_lowercase();
        if line.is_empty() {
            return if chunked { chunks(stream).await } else { skip(stream, length).await };
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        chunked |= line.starts_with("transfer-encoding:") && line.ends_with("chunked");
    }
    None
}

async fn chunks(stream: &mut BufReader<Wire>) -> Option<()> {
    loop {
        let line = line(stream).await?;
        let length = usize::from_str_radix(line.split(';').next()?.trim(), 16).ok()?;
        // Behind each chunk stands a line end, and behind the last one as well where there are no trailers.
        skip(stream, length.checked_add(2)?).await?;
        if length == 0 {
            return Some(());
        }
    }
}

async fn line(stream: &mut BufReader<Wire>) -> Option<String> {
    let mut line = String::new();
    let read = stream.read_line(&mut line).await.ok()?;
    (read > 0).then(|| line.trim_end().to_owned())
}

async fn skip(stream: &mut BufReader<Wire>, bytes: usize) -> Option<()> {
    let mut left = Some(bytes).filter(|bytes| *bytes <= MOST_BODY)?;
    let mut part = [0; 8192];
    while left > 0 {
        let most = left.min(part.len());
        let read = stream.read(part.get_mut(..most)?).await.ok()?;
        left = left.checked_sub(read).filter(|_| read > 0)?;
    }
    Some(())
}
