use std::{
    io::{self, BufReader, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use socket2::SockRef;

use super::{journal::Received, reply::Reply, server::Shared};
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
        Reply::Reset => {
            SockRef::from(stream).set_linger(Some(Duration::ZERO))?;
            Ok(false)
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
