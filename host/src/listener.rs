//! The HTTP listener: bounded connections, bounded patience, a graceful end.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{Router, body::Body};
use hyper::{Request, body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto::Builder, graceful::GracefulShutdown},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{Notify, OwnedSemaphorePermit, Semaphore, oneshot},
    task::JoinSet,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tower_service::Service;

/// What a client may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Connections served at once.
    pub(crate) connections: usize,
    /// The time to send the head of a request.
    pub(crate) head: Duration,
    /// Handshakes of TLS at once.
    pub(crate) handshakes: usize,
    /// The time of a handshake.
    pub(crate) handshake: Duration,
}

/// The wait after the system refused a connection (too many open files): it is asked again, not in a tight loop.
const AFTER_REFUSAL: Duration = Duration::from_millis(100);

/// A place among those that are served.
type Slot = Option<OwnedSemaphorePermit>;

/// Serves `router` until `stopped`, with TLS where there is one, then ends each connection after its last answer.
///
/// At most `bounds.connections` are served at once; more wait in the system's queue until one ends.
pub(crate) async fn serve(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    router: Router,
    bounds: Bounds,
    stopped: oneshot::Receiver<()>,
) {
    let serving = Serving::new(router, bounds);
    let connections = Arc::new(Semaphore::new(bounds.connections));
    // With TLS a connection takes its place once it has shaken hands.
    let first =
        if tls.is_some() { Arc::new(Semaphore::new(bounds.handshakes)) } else { Arc::clone(&connections) };
    // Those that are left at the end are cut.
    let mut handshakes = JoinSet::new();
    let mut stopped = std::pin::pin!(stopped);
    loop {
        tokio::select! {
            (stream, slot) = accept(&listener, &first) => match &tls {
                None => serving.begin(stream, slot),
                Some(tls) => {
                    let connections = Arc::clone(&connections);
                    let shaken = shake(tls.clone(), stream, slot, bounds.handshake, connections);
                    handshakes.spawn(shaken);
                }
            },
            Some(shaken) = handshakes.join_next() => {
                if let Ok(Some((stream, slot))) = shaken {
                    serving.begin(stream, slot);
                }
            }
            // A sender that is dropped stops the server as well.
            _ = &mut stopped => break,
        }
    }
    drop((listener, handshakes));
    serving.graceful.shutdown().await;
}

/// The handshake of one connection, and then its place among those that are served.
async fn shake(
    tls: TlsAcceptor,
    stream: TcpStream,
    _handshake: Slot,
    patience: Duration,
    connections: Arc<Semaphore>,
) -> Option<(TlsStream<TcpStream>, Slot)> {
    match tokio::time::timeout(patience, tls.accept(stream)).await {
        Ok(Ok(stream)) => Some((stream, connections.acquire_owned().await.ok())),
        Ok(Err(error)) => {
            tracing::debug!(%error, "a handshake failed");
            None
        }
        Err(_) => {
            tracing::debug!("a handshake took too long");
            None
        }
    }
}

/// How connections are served.
struct Serving {
    head: Duration,
    builder: Builder<TokioExecutor>,
    router: Router,
    graceful: GracefulShutdown,
}

impl Serving {
    fn new(router: Router, bounds: Bounds) -> Self {
        let mut builder = Builder::new(TokioExecutor::new());
        builder.http1().timer(TokioTimer::new()).header_read_timeout(bounds.head);
        builder.http2().timer(TokioTimer::new()).keep_alive_interval(bounds.head);
        Self { head: bounds.head, builder, router, graceful: GracefulShutdown::new() }
    }

    fn begin<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(&self, stream: S, slot: Slot) {
        let router = self.router.clone();
        let asked = Arc::new(Notify::new());
        let told = Arc::clone(&asked);
        let service = service_fn(move |request: Request<Incoming>| {
            told.notify_one();
            let mut router = router.clone();
            async move { Ok::<_, Infallible>(infallible(router.call(request.map(Body::new)).await)) }
        });
        let served = self.builder.serve_connection_with_upgrades(TokioIo::new(stream), service).into_owned();
        let connection = self.graceful.watch(served);
        let patience = self.head;
        tokio::spawn(async move {
            let mut connection = std::pin::pin!(connection);
            // The connection's own timers begin once its first bytes have told which HTTP it is.
            let ended = tokio::select! {
                ended = &mut connection => Some(ended),
                first = tokio::time::timeout(patience, asked.notified()) => match first {
                    Ok(()) => Some(connection.as_mut().await),
                    Err(_) => None,
                },
            };
            match ended {
                Some(Ok(())) => {}
                Some(Err(error)) => tracing::debug!(error = %error, "a connection broke"),
                None => tracing::debug!("a connection asked for nothing"),
            }
            drop(slot);
        });
    }
}

