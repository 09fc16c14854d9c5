//! Recipients in order, each once, within a limit.

use std::collections::HashSet;

use super::{error::UriError, subscriber::SubscriberUri};

/// Remembers who is a recipient already.
#[derive(Debug, Default)]
pub(super) struct Recipients {
    written: usize,
    seen: HashSet<String>,
}

impl Recipients {
    /// The name of the next recipient as errors have it, counted over the whole URI.
    pub(super) fn next_part(&mut self) -> String {
        self.written += 1;
        format!("recipient {}", self.written)
    }

    /// Whether `address` is new.
    pub(super) fn admit(&mut self, part: &str, column: usize, address: String) -> Result<bool, UriError> {
        let new = self.seen.insert(address);
        if self.seen.len() <= SubscriberUri::MAX_RECIPIENTS {
            return Ok(new);
        }
        let most = SubscriberUri::MAX_RECIPIENTS;
        Err(UriError::new(part, column, format!("more than {most} recipients"))
            .fix("subscribe the others by a URI of their own"))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }
}
