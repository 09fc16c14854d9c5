//! The process: the host as `nuncio serve` runs it (see `host/src/main.rs`), with another store.

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::Result;
use nuncio_host::{app::Host, config::Config, telemetry};
use tokio::signal::unix::{SignalKind, signal};

use super::store::Null;

/// Serves `configuration` until SIGTERM.
///
/// # Errors
/// When the host does not start.
pub(crate) fn serve(configuration: &Path) -> Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let config = Config::load(Some(configuration), std::iter::empty())?;
        telemetry::logs(&config.log);
        let host = Host::start_over(config, |published| Arc::new(Null::new(published))).await?;
        println!("listening on http://{}", host.address());
        signal(SignalKind::terminate())?.recv().await;
        host.stop().await;
        anyhow::Ok(())
    })?;
    runtime.shutdown_timeout(Duration::from_millis(500));
    Ok(())
}
