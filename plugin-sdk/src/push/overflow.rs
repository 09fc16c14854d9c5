//! What is done with a text that is too long for a push service.

use std::borrow::Cow;

use nuncio_core::Refusal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::fitted;

/// What is looked at behind the limit, in bytes: the longest thing that a person may see as one character.
const AHEAD: usize = 256;

/// The option `overflow` of a push: what is done with a notification that is too large for the service.
///
/// A notification is one, so `split`, which SMS has, is not among them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Overflow {
    /// The text is cut at a character and ends with `…`.
    #[default]
    Truncate,
    /// The message is refused.
    Refuse,
}

impl Overflow {
    /// `text` as it is sent in a payload of at most `limit` bytes; `size` says how many a payload with a text has.
    ///
    /// # Errors
    /// The payload is too large and the text may not be cut, or it is too large without any text.
    pub fn fit<'a>(
        self,
        text: &'a str,
        size: impl Fn(&str) -> usize,
        limit: usize,
    ) -> Result<Cow<'a, str>, Refusal> {
        let bytes = size(text);
        if bytes <= limit {
            return Ok(Cow::Borrowed(text));
        }
        let refused = |at: &str, why: String, fix: &str| Err(Refusal::new(at, why).fix(fix));
        if self == Self::Refuse {
            let why = format!("the notification has {bytes} bytes, the service takes {limit}");
            return refused(
                "/text",
                why,
                "shorten it, or let it be cut by the option overflow = \"truncate\"",
            );
        }
        // A text has no more bytes than a payload with it, and the cut looks a little ahead: a longer one need not be written
        // again and again.
        let end = text.floor_char_boundary(limit.saturating_add(AHEAD));
        let text = text.get(..end).unwrap_or(text);
        fitted(text, &size, limit).map_or_else(
            || {
                let why = format!(
                    "without its text the notification has {} bytes, the service takes {limit}",
                    size("")
                );
                refused("/data", why, "send an id, and let the app ask for the rest")
            },
            Ok,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_as_it_was_and_the_rest_is_cut_or_refused() {
        let size = |text: &str| text.len() + 10;
        assert_eq!(Overflow::Refuse.fit("hello", size, 15).unwrap(), "hello");
        assert_eq!(Overflow::Truncate.fit("hello", size, 14).unwrap(), "h…");
        assert_eq!(
            Overflow::Refuse.fit("hello", size, 14).unwrap_err().to_string(),
            "/text: the notification has 15 bytes, the service takes 14; shorten it, or let it be cut by the option \
             overflow = \"truncate\""
        );
        let refusal = Overflow::Truncate.fit("hello", size, 9).unwrap_err();
        assert_eq!((refusal.at.as_str(), refusal.why.contains("10 bytes")), ("/data", true));
    }

    #[test]
    fn split_is_not_for_a_push() {
        let refused = serde_json::from_str::<Overflow>("\"split\"").unwrap_err().to_string();
        assert!(refused.contains("`truncate` or `refuse`"), "{refused}");
    }
}
