//! A client of a host's own API, over HTTP.

use axum::http::{Method, Request, Uri};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client as Http, connect::HttpConnector},
    rt::TokioExecutor,
};
use nuncio_plugin_sdk::Secret;
use rustls::crypto::aws_lc_rs;
use serde_json::Value;
use uuid::Uuid;

/// The largest answer read.
const MAX_ANSWER: usize = 16 << 20;

/// A client with an id of its own, for one project of one host.
#[derive(Debug)]
pub(super) struct Client {
    http: Http<HttpsConnector<HttpConnector>, Full<Bytes>>,
    base: String,
    bearing: Bearing,
    id: Uuid,
}

/// What a client shows of itself.
#[derive(Clone, Debug, Default)]
pub(super) struct Bearing {
    /// The project; that of the token without one.
    pub(super) project: Option<String>,
    /// The token, where the host asks for one.
    pub(super) token: Option<Secret>,
}

/// An answer: its status and its JSON, null where it has none.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Value,
}

impl Answer {
    /// Whether what was asked was done.
    pub(super) const fn is_good(&self) -> bool {
        matches!(self.status, 200..300)
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Silence {
    /// Nobody is there.
    #[error("{0}")]
    Unreachable(String),
    /// Somebody is there who does not speak as a host does.
    #[error("{0}")]
    Garbled(String),
}

impl Client {
    /// A client for the host at `base`, like `http://127.0.0.1:8888`. With https the system's roots are trusted, or
    /// those of `SSL_CERT_FILE`.
    pub(super) fn new(base: String, bearing: Bearing) -> std::io::Result<Self> {
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(aws_lc_rs::default_provider())?
            .https_or_http()
            .enable_http1()
            .build();
        let http = Http::builder(TokioExecutor::new()).build(connector);
        Ok(Self { http, base, bearing, id: Uuid::new_v4() })
    }

    /// Its Client-ID.
    pub(super) const fn id(&self) -> Uuid {
        self.id
    }

    /// One request and its answer, whatever its status.
    pub(super) async fn exchange(
        &self,
        method: &Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, Silence> {
        self.request(method, path, body.map(Value::to_string).unwrap_or_default(), None).await
    }

    /// As [`exchange`](Self::exchange), with a body of JSON, and a key by which the host knows a repetition.
    pub(super) async fn request(
        &self,
        method: &Method,
        path: &str,
        body: String,
        key: Option<&str>,
    ) -> Result<Answer, Silence> {
        let garbled = |why: &dyn ToString| Silence::Garbled(why.to_string());
        let uri: Uri = format!("{}{path}", self.base).parse().map_err(|error| garbled(&error))?;
        let mut request = Request::builder()
            .method(method)
            .uri(uri)
            .header("client-id", self.id.to_string())
            .header("content-type", "application/json");
        if let Some(project) = &self.bearing.project {
            request = request.header("x-project-id", project);
        }
        if let Some(token) = &self.bearing.token {
            request = request.header("x-auth-token", token.expose());
        }
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let request = request.body(Full::from(body)).map_err(|error| garbled(&error))?;
        let response = self.http.request(request).await.map_err(|error| {
            let why = innermost(&error);
            if error.is_connect() { Silence::Unreachable(why) } else { Silence::Garbled(why) }
        })?;
        let status = response.status().as_u16();
        let bytes = Limited::new(response.into_body(), MAX_ANSWER).collect().await;
        let bytes = bytes.map_err(|error| garbled(&error))?.to_bytes();
        let body = if bytes.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&bytes).map_err(|error| garbled(&format!("no JSON: {error}")))?
        };
        Ok(Answer { status, body })
    }
}

/// What lies at the bottom of an error: `connection refused`, without the layers around it.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}
