//! One line of a child process: a message, or something else.

use serde_json::Value;

use super::message::FromChild;

/// Bytes of a foreign line that are shown.
const SHOWN: usize = 200;
/// Bytes of a foreign line that are looked at for that.
const LOOKED_AT: usize = 4 << 10;

/// A line that is no message of the protocol.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a message of the protocol ({why}): {beginning}")]
pub struct Foreign {
    /// What is wrong with it.
    pub why: String,
    /// Its beginning, for a person.
    pub beginning: String,
}

impl Foreign {
    /// `line` is foreign because of `why`.
    pub(super) fn new(line: &[u8], why: impl Into<String>) -> Self {
        Self { why: why.into(), beginning: beginning(line) }
    }

    /// The same with what `mask` makes of its texts, which it is to shorten to so many bytes.
    pub(super) fn masked(self, mask: impl Fn(&str, usize) -> String) -> Self {
        Self { why: mask(&self.why, SHOWN), beginning: mask(&self.beginning, SHOWN) }
    }
}

/// Reads one line of a child process, without its end.
///
/// # Errors
/// [`Foreign`] for whatever is not a message: it is logged, and the process goes on.
pub fn read(line: &[u8]) -> Result<FromChild, Foreign> {
    serde_json::from_slice(line).map_err(|error| {
        // The reader of a tagged message names no place: that it is JSON at all is worth knowing.
        let why = match serde_json::from_slice::<Value>(line) {
            Ok(Value::Object(object)) if object.contains_key("type") => error.to_string(),
            Ok(Value::Object(_)) => "no member `type`".to_owned(),
            Ok(_) => "not a JSON object".to_owned(),
            Err(_) => "not JSON".to_owned(),
        };
        Foreign::new(line, why)
    })
}

/// More than is shown, so that a secret that is cut off is masked before.
fn beginning(line: &[u8]) -> String {
    String::from_utf8_lossy(&line[..line.len().min(LOOKED_AT)]).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_unknown_is_ignored() {
        let later = br#"{"type":"dance","steps":3}"#;
        assert!(matches!(read(later), Ok(FromChild::Unknown)));
        let grown = br#"{"type":"completion","token":7,"reports":[],"mood":"good"}"#;
        assert!(matches!(read(grown), Ok(FromChild::Completion { token: 7, .. })));
        assert!(matches!(read(br#"{"type":"ready","since":1}"#), Ok(FromChild::Ready)));
    }

    #[test]
    fn a_foreign_line_is_shown_with_its_beginning_and_why() {
        let why = |line: &[u8]| read(line).unwrap_err().why;
        assert_eq!(why(b"Traceback (most recent call last):"), "not JSON");
        assert_eq!(why(b"[1]"), "not a JSON object");
        assert_eq!(why(b"{}"), "no member `type`");
        assert!(why(br#"{"type":"completion"}"#).contains("token"));
        assert!(Foreign::new(&[b'x'; 9_000], "").beginning.len() <= LOOKED_AT);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(line: Vec<u8>) {
            if let Err(foreign) = read(&line) {
                prop_assert!(!foreign.why.is_empty() && foreign.beginning.len() <= 3 * LOOKED_AT);
            }
        }

        #[test]
        fn any_members_are_read_or_refused(
            kind in "hello|ready|refused|completion|call|reply|log|[a-z]{1,6}",
            name in "token|reports|id|method|json|blob|level|protocol|manifest|errors",
            value in r#"-?[1-9][0-9]{0,21}|"[a-zA-Z=]{0,9}"|null|\[\]|\[\{\}\]|\{\}|true"#,
        ) {
            let line = format!(r#"{{"type":"{kind}","{name}":{value}}}"#);
            if let Err(foreign) = read(line.as_bytes()) {
                prop_assert!(foreign.why != "not JSON", "{line}");
            }
        }
    }
}
