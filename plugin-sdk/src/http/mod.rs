//! A small HTTP client on the guarded connector, and the one mapping of HTTP's answers to reports.
//!
//! HTTP/1.1 and HTTP/2 (by ALPN) over connections that are kept by origin ([`Pooling`]); TLS sessions are resumed. No
//! proxy from the environment, no redirects, no cookies; one total deadline over connect, send, response head and
//! body; the body is read up to a cap. A request is sent once more, on another connection, only where it is certain
//! that the far side did nothing with it: nothing of it was written because a kept connection had been closed, or
//! HTTP/2 says that the stream was refused,
//! or not looked at before the connection went away. Nothing else is ever sent twice.
//!
//! ```no_run
//! # async fn example(context: &nuncio_plugin_sdk::Context) -> Result<(), Box<dyn std::error::Error>> {
//! use nuncio_plugin_sdk::http::{Bytes, Client, Request, report};
//!
//! let client = Client::new(context.network.clone(), None)?;
//! let request = Request::post("https://example.org/hook").body(Bytes::from_static(b"{}"))?;
//! let answer = client.send(request, context.deadline).await;
//! let report = report(&answer, context.clock.now_ms());
//! # drop(report); Ok(())
//! # }
//! ```

mod attempt;
mod body;
mod client;
mod configured;
mod dial;
mod endpoint;
mod error;
mod http1;
mod http2;
mod pool;
mod report;
mod retry_after;
mod stream;
mod tls;

pub use bytes::Bytes;
pub use client::{Answer, BODY_CAP, Client};
pub use configured::Configured;
pub use endpoint::Endpoint;
pub use error::HttpError;
pub use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri, header, request::Builder,
};
pub use pool::Pooling;
pub use report::{EXCERPT_BYTES, report};
pub use tls::{Identity, TlsError};
