//! Where messages are posted: a queue or a topic.

/// What the name of a topic begins with in the store, so that a topic and a queue of one name are two. No queue has such
/// a name, and it comes after all of them.
const TOPIC: char = '~';

/// The longest name (Zaqar's `QUEUE_NAME_MAX_LEN`).
const LONGEST: usize = 64;

/// A queue or a topic. Topics are a namespace of their own; for the store both are queues.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    stored: String,
}

impl Place {
    /// The queue `name`, which [`check`] has passed.
    #[must_use]
    pub fn queue(name: &str) -> Self {
        Self { stored: name.to_owned() }
    }

    /// The topic `name`, which [`check`] has passed.
    #[must_use]
    pub fn topic(name: &str) -> Self {
        Self { stored: format!("{TOPIC}{name}") }
    }

    /// As the store calls it.
    #[must_use]
    pub fn into_stored(self) -> String {
        self.stored
    }

    /// The queue or topic that the store calls `stored`.
    #[must_use]
    pub const fn of_stored(stored: String) -> Self {
        Self { stored }
    }

    /// Whether it is a topic.
    #[must_use]
    pub fn is_topic(&self) -> bool {
        self.stored.starts_with(TOPIC)
    }

    /// Its name in the store.
    #[must_use]
    pub fn stored(&self) -> &str {
        &self.stored
    }

    /// Its name as clients know it.
    #[must_use]
    pub fn name(&self) -> &str {
        plain(&self.stored)
    }

    /// What it is called beside others, `queue` or `topic`, and its name.
    #[must_use]
    pub fn label(&self) -> (&'static str, &str) {
        (if self.is_topic() { "topic" } else { "queue" }, self.name())
    }

    /// The one that is named, if one is: a queue or a topic.
    ///
    /// # Errors
    /// When both are.
    pub fn either(queue: Option<String>, topic: Option<String>) -> Result<Option<Self>, &'static str> {
        match (queue, topic) {
            (Some(_), Some(_)) => Err("queue: does not go together with topic."),
            (queue, None) => Ok(queue.map(|name| Self::queue(&name))),
            (None, Some(topic)) => Ok(Some(Self::topic(&topic))),
        }
    }

    /// Its path: `/v2/queues/NAME` or `/v2/topics/NAME`.
    #[must_use]
    pub fn path(&self) -> String {
        format!("/v2/{}/{}", if self.is_topic() { "topics" } else { "queues" }, self.name())
    }
}

/// Refuses what is no name of a queue or topic.
///
/// # Errors
/// What names may be.
pub fn check(name: &str) -> Result<(), &'static str> {
    if name.len() > LONGEST {
        return Err("Queue names may not be more than 64 characters long.");
    }
    let sound = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    if name.is_empty() || !name.bytes().all(sound) {
        return Err("Queue names may only contain ASCII letters, digits, underscores, dashes, and dots.");
    }
    Ok(())
}

/// The name that clients know of a queue or topic that the store calls `stored`.
#[must_use]
pub fn plain(stored: &str) -> &str {
    stored.strip_prefix(TOPIC).unwrap_or(stored)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_have_zaqars_letters_and_lengths() {
        for good in ["a", &"a".repeat(64), "A-Za_z.09"] {
            assert_eq!(check(good), Ok(()));
        }
        for bad in ["", &"a".repeat(65), "a b", "a/b", "é", "~a"] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_topic_and_a_queue_of_one_name_are_two(name in "[a-zA-Z0-9_.-]{1,64}") {
            let (queue, topic) = (Place::queue(&name), Place::topic(&name));
            prop_assert!(check(&name).is_ok() && check(topic.stored()).is_err());
            prop_assert!(queue.stored() < "~" && topic.stored() > "~");
            prop_assert_eq!((queue.name(), topic.name()), (name.as_str(), name.as_str()));
            prop_assert_eq!(queue.path(), format!("/v2/queues/{name}"));
            prop_assert_eq!(topic.path(), format!("/v2/topics/{name}"));
            prop_assert_eq!((queue.label(), topic.label()), (("queue", &*name), ("topic", &*name)));
            prop_assert_eq!(Place::of_stored(topic.stored().to_owned()), topic);
        }
    }
}
