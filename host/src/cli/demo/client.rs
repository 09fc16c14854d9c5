//! A client of the demonstration's host: whatever is not done fails the demonstration.

use std::net::SocketAddr;

use axum::http::Method;
use serde_json::Value;
use uuid::Uuid;

use crate::cli::{
    client::{self, Answer},
    fault::{Exit, Fault},
};

/// The project of the demonstration.
pub(super) const PROJECT: &str = "demo";

/// A client with an id of its own.
#[derive(Debug)]
pub(super) struct Client {
    http: client::Client,
    pub(super) host: SocketAddr,
    pub(super) id: Uuid,
}

impl Client {
    pub(super) fn new(host: SocketAddr) -> Result<Self, Fault> {
        let bearing = client::Bearing { project: Some(PROJECT.to_owned()), token: None };
        let http = client::Client::new(format!("http://{host}"), bearing);
        let http = http.map_err(|error| Fault::new(Exit::System, error))?;
        Ok(Self { host, id: http.id(), http })
    }

    /// One request; any status but 2xx is a fault.
    pub(super) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, Fault> {
        let failed = |why: String| Fault::new(Exit::Failed, format!("{method} {path}: {why}"));
        let answer =
            self.http.exchange(&method, path, body).await.map_err(|error| failed(error.to_string()))?;
        if answer.is_good() {
            return Ok(answer);
        }
        Err(failed(format!("{} {}", answer.status, answer.body)))
    }
}
