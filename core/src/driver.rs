//! The driver boundary: what a driver must say and do.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{
    Batch, Context, Manifest, Notice, Options, Outcomes, SubscriberUri,
    wire::{Answer, Device, Inbound},
};

/// A driver: tries one delivery and says what happened.
///
/// A driver never retries, never sleeps and never stores: the policy says what comes next, the store what was.
/// It may be called for many notices at once, and `deliver` is the one verb that it must have.
#[async_trait]
pub trait Driver: Send + Sync {
    /// One try within the notice's deadline; a report for each recipient.
    ///
    /// Cancel-safe: the host drops the future when the deadline has passed and records a timeout.
    async fn deliver(&self, notice: &Notice<'_>) -> Outcomes;

    /// One try for each of several notices; called instead of `deliver` where the manifest's `limits.batch` is above 1.
    ///
    /// Cancel-safe as `deliver`. Settle each item as soon as it is known.
    async fn deliver_batch(&self, batch: &Batch<'_>) {
        for (position, notice) in batch.notices().iter().enumerate() {
            batch.settle(position, self.deliver(notice).await);
        }
    }

    /// Looks at a URI and its options when somebody subscribes. No I/O: what can be said without it.
    ///
    /// # Errors
    /// A [`Refusal`] that names the place and the fix; nothing is stored then.
    async fn check(&self, uri: &SubscriberUri, options: &Options) -> Result<Checked, Refusal> {
        let _: &Options = options;
        Ok(Checked::of(uri))
    }

    /// Why the driver cannot deliver as it is configured ("no relay configured"). Deliveries wait while it says so.
    ///
    /// Asked before every delivery, so it must answer at once; the word of a library may be a second old.
    fn disabled(&self) -> Option<String> {
        None
    }

    /// Why nothing can be delivered to `destination` now, although the driver works: its deliveries wait while it says
    /// so. Asked when something first leads there, and again whenever the host learns that it changed; so it is for
    /// what the host sees itself, as who is connected to it.
    fn away(&self, destination: &str) -> Option<String> {
        let _: &str = destination;
        None
    }

    /// What would be sent, for a dry run: the exact request, with secrets masked. Nothing is sent.
    ///
    /// # Errors
    /// A [`Refusal`] when the notice cannot be sent by this driver at all.
    async fn render(&self, notice: &Notice<'_>) -> Result<String, Refusal> {
        Ok(format!("{}\n\n{}", notice.content.subject, notice.content.text))
    }

    /// Answers a request that the far side made: a receipt, a bounce, a reply. The driver checks its signature.
    ///
    /// # Errors
    /// A [`Refusal`] when the request is not the far side's, or the driver takes none.
    async fn receive(&self, request: &Inbound, body: &[u8]) -> Result<Answer, Refusal> {
        let _: (&Inbound, &[u8]) = (request, body);
        Err(Refusal::new("inbound", "this driver takes no inbound requests"))
    }

    /// Looks at a device when somebody registers it, and gives it back as it is to be kept. No I/O. Only asked of a driver
    /// whose manifest says `devices`.
    ///
    /// # Errors
    /// A [`Refusal`] that names the member (`/token`) and shows a right one; nothing is stored then.
    async fn check_device(&self, device: Device) -> Result<Device, Refusal> {
        Ok(device)
    }

    /// Ends what is under way within `grace` and lets go of connections. Nothing is delivered afterwards.
    async fn shutdown(&self, grace: Duration) {
        let _: Duration = grace;
    }
}

/// What [`Driver::check`] says of a URI that it accepts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Checked {
    /// The one form that equal subscribers share: the key.
    pub canonical: String,
    /// The form that may be shown.
    pub redacted: String,
    /// The recipients, in order; never empty.
    pub addresses: Vec<String>,
    /// What breaks together (`https://host:443`, the mail relay): the destination of the lane. Empty where each
    /// subscription is by itself; then nothing but a subscription can have this URI.
    pub destination: String,
}

impl Checked {
    /// What the core's own reading of `uri` says: its forms, its addresses and its destination.
    #[must_use]
    pub fn of(uri: &SubscriberUri) -> Self {
        Self {
            canonical: uri.canonical().to_owned(),
            redacted: uri.redacted().to_owned(),
            addresses: uri.addresses(),
            destination: uri.destination(),
        }
    }

    /// With these recipients instead.
    #[must_use]
    pub fn with_addresses(mut self, addresses: Vec<String>) -> Self {
        self.addresses = addresses;
        self
    }

    /// With this destination instead.
    #[must_use]
    pub fn with_destination(mut self, destination: impl Into<String>) -> Self {
        self.destination = destination.into();
        self
    }
}

/// Why a URI, an option or a setting is refused: where, why, and how to mend it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(default)]
#[error("{at}: {why}{}", if fix.is_empty() { String::new() } else { format!("; {fix}") })]
pub struct Refusal {
    /// The part: a JSON pointer (`/options/cc`), or a part of the URI with its column.
    pub at: String,
    /// What is wrong with it.
    pub why: String,
    /// What to do about it; may be empty.
    pub fix: String,
}

impl Refusal {
    /// Refuses `at` because of `why`.
    #[must_use]
    pub fn new(at: impl Into<String>, why: impl Into<String>) -> Self {
        Self { at: at.into(), why: why.into(), fix: String::new() }
    }

    /// With what to do about it.
    #[must_use]
    pub fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = fix.into();
        self
    }
}

/// All that is wrong with a driver's settings, each with its place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct SettingsError(pub Vec<Refusal>);

impl From<Refusal> for SettingsError {
    fn from(refusal: Refusal) -> Self {
        Self(vec![refusal])
    }
}

/// Makes a driver from its settings (JSON, secrets resolved).
pub type Create = fn(serde_json::Value, &Context) -> Result<Arc<dyn Driver>, SettingsError>;

/// A driver that is linked into this binary; `register_driver!` in the SDK submits one.
#[derive(Clone, Copy, Debug)]
pub struct Linked {
    /// What the driver says of itself.
    pub manifest: fn() -> Manifest,
    /// Makes it.
    pub create: Create,
}

inventory::collect!(Linked);
