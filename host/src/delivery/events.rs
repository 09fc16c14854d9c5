//! Events of operation, told as messages: durable, and delivered by whatever subscribes to their queue.

use bytes::Bytes;
use nuncio_core::{Attributes, Kind};
use serde_json::{Map, Value, json};

use crate::{
    config::Config,
    storage::{Addressed, Draft, Post},
    times,
};

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Happened {
    /// An address of a subscription must not be used again.
    AddressGone,
    /// A device must not be used again.
    DeviceGone,
    /// A subscription matches nothing new.
    SubscriptionDisabled,
    /// Those to whom a subscription leads agree to it.
    SubscriptionConfirmed,
    /// Somebody to whom a subscription leads wants no more of it.
    SubscriptionUnsubscribed,
    /// A destination, or an account, is not tried for a while.
    LanePaused,
    /// It works again.
    LaneResumed,
}

impl Happened {
    /// Its name, which is the `type` of the event.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::AddressGone => "address.gone",
            Self::DeviceGone => "device.gone",
            Self::SubscriptionDisabled => "subscription.disabled",
            Self::SubscriptionConfirmed => "subscription.confirmed",
            Self::SubscriptionUnsubscribed => "subscription.unsubscribed",
            Self::LanePaused => "lane.paused",
            Self::LaneResumed => "lane.resumed",
        }
    }
}

/// Where events go.
#[derive(Clone, Debug)]
pub(crate) struct Events {
    queue: Option<String>,
    project: Option<String>,
    ttl: i64,
}

impl Events {
    pub(crate) fn new(config: &Config) -> Self {
        let events = config.events.clone();
        Self { queue: events.queue, project: events.project, ttl: config.queues.default_message_ttl }
    }

    /// Whether anybody is told.
    pub(crate) fn are_told(&self) -> bool {
        self.queue.is_some()
    }

    /// The message that says what happened in `project` at `at`.
    pub(crate) fn post(
        &self,
        project: &str,
        what: Happened,
        at: i64,
        about: Map<String, Value>,
    ) -> Option<Post> {
        metrics::counter!("nuncio_events_total", "type" => what.name()).increment(1);
        let mut body = json!({"type": what.name(), "time": times::rfc3339(at), "project": project});
        if let Value::Object(members) = &mut body {
            members.extend(about);
        }
        // So that a subscription can choose by `filter`.
        let attributes = Attributes::new([("type".to_owned(), what.name().into())].into_iter().collect());
        let attributes = attributes.unwrap_or_default();
        let draft = Draft {
            content_type: "application/json".to_owned(),
            headers: [].into(),
            attributes,
            body: Bytes::from(body.to_string()),
            ttl: self.ttl,
            delay: None,
            deliver_at: 0,
            deliver_until: 0,
        };
        Some(Post {
            project: self.project.clone().unwrap_or_else(|| project.to_owned()),
            to: Addressed::Queue(self.queue.clone()?),
            kind: Kind::Event,
            client: String::new(),
            drafts: vec![draft],
            dedup: None,
        })
    }
}
