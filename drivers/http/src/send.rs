//! One try.

use std::time::Duration;

use nuncio_plugin_sdk::{
    Clock, Report,
    http::{Bytes, Client, Request, report},
};

/// The driver ends so much before the notice's deadline, at which the host would say less of what happened.
const MARGIN: Duration = Duration::from_millis(20);

/// Sends `request`, and is over before `deadline_ms`.
pub(crate) async fn send(
    client: &Client,
    clock: &dyn Clock,
    request: Request<Bytes>,
    deadline_ms: i64,
) -> Report {
    let left = deadline_ms.saturating_sub(clock.now_ms());
    let left = Duration::from_millis(u64::try_from(left).unwrap_or(0)).saturating_sub(MARGIN);
    let answer = client.send(request, left).await;
    report(&answer, clock.now_ms())
}
