//! The HTTP listener: bounded connections, bounded patience, a graceful end.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{Router, body::Body};
use hyper::{Request, body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto::Builder, graceful::GracefulShutdown},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, oneshot},
};
use tower_service::Service;

/// What a client may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Connections served at once.
    pub(crate) connections: usize,
    /// The time to send the head of a request.
    pub(crate) head: Duration,
}

/// The wait after the system refused a connection (too many open files): it is asked again, not in a tight loop.
const AFTER_REFUSAL: Duration = Duration::from_millis(100);

/// Serves `router` until `stopped`, then ends each connection after its last answer.
///
/// At most `bounds.connections` are served at once; more wait in the system's queue until one ends.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    bounds: Bounds,
    stopped: oneshot::Receiver<()>,
) {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(bounds.head);
    builder.http2().timer(TokioTimer::new()).keep_alive_interval(bounds.head);
    let slots = Arc::new(Semaphore::new(bounds.connections));
    let graceful = GracefulShutdown::new();
    let mut stopped = std::pin::pin!(stopped);
    loop {
        let (stream, slot) = tokio::select! {
            accepted = accept(&listener, &slots) => accepted,
            // A sender that is dropped stops the server as well.
            _ = &mut stopped => break,
        };
        let router = router.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            let mut router = router.clone();
            async move { Ok::<_, Infallible>(infallible(router.call(request.map(Body::new)).await)) }
        });
        let served = builder.serve_connection_with_upgrades(TokioIo::new(stream), service).into_owned();
        let connection = graceful.watch(served);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(error = %error, "a connection broke");
            }
            drop(slot);
        });
    }
    drop(listener);
    graceful.shutdown().await;
}

async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> (TcpStream, Option<tokio::sync::OwnedSemaphorePermit>) {
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
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    async fn start(
        connections: usize,
    ) -> (std::net::SocketAddr, oneshot::Sender<()>, tokio::task::JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let bounds = Bounds { connections, head: Duration::from_secs(30) };
        let router = Router::new().route("/", get(async || "here"));
        (address, stop, tokio::spawn(serve(listener, router, bounds, stopped)))
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
}
