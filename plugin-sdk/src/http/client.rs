//! The client.

use std::{fmt, path::Path, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode, Uri};
use hyper_util::{
    client::legacy,
    rt::{TokioExecutor, TokioTimer},
};
use nuncio_core::net::Policy;
use tokio::time::{Instant, timeout};

use super::{
    body::{Outgoing, read},
    dial::Dial,
    error::HttpError,
    tls::{self, TlsError},
};
use crate::connect::GuardedConnector;

/// The most bytes of a response body that are read; then the connection is dropped.
pub const BODY_CAP: usize = 16 * 1024;

const HEAD_CAP: usize = 64 * 1024;
const IDLE: Duration = Duration::from_secs(30);
const MAX_IDLE_PER_HOST: usize = 64;
/// An HTTP/2 connection whose far side has vanished is noticed by a ping, not by every request's deadline.
const PING: Duration = Duration::from_secs(20);

/// What came back.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, at most [`BODY_CAP`] bytes of it.
    pub body: Vec<u8>,
    /// The body was longer, broke off, or had not ended when the deadline passed.
    pub truncated: bool,
}

/// A pooled HTTP client whose every connection goes through the guard. Clones share the pool.
#[derive(Clone)]
pub struct Client {
    inner: legacy::Client<Dial, Outgoing>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

impl Client {
    /// A client within `policy` that trusts the system's roots and those of the PEM file `ca_file`.
    ///
    /// # Errors
    /// [`TlsError`] when `ca_file` cannot be used.
    pub fn new(policy: Arc<Policy>, ca_file: Option<&Path>) -> Result<Self, TlsError> {
        let dial = Dial::new(GuardedConnector::new(policy), tls::config(ca_file)?);
        let inner = legacy::Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(MAX_IDLE_PER_HOST)
            .http1_max_buf_size(HEAD_CAP)
            .http2_keep_alive_interval(PING)
            .build(dial);
        Ok(Self { inner })
    }

    /// Sends `request` once and reads the answer, all within `deadline`.
    ///
    /// The status decides: when it has come and the body then breaks off or outlasts the deadline, the answer
    /// stands, `truncated`.
    ///
    /// # Errors
    /// [`HttpError`] when no response head came.
    pub async fn send(&self, request: Request<Bytes>, deadline: Duration) -> Result<Answer, HttpError> {
        let target = origin(request.uri());
        if deadline.is_zero() {
            return Err(HttpError::Timeout { target, after: deadline, maybe_sent: false });
        }
        let (parts, data) = request.into_parts();
        let (outgoing, handed) = Outgoing::new(data);
        let started = Instant::now();
        let response = match timeout(deadline, self.inner.request(Request::from_parts(parts, outgoing))).await
        {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(HttpError::of(&error, target, handed.yes())),
            Err(_) => return Err(HttpError::Timeout { target, after: deadline, maybe_sent: handed.yes() }),
        };
        let (head, incoming) = response.into_parts();
        let mut body = Vec::new();
        let left = deadline.saturating_sub(started.elapsed());
        let whole = timeout(left, read(incoming, &mut body, BODY_CAP)).await;
        Ok(Answer { status: head.status, headers: head.headers, body, truncated: whole != Ok(true) })
    }
}

/// `scheme://host:port`: what may be shown of a URI.
fn origin(uri: &Uri) -> String {
    let scheme = uri.scheme_str().unwrap_or("http");
    let port = uri.port_u16().unwrap_or(if scheme == "https" { 443 } else { 80 });
    format!("{scheme}://{}:{port}", uri.host().unwrap_or_default())
}
