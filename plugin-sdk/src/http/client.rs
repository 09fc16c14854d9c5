//! The client.

use std::{fmt, path::Path, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use nuncio_core::net::Policy;
use tokio::time::{Instant, timeout_at};

use super::{
    attempt::Attempt,
    body::{Kept, Sent},
    dial::Dial,
    endpoint::Endpoint,
    error::HttpError,
    pool::{Pool, Pooling},
    tls::{self, Identity, TlsError},
};
use crate::connect::GuardedConnector;

/// The most bytes of a response body that are read; then the connection is dropped.
pub const BODY_CAP: usize = 16 * 1024;

/// What stands in the place of a secret.
const STRUCK: &str = "***";

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

impl Answer {
    /// A whole answer: what tests of a driver read without a server.
    #[must_use]
    pub const fn new(status: StatusCode, headers: HeaderMap, body: Vec<u8>) -> Self {
        Self { status, headers, body, truncated: false }
    }

    /// Puts `***` in the place of `secret`, which is ASCII, wherever the body has it, and of a part of it that a truncated
    /// body ends with: a far side, or a proxy, may repeat what it was asked. For a driver to do before it takes anything out
    /// of the body, since what is cut first may end with a part of the secret. The body is UTF-8 after that.
    pub fn strike(&mut self, secret: &str) {
        if secret.is_empty() {
            return;
        }
        let text = String::from_utf8_lossy(&self.body).replace(secret, STRUCK);
        let begins =
            |bytes: usize| secret.as_bytes().get(..bytes).is_some_and(|part| text.as_bytes().ends_with(part));
        let cut = if self.truncated { (1..secret.len()).rev().find(|bytes| begins(*bytes)) } else { None };
        let kept = text.len().saturating_sub(cut.unwrap_or(0));
        self.body = text.into_bytes();
        if cut.is_some() {
            self.body.truncate(kept);
            self.body.extend_from_slice(STRUCK.as_bytes());
        }
    }
}

/// An HTTP client whose every connection goes through the guard. Clones share the connections, and the last one closes
/// them.
#[derive(Clone)]
pub struct Client {
    pool: Pool,
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
        Self::with(policy, ca_file, Pooling::default())
    }

    /// [`new`](Self::new), keeping so many connections as `pooling` says.
    ///
    /// # Errors
    /// [`TlsError`] when `ca_file` cannot be used.
    pub fn with(policy: Arc<Policy>, ca_file: Option<&Path>, pooling: Pooling) -> Result<Self, TlsError> {
        Self::made(policy, ca_file, pooling, None)
    }

    /// [`with`](Self::with), showing `identity` to servers that ask for a certificate.
    ///
    /// # Errors
    /// [`TlsError`] when `ca_file` or `identity` cannot be used.
    pub fn identified(
        policy: Arc<Policy>,
        ca_file: Option<&Path>,
        pooling: Pooling,
        identity: &Identity,
    ) -> Result<Self, TlsError> {
        Self::made(policy, ca_file, pooling, Some(identity))
    }

    fn made(
        policy: Arc<Policy>,
        ca_file: Option<&Path>,
        pooling: Pooling,
        identity: Option<&Identity>,
    ) -> Result<Self, TlsError> {
        let dial = Dial::new(GuardedConnector::new(policy), tls::config(ca_file, identity)?);
        Ok(Self { pool: Pool::new(dial, pooling) })
    }

    /// Sends `request` once and reads the answer, all within `deadline`.
    ///
    /// The status decides: when it has come and the body then breaks off or outlasts the deadline, the answer
    /// stands, `truncated`.
    ///
    /// # Errors
    /// [`HttpError`] when no response head came.
    pub async fn send(&self, request: Request<Bytes>, deadline: Duration) -> Result<Answer, HttpError> {
        let (parts, body) = request.into_parts();
        let to = Endpoint::of(&parts.uri)?;
        self.request(Attempt::new(&to, parts.method, parts.headers, body), &to, deadline).await
    }

    /// Sends a POST of `headers` and `body` to `to`, as [`send`](Self::send) does; `to` was taken apart before.
    ///
    /// # Errors
    /// [`HttpError`] when no response head came.
    pub async fn post(
        &self,
        to: &Endpoint,
        headers: HeaderMap,
        body: Bytes,
        deadline: Duration,
    ) -> Result<Answer, HttpError> {
        self.request(Attempt::new(to, Method::POST, headers, body), to, deadline).await
    }

    async fn request(
        &self,
        attempt: Attempt<'_>,
        to: &Endpoint,
        after: Duration,
    ) -> Result<Answer, HttpError> {
        let target = || to.origin().to_owned();
        if after.is_zero() {
            return Err(HttpError::Timeout { target: target(), after, maybe_sent: false });
        }
        let until = Instant::now() + after;
        let mut sent = Sent::No;
        let answered = match timeout_at(until, attempt.answer(&self.pool, &mut sent)).await {
            Ok(Ok(answered)) => answered,
            Ok(Err(failure)) => return Err(HttpError::of(failure, target())),
            Err(_) => return Err(HttpError::Timeout { target: target(), after, maybe_sent: sent.yes() }),
        };
        let mut kept = Kept::new(BODY_CAP);
        let (head, whole) = answered.read(&mut kept, until).await;
        Ok(Answer { status: head.status, headers: head.headers, body: kept.data, truncated: !whole })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn struck(body: &str, truncated: bool, secret: &str) -> String {
        let mut answer = Answer::new(StatusCode::OK, HeaderMap::new(), body.as_bytes().to_vec());
        answer.truncated = truncated;
        answer.strike(secret);
        String::from_utf8(answer.body).unwrap()
    }

    #[test]
    fn a_secret_is_struck_out_also_where_the_body_was_cut() {
        assert_eq!(struck("no /3/device/abcdef, /abcdef", false, "abcdef"), "no /3/device/***, /***");
        assert_eq!(struck("no /3/device/abcd", true, "abcdef"), "no /3/device/***");
        assert_eq!(struck("no /3/device/abcd", false, "abcdef"), "no /3/device/abcd");
        assert_eq!(struck("no /3/device/abcd", true, ""), "no /3/device/abcd");
    }

    proptest! {
        #[test]
        fn nothing_of_a_secret_stays_of_any_body_that_was_cut(
            before in "\\PC{0,20}", secret in "[a-c]{1,12}", cut in 1_usize..16,
        ) {
            let body: Vec<u8> = [before.as_bytes(), secret.as_bytes()].concat();
            let kept = body.get(..body.len().saturating_sub(cut)).unwrap_or_default();
            let mut answer = Answer::new(StatusCode::OK, HeaderMap::new(), kept.to_vec());
            answer.truncated = true;
            answer.strike(&secret);
            let text = String::from_utf8(answer.body).unwrap();
            let ends = (1..secret.len()).any(|bytes| text.ends_with(secret.split_at(bytes).0));
            prop_assert!(!text.contains(&secret) && !ends);
        }
    }
}
