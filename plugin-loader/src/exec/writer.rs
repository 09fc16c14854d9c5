//! Writes what waits in the outbox to the stdin of a process.

use std::time::Duration;

use tokio::{io::AsyncWriteExt as _, process::ChildStdin};

use super::{flights::Flights, outbox::Outbox};

/// Writes until nothing more can be written, and says why. After the last line it closes stdin and never returns.
pub(super) async fn write(
    outbox: &Outbox,
    flights: &Flights,
    mut stdin: ChildStdin,
    stall: Duration,
) -> Stopped {
    loop {
        let taken = outbox.take().await;
        flights.give(&taken.tokens);
        let mut rest = taken.bytes.as_slice();
        while !rest.is_empty() {
            match tokio::time::timeout(stall, stdin.write(rest)).await {
                Ok(Ok(0) | Err(_)) => return Stopped::Closed,
                Ok(Ok(written)) => rest = rest.get(written..).unwrap_or_default(),
                Err(_) => return Stopped::Stalled,
            }
        }
        if taken.last {
            drop(stdin);
            return std::future::pending().await;
        }
    }
}

/// Why nothing more can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stopped {
    /// The process closed its stdin, or ended.
    Closed,
    /// It does not read.
    Stalled,
}
