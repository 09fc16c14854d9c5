//! The driver boundary: what a driver must say and do, and what it is given.

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{Clock, Manifest, Notice, Options, Outcomes, SubscriberUri, net::Policy};

/// A driver: tries one delivery and says what happened.
///
/// A driver never retries, never sleeps and never stores: the policy says what comes next, the store what was.
/// It may be called for many notices at once.
#[async_trait]
pub trait Driver: Send + Sync {
    /// One try within the notice's deadline; a report for each recipient.
    ///
    /// Cancel-safe: the host drops the future when the deadline has passed and records a timeout.
    async fn deliver(&self, notice: &Notice<'_>) -> Outcomes;

    /// Looks at a URI and its options when somebody subscribes. No I/O.
    ///
    /// # Errors
    /// A [`Refusal`] that names the place and the fix; nothing is stored then.
    fn check(&self, uri: &SubscriberUri, options: &Options) -> Result<Checked, Refusal> {
        let _: &Options = options;
        Ok(Checked::of(uri))
    }

    /// Why the driver cannot deliver as it is configured ("no relay configured"). Deliveries wait while it says so.
    fn disabled(&self) -> Option<String> {
        None
    }

    /// What would be sent, for a dry run: the exact request, with secrets masked. Nothing is sent.
    ///
    /// # Errors
    /// A [`Refusal`] when the notice cannot be sent by this driver at all.
    fn render(&self, notice: &Notice<'_>) -> Result<String, Refusal> {
        Ok(format!("{}\n\n{}", notice.content.subject, notice.content.text))
    }
}

/// What [`Driver::check`] says of a URI that it accepts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    /// The one form that equal subscribers share: the key.
    pub canonical: String,
    /// The form that may be shown.
    pub redacted: String,
    /// The recipients, in order; never empty.
    pub addresses: Vec<String>,
    /// What breaks together (`https://host:443`, the mail relay): the destination of the lane.
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
}

/// Why a URI, an option or a setting is refused: where, why, and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
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

/// What the host gives a driver for its life.
#[derive(Clone)]
pub struct Context {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Which addresses a subscriber URI may lead to. The SDK's connector applies it on the address it dials.
    pub network: Arc<Policy>,
    /// The default total time of one attempt.
    pub deadline: Duration,
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("network", &self.network).finish_non_exhaustive()
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
