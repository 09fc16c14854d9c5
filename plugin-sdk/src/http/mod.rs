//! A small HTTP client on the guarded connector, and the one mapping of HTTP's answers to reports.
//!
//! HTTP/1.1 and HTTP/2 (by ALPN) over pooled connections. No proxy from the environment, no redirects, no cookies;
//! one total deadline over connect, send, response head and body; the body is read up to a cap. A request that a
//! pooled connection could not take because the far side had closed it is sent on another one; nothing else is
//! ever sent twice.
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

mod body;
mod client;
mod dial;
mod error;
mod report;
mod retry_after;
mod tls;

pub use bytes::Bytes;
pub use client::{Answer, BODY_CAP, Client};
pub use error::HttpError;
pub use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri, header, request::Builder,
};
pub use report::{EXCERPT_BYTES, report};
pub use tls::TlsError;
