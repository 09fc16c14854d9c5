//! POSTs of one message each, over connections that stay.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    thread,
};

use anyhow::{Context as _, Result, ensure};

use crate::host::Host;

const CONNECTIONS: u64 = 32;

/// POSTs spread over the queues from `first` on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) queues: u64,
    pub(crate) first: u64,
    pub(crate) posts: u64,
}

impl Load {
    /// The host's CPU for one POST, microseconds.
    pub(crate) fn run(self, host: &Host) -> Result<f64> {
        let before = host.cpu()?;
        let address = host.address;
        thread::scope(|scope| {
            let clients: Vec<_> =
                (0..CONNECTIONS).map(|one| scope.spawn(move || self.client(address, one))).collect();
            clients
                .into_iter()
                .try_for_each(|client| client.join().unwrap_or_else(|_| Err(anyhow::anyhow!("a panic"))))
        })?;
        Ok((host.cpu()? - before) * 1e6 / self.posts as f64)
    }

    fn client(self, address: SocketAddr, one: u64) -> Result<()> {
        let mut stream = BufReader::new(TcpStream::connect(address)?);
        stream.get_ref().set_nodelay(true)?;
        for n in (one..self.posts).step_by(CONNECTIONS as usize) {
            let queue = self.first + n % self.queues;
            let body = format!(
                r#"{{"messages": [{{"body": {{"kind": "order", "n": {n}, "text": "{}"}}, "attributes": {{"kind": "order", "n": {n}}}}}]}}"#,
                "x".repeat(900)
            );
            write!(
                stream.get_mut(),
                "POST /v2/queues/q{queue}/messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                 Client-ID: 11111111-1111-4111-8111-111111111111\r\nX-Project-ID: benchmark\r\n\
                 Content-Length: {}\r\n\r\n{body}",
                body.len()
            )?;
            answered(&mut stream)?;
        }
        Ok(())
    }
}

fn answered(stream: &mut BufReader<TcpStream>) -> Result<()> {
    let (mut line, mut length, mut status) = (String::new(), 0, String::new());
    loop {
        line.clear();
        ensure!(stream.read_line(&mut line)? > 0, "the host hung up");
        if status.is_empty() {
            status.clone_from(&line);
        }
        if line == "\r\n" {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().context("a length")?;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    ensure!(status.contains("201"), "{status}{}", String::from_utf8_lossy(&body));
    Ok(())
}
