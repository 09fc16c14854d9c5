//! Fills a host with what only lies there: over many connections, since each request is a commit.

use std::{cell::Cell, fmt::Write as _, net::SocketAddr, rc::Rc};

use anyhow::{Result, anyhow, ensure};
use nuncio_benches::Line;
use rustix::time::{ClockId, clock_gettime};
use tokio::task::JoinSet;

use super::command::Ballast;

/// Connections to the host.
const CONNECTIONS: usize = 64;
/// Deliveries of one request.
const TOGETHER: u64 = 1_000;
/// When they are to be delivered, seconds from now.
const AHEAD: i64 = 30 * 86_400;

/// Sends all requests; each must be answered as it should.
pub(super) async fn put(host: SocketAddr, ballast: Ballast) -> Result<()> {
    let (first, last) = match ballast {
        Ballast::Subscriptions { from, to, .. } => (from, to),
        Ballast::Waiting { deliveries } => (0, deliveries / TOGETHER),
    };
    let next = Rc::new(Cell::new(first));
    let mut sending = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (mut line, next) = (Line::connect(host).await?, Rc::clone(&next));
        sending.spawn_local(async move {
            while next.get() < last {
                let index = next.replace(next.get() + 1);
                let (path, body, status) = request(ballast, index)?;
                let answer = line.ask(&line.request("POST", &path, body.as_bytes())).await?;
                ensure!(answer.status == status, "{path} was answered {}: {}", answer.status, answer.text());
            }
            anyhow::Ok(())
        });
    }
    while let Some(ended) = sending.join_next().await {
        ended.map_err(|error| anyhow!(error))??;
    }
    Ok(())
}

/// Path and body of a request, and the status of its answer.
fn request(ballast: Ballast, index: u64) -> Result<(String, String, u16)> {
    match ballast {
        Ballast::Subscriptions { of_a_queue, .. } => {
            let path = format!("/v2/queues/idle-{}/subscriptions", index / of_a_queue);
            let body = format!(
                "{{\"subscriber\": \"http://127.0.0.1:9/idle/{index}\", \"ttl\": 8640000, \"options\": {{}}}}"
            );
            Ok((path, body, 201))
        }
        Ballast::Waiting { .. } => {
            let at = clock_gettime(ClockId::Realtime).tv_sec + AHEAD;
            let mut body = format!("{{\"content\": \"later\", \"deliver_at\": {at}, \"to\": [");
            for one in 0..TOGETHER {
                let comma = if one == 0 { "" } else { "," };
                write!(body, "{comma}\"http://127.0.0.1:9/wait/{index}/{one}\"")?;
            }
            body.push_str("]}");
            Ok(("/v2/notifications".to_owned(), body, 202))
        }
    }
}
