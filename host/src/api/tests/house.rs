//! A host without a socket: requests go straight to the router.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request},
};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;

use crate::{
    api::{Face, router},
    assembly,
    config::Config,
    drivers::stranger::Stranger,
    reload::Reread,
};

/// Nothing listens there.
pub(super) const CLOSED: &str = "http://127.0.0.1:9/";
const CLIENT: &str = "3381af92-2b9e-11e3-b191-71861300734c";

/// A host in a temporary directory.
pub(crate) struct House {
    router: Router,
    pub(super) face: Face,
    _dir: Option<TempDir>,
}

/// An answer.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Value,
    /// The body as it was sent.
    pub(super) text: String,
}

impl Reply {
    /// The answer, if it has this status.
    #[track_caller]
    pub(super) fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    /// The description of a problem.
    pub(super) fn why(&self) -> &str {
        self.body["description"].as_str().unwrap_or_default()
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl House {
    pub(super) async fn new() -> Self {
        let mut config = Config::default();
        config.delivery.allow_networks = vec!["127.0.0.0/8".to_owned()];
        Self::with_config(config, None).await
    }

    /// A host whose configuration is the file in `stranger`, read again as often as it likes.
    pub(super) async fn of(stranger: &Arc<Stranger>) -> Self {
        let again = Arc::clone(stranger);
        let reread: Reread =
            Arc::new(move || Config::load(Some(&again.path().join("nuncio.toml")), std::iter::empty()));
        Self::with_config(stranger.load(), Some(reread)).await
    }

    pub(super) async fn with_config(mut config: Config, reread: Option<Reread>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        config.storage.url = format!("sqlite:{}", dir.path().join("nuncio.db").display());
        let metrics = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder().handle();
        let face = assembly::assemble(config, metrics, reread, None).await.unwrap();
        Self { _dir: Some(dir), ..Self::over(face) }
    }

    /// The routes of a host that somebody else has started.
    pub(crate) fn over(face: Face) -> Self {
        Self { router: router(face.clone()), face, _dir: None }
    }

    /// Sends a request with the headers of a client.
    pub(super) async fn call(&self, method: &str, path: &str, body: Option<Value>) -> Reply {
        self.with(method, path, body, &[]).await
    }

    pub(super) async fn get(&self, path: &str) -> Reply {
        self.call("GET", path, None).await
    }

    pub(super) async fn post(&self, path: &str, body: Value) -> Reply {
        self.call("POST", path, Some(body)).await
    }

    /// Sends a request with more headers, which go over those of a client; an empty value takes one away.
    pub(super) async fn with(
        &self,
        method: &str,
        path: &str,
        body: Option<Value>,
        more: &[(&str, &str)],
    ) -> Reply {
        let mut request = Request::builder().method(method).uri(path);
        let own = [("client-id", CLIENT), ("x-project-id", "p"), ("content-type", "application/json")];
        let kept = own.iter().filter(|(name, _)| more.iter().all(|(other, _)| other != name));
        for (name, value) in kept.chain(more).filter(|(_, value)| !value.is_empty()) {
            request = request.header(*name, *value);
        }
        let text = body.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        let request = request.body(text.map_or_else(Body::empty, Body::from)).unwrap();
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let body = serde_json::from_slice(&bytes).unwrap_or_else(|_| json!(text));
        Reply { status: parts.status.as_u16(), headers: parts.headers, body, text }
    }

    /// Asks for a delivery until it is in `state`.
    pub(super) async fn until(&self, delivery: &str, state: &str) -> Value {
        let mut last = Value::Null;
        let asked = async {
            loop {
                last = self.get(&format!("/v2/deliveries/{delivery}")).await.is(200).body;
                if last["state"] == state {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let in_time = tokio::time::timeout(Duration::from_secs(10), asked).await;
        assert!(in_time.is_ok(), "not {state}: {last}");
        last
    }

    /// Sends a notification and answers its delivery ids.
    pub(super) async fn notify(&self, to: Value, content: Value) -> Vec<String> {
        let reply = self.post("/v2/notifications", json!({"to": to, "content": content})).await.is(202);
        let deliveries = reply.body["deliveries"].as_array().unwrap();
        deliveries.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
    }
}
