//! What the system asks of a running host.

use tokio::signal::unix::{self, SignalKind};

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// Stop gracefully: SIGTERM, SIGINT.
    Stop,
    /// Read the configuration again: SIGHUP.
    Reload,
}

/// The signals of this process, caught from now on.
pub(crate) struct Signals(Option<[unix::Signal; 3]>);

impl Signals {
    /// Catches them.
    pub(crate) fn catch() -> Self {
        let caught =
            [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup()].map(unix::signal);
        let [Ok(term), Ok(int), Ok(hup)] = caught else {
            tracing::error!("signals cannot be caught: stop the host with SIGKILL, nothing accepted is lost");
            return Self(None);
        };
        Self(Some([term, int, hup]))
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) -> Signal {
        let Some([term, int, hup]) = &mut self.0 else { return std::future::pending().await };
        tokio::select! {
            _ = term.recv() => Signal::Stop,
            _ = int.recv() => Signal::Stop,
            _ = hup.recv() => Signal::Reload,
        }
    }
}
