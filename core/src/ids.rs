//! Ids: 63-bit numbers inside, UUIDs outside.
//!
//! A message id is `41 bits of milliseconds since 2024-01-01 | 12 bits of count | 10 bits of log`. It is sortable,
//! never issued twice by one log, and never `0`, which means "none" in every table.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use uuid::Uuid;

/// 2024-01-01T00:00:00Z in Unix milliseconds: where message ids begin to count.
pub const EPOCH_MS: i64 = 1_704_067_200_000;

/// The most recipients that the targets of one message may have together.
pub const MAX_RECIPIENTS: u32 = (1 << 20) - 2;

const NO_INDEX: u32 = (1 << 20) - 1;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl $name {
            /// "None": no row has this id.
            pub const NONE: Self = Self(0);
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id!(/// A project (tenant).
    ProjectId);
id!(/// A queue; a queue that was deleted and made again has a new one.
    QueueId);
id!(/// A subscription over all its revisions.
    SubscriptionId);
id!(/// A frozen revision of a subscription, or the ad-hoc target of a notification.
    TargetId);
id!(/// A lane: one project's way to one destination of one driver.
    LaneId);
id!(/// A message.
    MessageId);
id!(/// A claim: who holds messages of a queue for a while. Its numbers are those of messages, so none comes again.
    ClaimId);

impl MessageId {
    /// When the id was issued, in Unix milliseconds.
    #[must_use]
    pub const fn issued_ms(self) -> i64 {
        (self.0 >> 22) + EPOCH_MS
    }

    /// The block in which packed outcomes of this message are kept: about a quarter of a second of ids.
    #[must_use]
    pub const fn block(self) -> i64 {
        self.0 >> 30
    }
}

/// One delivery: a message and the number of a recipient, counted flat over the message's targets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DeliveryKey {
    /// The message.
    pub message: MessageId,
    /// Which recipient, from 0, below [`MAX_RECIPIENTS`].
    pub idx: u32,
}

impl DeliveryKey {
    /// The delivery of `message` to its recipient `idx`.
    #[must_use]
    pub const fn new(message: MessageId, idx: u32) -> Self {
        Self { message, idx }
    }
}

/// Issues message ids: the clock in them never goes back, whatever the clock of the machine does.
#[derive(Debug)]
pub struct MessageIds {
    log: i64,
    last: i64,
}

impl MessageIds {
    /// Continues after `last` (the highest id ever issued, 0 at first) for `log` (0 to 1023).
    #[must_use]
    pub const fn new(log: u16, last: MessageId) -> Self {
        Self { log: (log & 0x3ff) as i64, last: last.0 >> 10 }
    }

    /// The next id at `now_ms` (Unix milliseconds). More than 4,096 in one millisecond borrow from the next.
    pub fn issue(&mut self, now_ms: i64) -> MessageId {
        let floor = (now_ms - EPOCH_MS).max(1) << 12;
        self.last = floor.max(self.last + 1);
        MessageId(self.last << 10 | self.log)
    }
}

/// What a public id stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Public {
    /// A message.
    Message(MessageId),
    /// A delivery.
    Delivery(DeliveryKey),
}

/// Turns ids into `UUIDv8` and back: derivable and sortable, yet not to be enumerated without the key.
///
/// Layout of the 122 free bits: 63 of the id, 20 of the recipient (all ones: the message itself), 39 of a keyed tag.
/// The tag keeps strangers from guessing; it is not a capability, so every look-up still asks for the project.
#[derive(Clone)]
pub struct PublicIds {
    key: Hmac<Sha256>,
}

impl fmt::Debug for PublicIds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublicIds(***)")
    }
}

const MESSAGES: u8 = b'm';
const SUBSCRIPTIONS: u8 = b's';
const CLAIMS: u8 = b'c';

impl PublicIds {
    /// Ids under `key`, which is made at the first start and never changes.
    #[must_use]
    pub fn new(key: &[u8; 32]) -> Self {
        #[allow(clippy::expect_used, reason = "HMAC takes a key of any length")]
        Self { key: Hmac::new_from_slice(key).expect("a key of any length") }
    }

    /// The public id of a message.
    #[must_use]
    pub fn message(&self, id: MessageId) -> Uuid {
        self.make(MESSAGES, id.0, NO_INDEX)
    }

    /// The public id of a delivery: the same over all its attempts.
    #[must_use]
    pub fn delivery(&self, key: DeliveryKey) -> Uuid {
        self.make(MESSAGES, key.message.0, key.idx)
    }

    /// The public id of a subscription.
    #[must_use]
    pub fn subscription(&self, id: SubscriptionId) -> Uuid {
        self.make(SUBSCRIPTIONS, id.0, NO_INDEX)
    }

    /// What `text` names, if it is an id of a message or a delivery issued under this key.
    #[must_use]
    pub fn parse(&self, text: &str) -> Option<Public> {
        let (id, idx) = self.open(MESSAGES, text)?;
        Some(match idx {
            NO_INDEX => Public::Message(MessageId(id)),
            idx => Public::Delivery(DeliveryKey::new(MessageId(id), idx)),
        })
    }

