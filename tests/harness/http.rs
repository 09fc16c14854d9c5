//! A client for the host's API: one connection, one request at a time, nothing tried twice.

use std::{
    io::{self, BufReader, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use serde_json::Value;

use crate::wire;

/// The project of every request that is nobody else's.
pub(crate) const PROJECT: &str = "tests";
/// Who sends every request of the tests.
const CLIENT: &str = "11111111-1111-4111-8111-111111111111";

/// One connection to an HTTP server.
#[derive(Debug)]
pub struct Client {
    stream: BufReader<TcpStream>,
    project: String,
}

/// What the server answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The header fields, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Client {
    /// Connects to `address`; every read and write may take 30 s.
    ///
    /// # Errors
    /// When nobody listens there.
    pub fn connect(address: SocketAddr) -> io::Result<Self> {
        Self::connect_as(address, PROJECT)
    }

    /// As [`Client::connect`], for another project.
    ///
    /// # Errors
    /// When nobody listens there.
    pub fn connect_as(address: SocketAddr, project: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        stream.set_write_timeout(Some(Duration::from_secs(30)))?;
        Ok(Self { stream: BufReader::new(stream), project: project.to_owned() })
    }

    /// Sends one request with the tests' identity and waits for its answer.
    ///
    /// # Errors
    /// When the connection breaks; whether the server did it is then not known.
    pub fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<Answer> {
        let mut request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nClient-ID: {CLIENT}\r\nX-Project-ID: {}\r\n",
            self.project
        )
        .into_bytes();
        for (name, value) in headers {
            write!(request, "{name}: {value}\r\n")?;
        }
        write!(request, "Content-Length: {}\r\n\r\n", body.len())?;
        request.extend_from_slice(body);
        self.stream.get_mut().write_all(&request)?;
        Answer::read(&mut self.stream)
    }
}

impl Answer {
    fn read(from: &mut BufReader<TcpStream>) -> io::Result<Self> {
        let message = wire::read(from)?.ok_or(io::ErrorKind::UnexpectedEof)?;
        let status = message.first.split(' ').nth(1).and_then(|code| code.parse().ok());
        let status = status.ok_or(io::ErrorKind::InvalidData)?;
        Ok(Self { status, headers: message.headers, body: message.body })
    }

    /// The body as JSON; `null` when there is none.
    #[must_use]
    #[track_caller]
    pub fn json(&self) -> Value {
        if self.body.is_empty() {
            return Value::Null;
        }
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The value of the header field `name` (in lower case).
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        wire::field(&self.headers, name)
    }

    /// This answer, if its status is `status`; otherwise the test fails and shows what came instead.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }
}
