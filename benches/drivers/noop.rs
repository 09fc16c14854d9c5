//! A driver that does nothing, so that only the way to it is measured.
//!
//! `noop:` answers at its first poll, `later:` gives up its turn once and is answered from a task, `batch:` takes many
//! at once.

use nuncio_plugin_sdk::{
    Batch, Context, Driver, Limits, Notice, Outcome, Outcomes, Plugin, SettingsError, async_trait,
    register_driver,
};

/// Answers at once.
struct Noop;

#[async_trait]
impl Driver for Noop {
    async fn deliver(&self, _: &Notice<'_>) -> Outcomes {
        Outcome::Delivered.into()
    }
}

impl Plugin for Noop {
    const NAME: &'static str = "noop";
    const SCHEMES: &'static [&'static str] = &["noop"];
    type Settings = ();

    fn new((): (), _: &Context) -> Result<Self, SettingsError> {
        Ok(Self)
    }
}

register_driver!(Noop);

/// Answers at its second poll.
struct Later;

#[async_trait]
impl Driver for Later {
    async fn deliver(&self, _: &Notice<'_>) -> Outcomes {
        let mut asked = false;
        std::future::poll_fn(|context| {
            if std::mem::replace(&mut asked, true) {
                return std::task::Poll::Ready(());
            }
            context.waker().wake_by_ref();
            std::task::Poll::Pending
        })
        .await;
        Outcome::Delivered.into()
    }
}

impl Plugin for Later {
    const NAME: &'static str = "later";
    const SCHEMES: &'static [&'static str] = &["later"];
    type Settings = ();

    fn new((): (), _: &Context) -> Result<Self, SettingsError> {
        Ok(Self)
    }
}

register_driver!(Later);

/// Takes many at once.
struct Many;

#[async_trait]
impl Driver for Many {
    async fn deliver(&self, _: &Notice<'_>) -> Outcomes {
        Outcome::Delivered.into()
    }

    async fn deliver_batch(&self, batch: &Batch<'_>) {
        for position in 0..batch.notices().len() {
            batch.settle(position, Outcome::Delivered);
        }
    }
}

impl Plugin for Many {
    const NAME: &'static str = "batch";
    const SCHEMES: &'static [&'static str] = &["batch"];
    type Settings = ();

    fn limits() -> Limits {
        Limits::default().batch(64)
    }

    fn new((): (), _: &Context) -> Result<Self, SettingsError> {
        Ok(Self)
    }
}

register_driver!(Many);