async fn accept(listener: &TcpListener, slots: &Arc<Semaphore>) -> (TcpStream, Slot) {
    // The semaphore is never closed.
    let slot = Arc::clone(slots).acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "a connection keeps its delay");
                }
                return (stream, slot);
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(AFTER_REFUSAL).await;
            }
        }
    }
}

fn infallible<T>(result: Result<T, Infallible>) -> T {
    match result {
        Ok(value) => value,
        Err(never) => match never {},
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use std::net::SocketAddr;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        task::JoinHandle,
    };
    use tokio_rustls::{
        TlsConnector,
        rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs, pki_types::CertificateDer},
    };

    use crate::{config::Tls, tls::Certificates};

    const BOUNDS: Bounds = Bounds {
        connections: 8,
        head: Duration::from_secs(30),
        handshakes: 1,
        handshake: Duration::from_millis(200),
    };

    async fn start(
        connections: usize,
    ) -> (std::net::SocketAddr, oneshot::Sender<()>, tokio::task::JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let bounds = Bounds { connections, ..BOUNDS };
        let router = Router::new().route("/", get(async || "here"));
        (address, stop, tokio::spawn(serve(listener, None, router, bounds, stopped)))
    }

    async fn ask(stream: &mut TcpStream) -> String {
        stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        let (mut answer, mut buffer) = (String::new(), [0; 512]);
        while !answer.ends_with("here") {
            let n = stream.read(&mut buffer).await.unwrap();
            answer.push_str(std::str::from_utf8(&buffer[..n]).unwrap());
        }
        answer
    }

    #[tokio::test]
    async fn an_idle_connection_does_not_hold_up_the_end() {
        let (address, stop, served) = start(8).await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        assert!(ask(&mut stream).await.starts_with("HTTP/1.1 200"));
        drop(stop);
        served.await.unwrap();
        assert_eq!(stream.read(&mut [0; 8]).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn a_client_that_asks_for_nothing_does_not_keep_its_place() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (_stop, stopped) = oneshot::channel();
        let bounds = Bounds { head: Duration::from_millis(100), ..BOUNDS };
        tokio::spawn(serve(listener, None, Router::new(), bounds, stopped));
        for said in ["", "PRI * HT"] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(said.as_bytes()).await.unwrap();
            assert_eq!(stream.read(&mut [0; 8]).await.unwrap_or(0), 0, "{said}");
        }
    }

    #[tokio::test]
    async fn beyond_the_limit_a_connection_waits_for_one_to_end() {
        let (address, _stop, _served) = start(1).await;
        let mut first = TcpStream::connect(address).await.unwrap();
        ask(&mut first).await;
        let mut second = TcpStream::connect(address).await.unwrap();
        let mut waiting = std::pin::pin!(ask(&mut second));
        assert!(tokio::time::timeout(Duration::from_millis(100), &mut waiting).await.is_err());
        drop(first);
        assert!(waiting.await.starts_with("HTTP/1.1 200"));
    }

    /// A server with a certificate, and one who trusts it.
    async fn start_tls() -> (SocketAddr, TlsConnector, oneshot::Sender<()>, JoinHandle<()>) {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name).display().to_string();
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        std::fs::write(path("c.pem"), made.cert.pem()).unwrap();
        std::fs::write(path("k.pem"), made.signing_key.serialize_pem()).unwrap();
        let tls = Tls { cert: path("c.pem"), key: path("k.pem") };
        let acceptor = Certificates::read(&tls).unwrap().acceptor().unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(made.cert.der().to_vec())).unwrap();
        let mut client = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        client.alpn_protocols = vec![b"http/1.1".to_vec()];
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let router = Router::new().route("/", get(async || "here"));
        let served = tokio::spawn(serve(listener, Some(acceptor), router, BOUNDS, stopped));
        (address, TlsConnector::from(Arc::new(client)), stop, served)
    }

    #[tokio::test]
    async fn a_slow_handshake_holds_up_the_others_for_its_time_only() {
        let (address, connector, stop, served) = start_tls().await;
        // Both places for handshakes and for connections would be taken by one who says nothing.
        let silent = TcpStream::connect(address).await.unwrap();
        let stream = TcpStream::connect(address).await.unwrap();
        let name = "localhost".try_into().unwrap();
        let mut stream = connector.connect(name, stream).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
        stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        let mut buffer = [0; 512];
        let n = stream.read(&mut buffer).await.unwrap();
        assert!(buffer[..n].starts_with(b"HTTP/1.1 200"));
        drop(stop);
        served.await.unwrap();
        drop(silent);
    }

    #[tokio::test]
    async fn plain_http_is_not_answered_where_tls_is_spoken() {
        let (address, _connector, _stop, _served) = start_tls().await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        let mut answer = Vec::new();
        // Whether it ends or is reset, it is no answer.
        drop(stream.read_to_end(&mut answer).await);
        assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    }
}
