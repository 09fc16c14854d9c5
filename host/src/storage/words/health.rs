//! How subscribers fare.

use super::post::Post;

/// What to tell of a finding, asked in the commit that writes it down.
pub type Tell = Box<dyn FnOnce(Found) -> Option<Post> + Send>;

/// What was found out about a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// No attempt succeeded since then, Unix milliseconds.
    Failing(i64),
    /// An attempt succeeded.
    Well,
    /// An address said that it must not be used again. When all have said so, the subscription is disabled.
    Gone {
        /// The address, as the target has it.
        address: String,
        /// Its words.
        why: String,
        /// The device that it stands for: it is not gone while that is registered and has not ended.
        device: Option<String>,
    },
    /// It failed for too long: it is disabled.
    Failed {
        /// Since when and how.
        why: String,
    },
}

/// What a finding changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing that anybody should hear of: it was known, or the subscription has ended.
    Nothing,
    /// An address is not used any more.
    Gone,
    /// The subscription is disabled now.
    Disabled,
}

/// Why nothing new is matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disabled {
    /// Since when, Unix milliseconds.
    pub since: i64,
    /// Why.
    pub why: String,
}
