//! A receiver of webhooks with one path that fails twice and recovers.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use tokio::{net::TcpListener, task::JoinHandle};

use super::receipts::Receipts;

/// How often the path `/flaky` fails before it recovers.
const FAILURES: u32 = 2;

/// The receiver; it ends when it is dropped.
#[derive(Debug)]
pub(super) struct Webhooks {
    pub(super) address: SocketAddr,
    pub(super) receipts: Receipts,
    server: JoinHandle<io::Result<()>>,
}

#[derive(Clone, Debug, Default)]
struct Shared {
    receipts: Receipts,
    failed: Arc<AtomicU32>,
}

impl Webhooks {
    pub(super) async fn listen() -> io::Result<Self> {
        let shared = Shared::default();
        let receipts = shared.receipts.clone();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let router =
            Router::new().route("/orders", post(sound)).route("/flaky", post(flaky)).with_state(shared);
        let server = tokio::spawn(async { axum::serve(listener, router).await });
        Ok(Self { address, receipts, server })
    }
}

impl Drop for Webhooks {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// The body is read whole (axum's limit of 2 MB bounds it), as a real receiver would.
async fn sound(State(shared): State<Shared>, headers: HeaderMap, _: Bytes) -> StatusCode {
    let id = headers.get("webhook-id").and_then(|value| value.to_str().ok());
    shared.receipts.note(id.unwrap_or_default());
    StatusCode::NO_CONTENT
}

async fn flaky(state: State<Shared>, headers: HeaderMap, body: Bytes) -> StatusCode {
    if state.failed.fetch_add(1, Ordering::Relaxed) < FAILURES {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    // It must not come round to zero again.
    state.failed.store(FAILURES, Ordering::Relaxed);
    sound(state, headers, body).await
}
