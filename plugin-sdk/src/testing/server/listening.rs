//! A far side that listens.

use std::{
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
    runtime::{Builder, Runtime},
    task::JoinHandle,
    time::timeout,
};

use super::{case::Does, http, peer::Peer, seen::Seen, wire::Wire};

/// How long a hanging connection hangs: longer than any deadline of the kit, and yet a driver that waits for ever ends.
const HANG: Duration = Duration::from_secs(15);
/// How long a connection whose far side waits for a greeting is kept before it is reset.
const FIRST_WORD: Duration = Duration::from_millis(100);
const BACKLOG: u32 = 1024;

/// A far side on 127.0.0.1, and on the same port of `::1` where the machine has that. It ends when it is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    seen: Arc<Seen>,
    tasks: Vec<JoinHandle<()>>,
    /// Bound and never listening, so that nobody else gets the port.
    _closed: Option<TcpSocket>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl Server {
    /// Starts one that speaks as `peer`. It has a thread of its own, so that a driver which blocks does not stop it.
    ///
    /// # Panics
    /// When there is no free port on loopback.
    #[must_use]
    pub fn start(peer: &Peer, does: Does) -> Self {
        Self::open(peer, does).unwrap_or_else(|error| panic!("there is no server on loopback: {error}"))
    }

    fn open(peer: &Peer, does: Does) -> io::Result<Self> {
        let runtime = runtime()?;
        let _inside = runtime.enter();
        let socket = TcpSocket::new_v4()?;
        socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
        let address = socket.local_addr()?;
        let seen = Arc::new(Seen::new(does));
        if does == Does::Refuses {
            return Ok(Self { address, seen, tasks: Vec::new(), _closed: Some(socket) });
        }
        let mut listeners = vec![socket.listen(BACKLOG)?];
        // A machine without IPv6 has nobody who could be reached there.
        listeners.extend(on_v6(address.port()).ok());
        let tasks = listeners
            .into_iter()
            .map(|listener| runtime.spawn(accept(listener, peer.clone(), Arc::clone(&seen))));
        Ok(Self { address, tasks: tasks.collect(), seen, _closed: None })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Does this with the connections that come from now on.
    pub fn does(&self, does: Does) {
        self.seen.does_now(does);
    }

    /// How many connections came.
    #[must_use]
    pub fn connections(&self) -> usize {
        *self.seen.connections().borrow()
    }

    /// How many requests it read to their end; of another protocol those that its conversation counted.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.seen.requests()
    }

    /// Whether `text` stands in what it read (of the first 4 MiB).
    #[must_use]
    pub fn saw(&self, text: &str) -> bool {
        !text.is_empty() && self.seen.bytes().windows(text.len()).any(|part| part == text.as_bytes())
    }

    /// Waits for the first connection.
    pub async fn reached(&self) {
        let mut connections = self.seen.connections();
        // The sender lives as long as the server.
        connections.wait_for(|count| *count > 0).await.ok();
    }
}

fn on_v6(port: u16) -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v6()?;
    socket.bind((Ipv6Addr::LOCALHOST, port).into())?;
    socket.listen(BACKLOG)
}

fn runtime() -> io::Result<&'static Runtime> {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    // Of two that begin together one would drop its runtime, which an asynchronous test must not.
    static STARTING: Mutex<()> = Mutex::new(());
    let _alone = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime);
    }
    let fresh =
        Builder::new_multi_thread().worker_threads(1).thread_name("kit-server").enable_all().build()?;
    Ok(RUNTIME.get_or_init(|| fresh))
}

async fn accept(listener: TcpListener, peer: Peer, seen: Arc<Seen>) {
    while let Ok((stream, _)) = listener.accept().await {
        seen.connected();
        stream.set_nodelay(true).ok();
        tokio::spawn(serve(stream, peer.clone(), Arc::clone(&seen)));
    }
}

async fn serve(stream: TcpStream, peer: Peer, seen: Arc<Seen>) {
    let does = seen.does();
    let mut wire = Wire::new(stream, seen, does);
    match does {
        Does::Hangs => {
            timeout(HANG, drain(&mut wire)).await.ok();
        }
        Does::Resets => {
            timeout(FIRST_WORD, wire.read(&mut [0; 16 << 10])).await.ok();
            wire.reset();
        }
        Does::Garbage => {
            timeout(FIRST_WORD, wire.read(&mut [0; 16 << 10])).await.ok();
            // A driver that has seen enough may have closed by then.
            wire.write_all(b"\x00\xff\x16kit\x03 ,garbage;\r\n\x80\x81\r\n\r\n").await.ok();
            timeout(FIRST_WORD, drain(&mut wire)).await.ok();
        }
        _ => match peer {
            Peer::Http { content_type, body } => http::converse(wire, &content_type, &body).await,
            Peer::Other(converse) => converse(wire).await,
        },
    }
}

async fn drain(wire: &mut Wire) {
    let mut part = [0; 8192];
    while wire.read(&mut part).await.is_ok_and(|read| read > 0) {}
}
