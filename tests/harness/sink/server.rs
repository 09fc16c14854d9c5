use std::{
    collections::{HashMap, HashSet},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread,
    time::Duration,
};

use super::{
    connection,
    journal::{Journal, Received},
    reply::{Reply, Rules},
};
use crate::port::free_port;

/// A webhook receiver on a free loopback port, a thread for each connection. It records every request.
#[derive(Debug)]
pub struct Sink {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
pub(super) struct Shared {
    pub(super) rules: Rules,
    pub(super) journal: Journal,
    open: Mutex<HashMap<u64, TcpStream>>,
    stopped: Mutex<bool>,
    stopping: Condvar,
}

impl Shared {
    /// Waits until `time` has passed or the sink stops; whether it stops.
    pub(super) fn pause(&self, time: Duration) -> bool {
        let stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
        // A Duration::MAX would overflow the clock.
        let time = time.min(Duration::from_secs(86_400));
        let waited = self.stopping.wait_timeout_while(stopped, time, |stopped| !*stopped);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn stop(&self) {
        *self.stopped.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.stopping.notify_all();
        for stream in self.open.lock().unwrap_or_else(PoisonError::into_inner).values() {
            // It may be closed already, which is as good.
            stream.shutdown(Shutdown::Both).ok();
        }
    }

    fn keep(&self, id: u64, stream: TcpStream) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).insert(id, stream);
    }

    fn forget(&self, id: u64) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }
}

impl Sink {
    /// Starts one that answers 204 to everything.
    #[must_use]
    pub fn start() -> Self {
        Self::listen(Ipv4Addr::LOCALHOST)
    }

    /// As [`Sink::start`], at every loopback address (127.0.0.0/8): see [`Sink::url_at`].
    #[must_use]
    pub fn start_everywhere() -> Self {
        Self::listen(Ipv4Addr::UNSPECIFIED)
    }

    fn listen(at: Ipv4Addr) -> Self {
        let listener = TcpListener::bind((at, 0)).expect("a free loopback port");
        let port = listener.local_addr().expect("a bound socket has an address").port();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let shared = Arc::new(Shared::default());
        let accepting = Arc::clone(&shared);
        thread::spawn(move || accept(&listener, &accepting));
        Self { address, shared }
    }

    /// The replies to the 1st, 2nd, ... request for `path` from now on; the last one stays.
    pub fn on(&self, path: &str, replies: impl IntoIterator<Item = Reply>) {
        self.shared.rules.set(path, replies.into_iter().collect());
    }

    /// The address of `path` here.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The address of `path` at the `n`th of many loopback addresses, for a sink that listens everywhere.
    #[must_use]
    pub fn url_at(&self, n: u16, path: &str) -> String {
        format!("http://{}:{}{path}", loopback(n), self.address.port())
    }

    /// An address where nobody listens, at the `n`th of many loopback addresses.
    #[must_use]
    pub fn refusing_at(n: u16, port: u16, path: &str) -> String {
        format!("http://{}:{port}{path}", loopback(n))
    }

    /// The address of a port where nobody listens.
    #[must_use]
    pub fn refusing(path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", free_port())
    }

    /// Waits until `n` requests for `path` have arrived, and returns all of them.
    #[track_caller]
    pub fn wait_for(&self, path: &str, n: usize, limit: Duration) -> Vec<Received> {
        match self.shared.journal.wait(path, n, limit) {
            Ok(()) => self.received(path),
            Err(had) => panic!("{had} of {n} requests for {path} after {limit:?}"),
        }
    }

    /// The requests for `path` so far.
    #[must_use]
    pub fn received(&self, path: &str) -> Vec<Received> {
        self.shared.journal.of(path)
    }

    /// All requests so far.
    #[must_use]
    pub fn all(&self) -> Vec<Received> {
        self.shared.journal.all()
    }

    /// How many requests there were so far.
    #[must_use]
    pub fn count(&self) -> usize {
        self.shared.journal.len()
    }

    /// How many requests were answered with success so far, the same delivery more than once if need be.
    #[must_use]
    pub fn taken(&self) -> usize {
        self.shared.journal.taken()
    }

    /// The ids of the deliveries that were answered with success at least once.
    #[must_use]
    pub fn taken_ids(&self) -> HashSet<String> {
        self.look(|all| {
            let taken = all.iter().filter(|one| one.is_taken());
            taken.map(|one| one.webhook_id().to_owned()).collect()
        })
    }

    /// Looks at all requests so far, in the order of arrival, without copying them.
    pub fn look<T>(&self, at: impl FnOnce(&[Received]) -> T) -> T {
        self.shared.journal.look(at)
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.shared.stop();
        // Wakes the thread that waits for connections, so that it sees the end.
        drop(TcpStream::connect(self.address));
    }
}

fn loopback(n: u16) -> Ipv4Addr {
    let [high, low] = n.to_be_bytes();
    Ipv4Addr::new(127, 1, high, low)
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for (id, stream) in (0..).zip(listener.incoming()) {
        if shared.pause(Duration::ZERO) {
            return;
        }
        let Ok(stream) = stream else { continue };
        if let Ok(clone) = stream.try_clone() {
            shared.keep(id, clone);
        }
        let shared = Arc::clone(shared);
        thread::spawn(move || {
            // A client may break off at any time: what arrived whole is in the journal.
            connection::serve(&stream, &shared).ok();
            // Before the stream goes: only the last close of a socket ends its connection.
            shared.forget(id);
        });
    }
}
