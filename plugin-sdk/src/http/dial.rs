//! From a URI to a connection: the guard, then TLS, then nothing that outlives its time.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use http::Uri;
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, time::timeout};
use tower_service::Service;

use crate::connect::{GuardError, GuardedConnector};

/// The pool may finish a connection that no request waits for any more; this ends one that hangs (in the TLS
/// handshake, for instance).
const LIMIT: Duration = Duration::from_secs(60);

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Pending<T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;

/// Why there is no connection to speak HTTP on.
#[derive(Debug, thiserror::Error)]
pub(super) enum DialError {
    #[error(transparent)]
    Guard(#[from] GuardError),
    #[error("{0}")]
    Tls(BoxError),
    #[error("no connection within {} s", LIMIT.as_secs())]
    Timeout,
}

/// The guarded connector as the pool wants it: plain TCP for a URI's host and port.
#[derive(Clone)]
pub(super) struct Tcp(pub(super) GuardedConnector);

impl Service<Uri> for Tcp {
    type Response = TokioIo<TcpStream>;
    type Error = GuardError;
    type Future = Pending<Self::Response, Self::Error>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), GuardError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connector = self.0.clone();
        Box::pin(async move {
            let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("https") { 443 } else { 80 });
            Ok(TokioIo::new(connector.connect(uri.host().unwrap_or_default(), port).await?))
        })
    }
}

/// TCP, or TLS over it, as the scheme asks.
#[derive(Clone)]
pub(super) struct Dial {
    inner: HttpsConnector<Tcp>,
}

impl Dial {
    pub(super) fn new(connector: GuardedConnector, tls: rustls::ClientConfig) -> Self {
        let inner = hyper_rustls::HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_all_versions()
            .wrap_connector(Tcp(connector));
        Self { inner }
    }
}

impl Service<Uri> for Dial {
    type Response = MaybeHttpsStream<TokioIo<TcpStream>>;
    type Error = DialError;
    type Future = Pending<Self::Response, Self::Error>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), DialError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = self.inner.call(uri);
        Box::pin(async move {
            match timeout(LIMIT, connecting).await {
                Ok(Ok(stream)) => Ok(stream),
                Ok(Err(error)) => Err(match error.downcast::<GuardError>() {
                    Ok(guard) => DialError::Guard(*guard),
                    Err(tls) => DialError::Tls(tls),
                }),
                Err(_) => Err(DialError::Timeout),
            }
        })
    }
}
