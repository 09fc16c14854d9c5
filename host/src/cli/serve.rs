//! `nuncio serve`

use super::{
    arguments::Shared,
    fault::{Exit, Fault},
};
use crate::{
    app::{self, StartError},
    telemetry,
};

pub(super) async fn run(shared: &Shared) -> Result<Exit, Fault> {
    let config = shared.load()?;
    telemetry::logs(&config.log);
    app::serve(config).await.map_err(Fault::from)?;
    Ok(Exit::Ok)
}

impl From<StartError> for Fault {
    fn from(error: StartError) -> Self {
        let exit = match error {
            StartError::Drivers(_)
            | StartError::Templates(_)
            | StartError::Retry(_)
            | StartError::Scheme { .. } => Exit::Config,
            StartError::Listen { .. } => Exit::Unavailable,
            _ => Exit::System,
        };
        Self::new(exit, error)
    }
}
