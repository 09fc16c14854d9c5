//! What one queue asks of its messages: its reserved metadata over the host's own limits.

use serde_json::{Map, Value};

use super::door::{IntakeError, Wanted};
use crate::config::Queues;

/// The shortest life of a message, seconds (Zaqar's `MIN_MESSAGE_TTL`).
const MIN_TTL: i64 = 60;

/// What one queue asks of its messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// The largest POST, bytes of its body.
    pub max_post_size: usize,
    default_ttl: i64,
    max_ttl: i64,
    default_delay: i64,
    max_delay: i64,
}

impl Rules {
    /// The rules of a queue with this metadata. A queue can only narrow the size that the host allows.
    #[must_use]
    pub fn of(metadata: &Map<String, Value>, limits: &Queues) -> Self {
        let number = |key: &str| metadata.get(key).and_then(Value::as_i64);
        let size = number("_max_messages_post_size").and_then(|size| usize::try_from(size).ok());
        Self {
            max_post_size: size.unwrap_or(usize::MAX).min(limits.max_messages_post_size),
            default_ttl: number("_default_message_ttl").unwrap_or(limits.default_message_ttl),
            max_ttl: limits.max_message_ttl,
            default_delay: number("_default_message_delay").unwrap_or(limits.default_message_delay),
            max_delay: limits.max_message_delay,
        }
    }

    /// The life of a message in seconds.
    pub(super) fn ttl(&self, index: usize, wanted: &Wanted) -> Result<i64, IntakeError> {
        let ttl = wanted.ttl.unwrap_or(self.default_ttl);
        if (MIN_TTL..=self.max_ttl).contains(&ttl) {
            return Ok(ttl);
        }
        Err(IntakeError::Limit(format!(
            "messages[{index}].ttl: the TTL for a message may not exceed {} seconds (max_message_ttl), and must be \
             at least {MIN_TTL} seconds long",
            self.max_ttl
        )))
    }

    /// Seconds hidden from pull. As in Zaqar a message's own `delay` counts only where the queue delays.
    pub(super) fn delay(&self, index: usize, wanted: &Wanted) -> Result<Option<i64>, IntakeError> {
        if self.default_delay == 0 {
            return Ok(None);
        }
        let delay = wanted.delay.unwrap_or(self.default_delay);
        if (0..=self.max_delay).contains(&delay) {
            return Ok(Some(delay));
        }
        Err(IntakeError::Limit(format!(
            "messages[{index}].delay: the delay for a message may not exceed {} seconds (max_message_delay), and \
             must be at least 0 seconds",
            self.max_delay
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use nuncio_core::Attributes;
    use serde_json::json;

    fn rules(metadata: Value) -> Rules {
        Rules::of(metadata.as_object().unwrap(), &Config::default().queues)
    }

    fn wanted(ttl: Option<i64>, delay: Option<i64>) -> Wanted {
        Wanted { body: "1".into(), ttl, delay, attributes: Attributes::default() }
    }

    #[test]
    fn a_queue_narrows_the_size_and_cannot_widen_it() {
        assert_eq!(rules(json!({"_max_messages_post_size": 100})).max_post_size, 100);
        assert_eq!(rules(json!({"_max_messages_post_size": 1_i64 << 40})).max_post_size, 262_144);
        assert_eq!(rules(json!({})).max_post_size, 262_144);
    }

    #[test]
    fn ttl_is_the_messages_then_the_queues_then_the_hosts() {
        let queue = rules(json!({"_default_message_ttl": 120}));
        assert_eq!(queue.ttl(0, &wanted(Some(90), None)).unwrap(), 90);
        assert_eq!(queue.ttl(0, &wanted(None, None)).unwrap(), 120);
        assert_eq!(rules(json!({})).ttl(0, &wanted(None, None)).unwrap(), 3600);
        for ttl in [59, 1_209_601, -1] {
            let error = queue.ttl(3, &wanted(Some(ttl), None)).unwrap_err().to_string();
            assert!(error.contains("messages[3].ttl"), "{error}");
        }
    }

    #[test]
    fn delay_counts_only_where_the_queue_delays() {
        assert_eq!(rules(json!({})).delay(0, &wanted(None, Some(5000))).unwrap(), None);
        let queue = rules(json!({"_default_message_delay": 7}));
        assert_eq!(queue.delay(0, &wanted(None, None)).unwrap(), Some(7));
        assert_eq!(queue.delay(0, &wanted(None, Some(0))).unwrap(), Some(0));
        assert!(queue.delay(0, &wanted(None, Some(901))).is_err());
    }
}
