//! Limits of queues, messages, claims and subscriptions.

use serde::Deserialize;

/// `[queues]`: Zaqar's `[transport]` options under their names. Times in seconds, sizes in bytes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Queues {
    /// Life of a message that names none, seconds.
    pub default_message_ttl: i64,
    /// Delay of a message that names none, seconds.
    pub default_message_delay: i64,
    /// Life of a claim that names none, seconds.
    pub default_claim_ttl: i64,
    /// Life of a message after a claim that names none, seconds.
    pub default_claim_grace: i64,
    /// Life of a subscription that names none, seconds.
    pub default_subscription_ttl: i64,
    /// The longest life of a message, seconds.
    pub max_message_ttl: i64,
    /// The longest delay of a message, seconds.
    pub max_message_delay: i64,
    /// The longest life of a claim, seconds.
    pub max_claim_ttl: i64,
    /// The longest life of a message after its claim, seconds.
    pub max_claim_grace: i64,
    /// The most queues in a page.
    pub max_queues_per_page: u32,
    /// The most messages in a page.
    pub max_messages_per_page: u32,
    /// The most subscriptions in a page.
    pub max_subscriptions_per_page: u32,
    /// The most messages taken at once.
    pub max_messages_per_claim_or_pop: u32,
    /// Whether several messages are deleted only with the claims that hold them.
    pub message_delete_with_claim_id: bool,
    /// Whether messages are shown with a checksum.
    pub enable_checksum: bool,
    /// The largest metadata of a queue, bytes.
    pub max_queue_metadata: usize,
    /// The largest body of a POST of messages, bytes.
    pub max_messages_post_size: usize,
    /// The largest body of a POST of a notification, with its attachments in base64, bytes.
    pub max_notification_size: usize,
    /// The most messages in a queue.
    pub max_messages: u64,
    /// The most attributes of a message.
    pub max_attributes: usize,
    /// The largest attributes of a message as JSON, bytes.
    pub max_attributes_size: usize,
    /// The most different filters of a queue.
    pub max_filters: usize,
    /// The most keys of a filter.
    pub max_filter_keys: usize,
    /// The most combinations of values of a filter.
    pub max_filter_combinations: u64,
    /// The largest filter as JSON, bytes.
    pub max_filter_size: usize,
    /// Whether a Client-ID must be a UUID.
    pub client_id_uuid_safe: Uuids,
    /// The shortest Client-ID that is no UUID, characters.
    pub min_length_client_id: usize,
    /// The longest Client-ID that is no UUID, characters.
    pub max_length_client_id: usize,
}

/// `client_id_uuid_safe`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Uuids {
    /// A Client-ID must be a UUID.
    Strict,
    /// Any text of a length within the two limits.
    Off,
}
