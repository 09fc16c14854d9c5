//! `log:` has no RFC: `log:`, `log:name` or `log://name`, where the name tells lines of the server log apart.

use super::{
    error::UriError,
    piece::Piece,
    reading::{Form, Reading},
};

const MAX_NAME: usize = 128;

/// A `log:` URI.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    /// The target name in the log, may be empty.
    pub target: String,
}

/// Reads what follows `log:`.
pub(super) fn read(rest: Piece<'_>) -> Result<Reading, UriError> {
    let name = rest.strip_prefix("//").unwrap_or(rest);
    let is_stray = |c: char| !(c.is_ascii_alphanumeric() || "_.:/-".contains(c));
    if let Some((_, column)) = name.find(is_stray) {
        return Err(UriError::new("name", column, "a character that a log name cannot have")
            .fix("write letters, digits and _ . : / -"));
    }
    if name.text().starts_with('/') {
        return Err(name.refuse("name", "a slash in front").fix("write log:name"));
    }
    if name.text().len() > MAX_NAME {
        return Err(name.refuse("name", format!("longer than {MAX_NAME} characters")));
    }
    let canonical = format!("log:{}", name.text());
    Ok(Reading {
        redacted: canonical.clone(),
        addresses: vec![canonical.clone()],
        canonical,
        destination: "log".to_owned(),
        form: Form::Log(Log { target: name.text().to_owned() }),
    })
}

#[cfg(test)]
mod tests {
    use crate::{SubscriberUri, uri::Form};

    #[test]
    fn both_ways_to_write_a_name_are_one() {
        for text in ["log:billing", "LOG://billing"] {
            let uri = SubscriberUri::parse(text).unwrap();
            assert_eq!((uri.canonical(), uri.destination().as_str()), ("log:billing", "log"));
            assert!(matches!(uri.form(), Form::Log(log) if log.target == "billing"));
        }
        assert_eq!(SubscriberUri::parse("log:").unwrap().canonical(), "log:");
    }

    #[test]
    fn what_is_wrong_is_named_with_its_column() {
        let long = format!("log:{}", "a".repeat(129));
        for (text, column) in
            [("log:a b", 6), ("log:é", 5), ("log:a?b", 6), ("log:///a", 7), ("log:/a", 5), (&long, 5)]
        {
            let error = SubscriberUri::parse(text).expect_err(text);
            assert_eq!((error.part.as_str(), error.column), ("name", column), "{text}: {error}");
        }
    }
}
