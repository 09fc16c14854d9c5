//! Claims: messages that one consumer holds for a while, so that no other takes them.

use nuncio_core::ClaimId;

use super::Pulled;

/// What a consumer asks for. Numbers are within the limits of `[queues]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewClaim {
    /// How long the messages are held, seconds.
    pub ttl: i64,
    /// How long a message lives at least after the claim has ended, seconds.
    pub grace: i64,
    /// At most so many messages.
    pub limit: u32,
    /// Where messages go that were claimed too often; `None` where the queue does not say.
    pub dead_letters: Option<DeadLetters>,
}

/// Where messages go that were claimed too often. It has nothing to do with deliveries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetters {
    /// The queue, of the same project; it is made if need be.
    pub queue: String,
    /// A message that was claimed so often goes there instead of being claimed again.
    pub max_claims: i64,
    /// Its life there, seconds; `None` keeps its own.
    pub ttl: Option<i64>,
}

/// A claim that lives, with what it still holds: at least one message.
#[derive(Clone, Debug, PartialEq)]
pub struct Claimed {
    /// Its id.
    pub id: ClaimId,
    /// How long it lives, seconds.
    pub ttl: i64,
    /// When it was made or renewed, Unix milliseconds.
    pub since: i64,
    /// Its messages, in order.
    pub messages: Vec<Pulled>,
}

/// What became of messages that were to be deleted with an eye on claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// They are gone, or were not there.
    Done,
    /// Somebody holds one: the claim must be given.
    NeedsClaim,
    /// The claim that was given is not one of this queue that lives.
    UnknownClaim,
    /// A claim was given, and nobody holds the message.
    NotClaimed,
    /// Another claim than the one that was given holds the message.
    OtherClaim,
}
