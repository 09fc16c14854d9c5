//! A driver of a library.

use nuncio_core::{Driver, Notice, Outcomes, Report, Scope};

/// A driver of a library, made with its settings.
#[derive(Debug)]
pub struct Loaded {}

#[async_trait::async_trait]
impl Driver for Loaded {
    async fn deliver(&self, _: &Notice<'_>) -> Outcomes {
        Report::deferred(Scope::Account, "libraries are not in this version").into()
    }
}
