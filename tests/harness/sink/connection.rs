use std::{
    io::{self, BufReader, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use socket2::SockRef;

use super::{
    journal::Received,
    reply::{Cut, Reply},
    server::Shared,
};
use crate::wire;

/// Serves one connection to its end: keep-alive, one request after the other.
pub(super) fn serve(stream: &TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    while let Some(request) = wire::read(&mut reader)? {
        let path = request.first.split(' ').nth(1).unwrap_or_default().to_owned();
        let reply = shared.rules.next(&path);
        let wire::Wire { headers, body, .. } = request;
        shared.journal.record(Received { path, headers, body, at: Instant::now(), answered: reply.status() });
        if !answer(stream, &reply, shared)? {
            break;
        }
    }
    Ok(())
}

/// Carries out `reply`; whether the connection goes on.
fn answer(stream: &TcpStream, reply: &Reply, shared: &Shared) -> io::Result<bool> {
    match reply {
        Reply::Status(code) => say(stream, *code, "", answer_body(*code)),
        Reply::Parting(code) => {
            say(stream, *code, "Connection: close\r\n", answer_body(*code))?;
            Ok(false)
        }
        Reply::Late(code, after) => {
            shared.pause(*after);
            say(stream, *code, "", answer_body(*code))
        }
        Reply::RetryAfter(code, seconds) => {
            say(stream, *code, &format!("Retry-After: {seconds}\r\n"), answer_body(*code))
        }
        Reply::Redirect(to) => say(stream, 302, &format!("Location: {to}\r\n"), b""),
        Reply::Long(size) => say(stream, 200, "", &vec![b'x'; *size]),
        Reply::Drip(every) => drip(stream, *every, shared),
        Reply::Hang => {
            shared.pause(Duration::MAX);
            Ok(false)
        }
        Reply::Reset => reset(stream),
        Reply::Broken(code, cut) => {
            begin(stream, *code, *cut)?;
            // What was said arrives first: RST throws away what is on its way.
            shared.pause(Duration::from_millis(20));
            reset(stream)
        }
        Reply::Close => Ok(false),
    }
}

fn answer_body(code: u16) -> &'static [u8] {
    if code == 204 { b"" } else { b"said the sink" }
}

fn say(mut stream: &TcpStream, code: u16, fields: &str, body: &[u8]) -> io::Result<bool> {
    let length = if code == 204 { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    let mut answer = format!("HTTP/1.1 {code} Said\r\n{fields}{length}\r\n").into_bytes();
    answer.extend_from_slice(body);
    stream.write_all(&answer)?;
    Ok(true)
}

fn reset(stream: &TcpStream) -> io::Result<bool> {
    SockRef::from(stream).set_linger(Some(Duration::ZERO))?;
    Ok(false)
}

/// Answers `code` up to where `cut` says.
fn begin(mut stream: &TcpStream, code: u16, cut: Cut) -> io::Result<()> {
    let (status, head) = (format!("HTTP/1.1 {code}"), " Said\r\nContent-Type: text/plain");
    let said = match cut {
        Cut::Status => "HTTP/1".to_owned(),
        Cut::Head => status + head,
        Cut::Body => status + head + "\r\nContent-Length: 100\r\n\r\n",
        Cut::Within => status + head + "\r\nContent-Length: 100\r\n\r\nnot a hundred",
    };
    stream.write_all(said.as_bytes())
}

fn drip(mut stream: &TcpStream, every: Duration, shared: &Shared) -> io::Result<bool> {
    let head = b"HTTP/1.1 200 Said\r\nContent-Length: 1000000\r\n\r\n";
    for byte in head.iter().chain(b"x".iter().cycle()) {
        stream.write_all(&[*byte])?;
        if shared.pause(every) {
            break;
        }
    }
    Ok(false)
}
