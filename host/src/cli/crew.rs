//! The drivers of one command: made from the configuration, and let go at its end.

use std::{io::Write as _, sync::Arc, time::Duration};

use nuncio_core::Dispatcher;

use super::fault::Fault;
use crate::{
    clock::System,
    config::{Config, ConfigError},
    drivers::{Roster, dismiss, wipe},
};

/// What drivers get to let go of what they hold.
const GRACE: Duration = Duration::from_secs(2);

/// The drivers of one command.
pub(super) struct Crew {
    roster: Roster,
}

impl Crew {
    /// The drivers as `config` makes them.
    ///
    /// # Errors
    /// What a host would not start with.
    pub(super) async fn gather(config: &mut Config) -> Result<Self, Fault> {
        let crew = Self::whatever(config).await;
        if !crew.roster.errors().is_empty() {
            let error = ConfigError(crew.roster.errors().to_vec());
            crew.leave().await;
            return Err(error.into());
        }
        Ok(crew)
    }

    /// Names on standard error what is configured and not there.
    pub(super) fn warn(&self) {
        for refusal in self.roster.refusals() {
            writeln!(std::io::stderr(), "a driver is refused: {refusal}").unwrap_or_default();
        }
    }

    /// The drivers that can be made, whatever else is wrong.
    pub(super) async fn whatever(config: &mut Config) -> Self {
        let roster = Roster::gather(config, Arc::new(System)).await;
        wipe(config);
        Self { roster }
    }

    pub(super) const fn roster(&self) -> &Roster {
        &self.roster
    }

    pub(super) const fn dispatcher(&self) -> &Dispatcher {
        self.roster.dispatcher()
    }

    /// Lets the drivers go.
    pub(super) async fn leave(self) {
        dismiss(self.dispatcher().entries().to_vec(), GRACE).await;
    }
}
