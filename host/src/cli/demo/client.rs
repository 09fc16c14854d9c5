//! A client of the host's own API, over real HTTP.

use std::net::SocketAddr;

use axum::http::{Method, Request, Uri};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::{
    client::legacy::{Client as Http, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::Value;
use uuid::Uuid;

use crate::cli::fault::{Exit, Fault};

/// The project of the demonstration.
pub(super) const PROJECT: &str = "demo";

/// The largest answer read.
const MAX_ANSWER: usize = 4 << 20;

/// A client with an id of its own.
#[derive(Debug)]
pub(super) struct Client {
    http: Http<HttpConnector, Full<Bytes>>,
    pub(super) host: SocketAddr,
    pub(super) id: Uuid,
}

/// An answer: its status and its JSON, null where it has none.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Value,
}

impl Client {
    pub(super) fn new(host: SocketAddr) -> Self {
        Self { http: Http::builder(TokioExecutor::new()).build_http(), host, id: Uuid::new_v4() }
    }

    /// One request; any status but 2xx is a fault.
    pub(super) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, Fault> {
        let failed = |why: String| Fault::new(Exit::Failed, format!("{method} {path}: {why}"));
        let answer = self.exchange(&method, path, body).await.map_err(|error| failed(error.to_string()))?;
        match answer.status {
            200..300 => Ok(answer),
            status => Err(failed(format!("{status} {}", answer.body))),
        }
    }

    async fn exchange(
        &self,
        method: &Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, Box<dyn std::error::Error + Send + Sync>> {
        let uri: Uri = format!("http://{}{path}", self.host).parse()?;
        let bytes = body.map(Value::to_string).unwrap_or_default();
        let request = Request::builder()
            .method(method)
            .uri(uri)
            .header("client-id", self.id.to_string())
            .header("x-project-id", PROJECT)
            .header("content-type", "application/json")
            .body(Full::from(bytes))?;
        let response = self.http.request(request).await?;
        let status = response.status().as_u16();
        let bytes = Limited::new(response.into_body(), MAX_ANSWER).collect().await?.to_bytes();
        let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes)? };
        Ok(Answer { status, body })
    }
}
