//! `nuncio serve`

use std::sync::Arc;

use serde_json::json;

use super::{
    arguments::Shared,
    fault::{Exit, Fault},
    output::Output,
};
use crate::{
    access,
    app::{self, StartError},
    reload::Reread,
    storage::sqlite::OpenError,
    telemetry,
};

pub(super) async fn run(shared: &Shared, output: Output) -> Result<Exit, Fault> {
    let config = shared.load()?;
    telemetry::logs(&config.log);
    let scheme = if config.http.tls.is_some() { "https" } else { "http" };
    let ready = |address| {
        let address = format!("{scheme}://{address}");
        if output.json {
            output.value(&json!({ "listening": address }), true);
        } else {
            output.line(format!("listening on {address}"));
        }
    };
    let again = shared.clone();
    let reread: Reread = Arc::new(move || again.reread());
    app::serve(config, Some(reread), ready).await.map_err(Fault::from)?;
    Ok(Exit::Ok)
}

impl From<StartError> for Fault {
    fn from(error: StartError) -> Self {
        let exit = match error {
            StartError::Drivers(_)
            | StartError::Templates(_)
            | StartError::Retry(_)
            | StartError::Tls(_)
            | StartError::Access(access::StartError::Keystone(_)) => Exit::Config,
            StartError::Listen { .. } => Exit::Unavailable,
            StartError::Open(
                OpenError::Damaged { .. } | OpenError::NotOurs { .. } | OpenError::Newer { .. },
            ) => Exit::Input,
            _ => Exit::System,
        };
        Self::new(exit, error)
    }
}
