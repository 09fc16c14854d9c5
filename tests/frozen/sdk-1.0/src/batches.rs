//! Several notices at a time.

use nuncio_plugin_sdk::{
    Batch, ContentForm, Context, Driver, Limits, Notice, Outcomes, Plugin, Report, Scope, SettingsError,
    async_trait, register_driver,
};

use crate::{
    line::{self, Lines},
    settings::Settings,
};

/// The driver.
pub struct Batches(Lines);

impl Batches {
    fn attempt(&self, notice: &Notice<'_>) -> Outcomes {
        match self.0.add(&line::of(notice, "batch")) {
            Ok(()) => Report::delivered().into(),
            Err(why) => Report::deferred(Scope::Account, why).into(),
        }
    }
}

#[async_trait]
impl Driver for Batches {
    async fn deliver(&self, notice: &Notice<'_>) -> Outcomes {
        self.attempt(notice)
    }

    async fn deliver_batch(&self, batch: &Batch<'_>) {
        for (position, notice) in batch.notices().iter().enumerate() {
            batch.settle(position, self.attempt(notice));
        }
    }
}

impl Plugin for Batches {
    const NAME: &'static str = "frozen-batches";
    const SCHEMES: &'static [&'static str] = &["frozen-batches"];
    const CONTENT: ContentForm = ContentForm::Raw;
    type Settings = Settings;

    fn limits() -> Limits {
        Limits::default().batch(8)
    }

    fn new(settings: Settings, _: &Context) -> Result<Self, SettingsError> {
        Ok(Self(Lines::open(&settings.file)?))
    }
}

register_driver!(Batches);