    /// The subscription that `text` names, if it is an id issued under this key.
    #[must_use]
    pub fn parse_subscription(&self, text: &str) -> Option<SubscriptionId> {
        self.open(SUBSCRIPTIONS, text).map(|(id, _)| SubscriptionId(id))
    }

    /// The public id of a claim.
    #[must_use]
    pub fn claim(&self, id: ClaimId) -> Uuid {
        self.make(CLAIMS, id.0, NO_INDEX)
    }

    /// The claim that `text` names, if it is an id issued under this key.
    #[must_use]
    pub fn parse_claim(&self, text: &str) -> Option<ClaimId> {
        self.open(CLAIMS, text).map(|(id, _)| ClaimId(id))
    }

    fn make(&self, kind: u8, id: i64, idx: u32) -> Uuid {
        let id = (id as u128) & ((1 << 63) - 1);
        let bits = id << 59 | u128::from(idx & NO_INDEX) << 39 | u128::from(self.tag(kind, id as i64, idx));
        let (a, b, c) = (bits >> 74, (bits >> 62) & 0xfff, bits & ((1 << 62) - 1));
        Uuid::from_u128(a << 80 | 8 << 76 | b << 64 | 0b10 << 62 | c)
    }

    fn open(&self, kind: u8, text: &str) -> Option<(i64, u32)> {
        let uuid = Uuid::try_parse(text).ok()?.as_u128();
        let bits = (uuid >> 80) << 74 | ((uuid >> 64) & 0xfff) << 62 | (uuid & ((1 << 62) - 1));
        let (id, idx) = ((bits >> 59) as i64, (bits >> 39) as u32 & NO_INDEX);
        (self.make(kind, id, idx).as_u128() == uuid).then_some((id, idx))
    }

    fn tag(&self, kind: u8, id: i64, idx: u32) -> u64 {
        let mut mac = self.key.clone();
        mac.update(&[kind]);
        mac.update(&id.to_be_bytes());
        mac.update(&idx.to_be_bytes());
        let tag = mac.finalize().into_bytes();
        tag.iter().take(8).fold(0, |sum, byte| sum << 8 | u64::from(*byte)) >> 25
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ids_grow_while_the_clock_goes_back() {
        let mut ids = MessageIds::new(7, MessageId::NONE);
        let mut last = MessageId::NONE;
        for now in [EPOCH_MS + 5_000, EPOCH_MS + 5_000, EPOCH_MS + 10, 0, EPOCH_MS + 5_001] {
            let id = ids.issue(now);
            assert!(id > last && id.0 & 0x3ff == 7);
            last = id;
        }
        assert_eq!(last.issued_ms(), EPOCH_MS + 5_001);
    }

    #[test]
    fn ids_go_on_after_a_restart_with_the_clock_set_back() {
        let last = MessageIds::new(0, MessageId::NONE).issue(EPOCH_MS + 99_000);
        assert!(MessageIds::new(0, last).issue(EPOCH_MS) > last);
    }

    #[test]
    fn more_than_4096_a_millisecond_borrow_from_the_next() {
        let mut ids = MessageIds::new(0, MessageId::NONE);
        let all: Vec<_> = (0..5_000).map(|_| ids.issue(EPOCH_MS + 1)).collect();
        assert!(all.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(all[4_999].issued_ms(), EPOCH_MS + 2);
    }

    #[test]
    fn a_public_id_of_one_kind_or_key_is_not_another() {
        let (ids, other) = (PublicIds::new(&[1; 32]), PublicIds::new(&[2; 32]));
        let text = ids.message(MessageId(42)).to_string();
        assert_eq!(other.parse(&text), None);
        assert_eq!(ids.parse_subscription(&text), None);
        assert_eq!(ids.parse_claim(&text), None);
        let claim = ids.claim(ClaimId(42)).to_string();
        assert_eq!((ids.parse_claim(&claim), ids.parse(&claim)), (Some(ClaimId(42)), None));
        assert_eq!(other.parse_claim(&claim), None);
        assert_eq!(ids.parse("nonsense"), None);
    }

    proptest! {
        #[test]
        fn public_ids_come_back_and_sort(a in 1..i64::MAX, b in 1..i64::MAX, idx in 0..MAX_RECIPIENTS) {
            let ids = PublicIds::new(&[9; 32]);
            let key = DeliveryKey::new(MessageId(a), idx);
            let uuid = ids.delivery(key);
            prop_assert_eq!(uuid.get_version_num(), 8);
            prop_assert_eq!(ids.parse(&uuid.to_string()), Some(Public::Delivery(key)));
            prop_assert_eq!(ids.message(MessageId(a)).cmp(&ids.message(MessageId(b))), a.cmp(&b));
        }

        #[test]
        fn any_text_is_refused_or_an_id(text in "\\PC*|[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}") {
            let ids = PublicIds::new(&[9; 32]);
            let again = ids.parse(&text).map(|public| match public {
                Public::Message(id) => ids.message(id),
                Public::Delivery(key) => ids.delivery(key),
            });
            prop_assert!(again.is_none_or(|uuid| uuid.to_string() == text));
        }
    }
}
