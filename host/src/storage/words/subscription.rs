//! Subscriptions, and what a dispatch needs of them.

use nuncio_core::{Options, SubscriptionId, TargetId};
use serde_json::{Map, Value};

use super::{
    consent::{Asking, Consent},
    health::Disabled,
    post::NewTarget,
};

/// Before the number of a subscription in its own destination. Destinations of URIs begin with a scheme.
const OWN: &str = "subscription ";

/// A subscription before it has an id.
#[derive(Clone, Debug)]
pub struct NewSubscription {
    /// The canonical URI: unique among the live subscriptions of a queue.
    pub uri_key: String,
    /// The target.
    pub target: NewTarget,
    /// Seconds; 0 is for ever.
    pub ttl: i64,
    /// Who is asked whether they want it; without it nobody is, and it matches at once.
    pub asking: Option<Asking>,
    /// It lives with a connection: there is none at the next start, so it ends then.
    pub bound: bool,
}

/// The destination of a subscription that is by itself.
#[must_use]
pub fn own_destination(id: SubscriptionId) -> String {
    format!("{OWN}{id}")
}

/// The subscription whose own destination this is.
#[must_use]
pub fn alone_at(destination: &str) -> Option<SubscriptionId> {
    destination.strip_prefix(OWN)?.parse().ok().map(SubscriptionId)
}

/// What became of a wish to subscribe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subscribed {
    /// A new subscription.
    New(SubscriptionId),
    /// It was there; nothing was changed, but those who have not confirmed it were asked again.
    Exists {
        /// Which.
        id: SubscriptionId,
        /// Whether it is confirmed.
        confirmed: bool,
    },
}

/// A live subscription.
#[derive(Clone, Debug, PartialEq)]
pub struct SubscriptionRow {
    /// Its id.
    pub id: SubscriptionId,
    /// Its queue.
    pub queue: String,
    /// What the client wrote.
    pub uri: String,
    /// Its options.
    pub options: Options,
    /// Seconds; 0 is for ever.
    pub ttl: i64,
    /// Since when the ttl runs, Unix milliseconds.
    pub since: i64,
    /// Whether its owner confirmed it.
    pub confirmed: bool,
    /// Nothing new is matched, and why.
    pub disabled: Option<Disabled>,
    /// It lives with a connection.
    pub bound: bool,
}

/// What a PATCH changes; what is absent stays.
#[derive(Clone, Debug, Default)]
pub struct SubscriptionChange {
    /// A new target revision (a changed address or changed options) with its canonical URI.
    pub target: Option<(String, NewTarget)>,
    /// A new ttl in seconds; 0 is for ever. Any change restarts the age.
    pub ttl: Option<i64>,
    /// Who must agree to the new target; without it nobody.
    pub asking: Option<Asking>,
}

/// What became of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Updated {
    /// Done.
    Done,
    /// There is no such thing.
    Absent,
    /// Another one stands in the way, or it was changed in between.
    Conflict,
}

/// A frozen target together with how its subscription stands now: what a dispatch needs.
#[derive(Clone, Debug)]
pub struct TargetView {
    /// The frozen target.
    pub id: TargetId,
    /// Its subscription; `NONE` for an ad-hoc target.
    pub subscription: SubscriptionId,
    /// The project's name.
    pub project: String,
    /// The queue's name, empty for an ad-hoc target.
    pub queue: String,
    /// The queue's metadata.
    pub queue_metadata: Map<String, Value>,
    /// The subscription has ended (deleted, purged, or its queue was).
    pub ended: bool,
    /// The subscription has expired: it matches nothing new, and what it matched is still delivered.
    pub expired: bool,
    /// The driver's name.
    pub driver: String,
    /// What the client wrote in the frozen revision.
    pub uri: String,
    /// The recipients of the frozen revision.
    pub addresses: Vec<String>,
    /// What the client wrote in the newest revision.
    pub newest_uri: String,
    /// The recipients of the newest revision.
    pub newest_addresses: Vec<String>,
    /// The driver of the newest revision.
    pub newest_driver: String,
    /// The options of the newest revision.
    pub options: Options,
    /// Addresses of the subscription that must not be used again.
    pub gone: Vec<String>,
    /// It asks, or says that something has ended: it goes where it went when it was written, or not at all.
    pub frozen: bool,
    /// Whether those to whom the subscription leads agree.
    pub consent: Consent,
}
