//! Messages: immutable once accepted.

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::{Attributes, MessageId, ProjectId, QueueId, TargetId};

/// Why a message exists. All kinds take the same durable path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
#[non_exhaustive]
pub enum Kind {
    /// Posted to a queue, or sent by `POST /v2/notifications`.
    #[default]
    Notification = 0,
    /// Asks an owner to confirm a subscription.
    Confirmation = 1,
    /// Says that a subscription was ended.
    Unsubscribe = 2,
    /// Gathers others.
    Digest = 3,
    /// Sent by hand to see whether a subscription works.
    Test = 4,
    /// Tells the operator.
    Event = 5,
}

impl Kind {
    /// The kind stored as `code`.
    #[must_use]
    pub const fn from_code(code: i64) -> Option<Self> {
        Some(match code {
            0 => Self::Notification,
            1 => Self::Confirmation,
            2 => Self::Unsubscribe,
            3 => Self::Digest,
            4 => Self::Test,
            5 => Self::Event,
            _ => return None,
        })
    }
}

/// A message as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// The id of the first message of a POST that had several, else 0. The deliveries of one POST to one
    /// subscription form a train.
    pub post: i64,
    /// Why it exists.
    pub kind: Kind,
    /// Whose it is.
    pub project: ProjectId,
    /// Where it was posted; `NONE` for a notification without a queue.
    pub queue: QueueId,
    /// When it was accepted, Unix milliseconds.
    pub created: i64,
    /// When its deliveries begin, Unix milliseconds; 0 is at once.
    pub deliver_at: i64,
    /// When its deliveries end, Unix milliseconds; 0 is by their policy.
    pub deliver_until: i64,
    /// Life for pull in seconds, as the producer asked or the queue's default.
    pub ttl: i64,
    /// Seconds hidden from pull, where the queue delays.
    pub delay: Option<i64>,
    /// The producer's Client-ID.
    pub client: String,
    /// Media type of `body`.
    pub content_type: String,
    /// Headers that came with it; also what a notification asks of rendering.
    pub headers: BTreeMap<String, String>,
    /// What its producer says of it beside the body.
    pub attributes: Attributes,
    /// The body as it was posted (for JSON: the value's own text).
    pub body: Bytes,
    /// Who wants it, in order: recipients are counted flat over this list.
    pub matched: Arc<[Matched]>,
}

impl Message {
    /// What drivers and templates see as its headers: those that came with it, and its attributes as texts. An attribute
    /// goes over a header of its name.
    #[must_use]
    pub fn told_headers(&self) -> Cow<'_, BTreeMap<String, String>> {
        let attributes = self.attributes.texts();
        if attributes.is_empty() {
            return Cow::Borrowed(&self.headers);
        }
        if self.headers.is_empty() {
            return Cow::Borrowed(attributes);
        }
        let mut all = self.headers.clone();
        all.extend(attributes.iter().map(|(name, text)| (name.clone(), text.clone())));
        Cow::Owned(all)
    }
}

/// A target that a message matched, and how many recipients it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matched {
    /// The frozen target.
    pub target: TargetId,
    /// Its recipients.
    pub addresses: u32,
}

/// The targets of a message with the number of the first recipient of each.
pub fn numbered(matched: &[Matched]) -> impl Iterator<Item = (u32, Matched)> + '_ {
    matched.iter().scan(0, |next, one| {
        let first = *next;
        *next += one.addresses;
        Some((first, *one))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recipients_are_counted_flat_over_the_targets() {
        let matched =
            [(1, 1), (2, 3), (3, 1)].map(|(t, addresses)| Matched { target: TargetId(t), addresses });
        let firsts: Vec<_> = numbered(&matched).map(|(first, one)| (first, one.target.0)).collect();
        assert_eq!(firsts, [(0, 1), (1, 2), (4, 3)]);
    }
}
