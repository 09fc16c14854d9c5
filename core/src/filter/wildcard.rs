//! `{"wildcard": "*.example.com"}`: `*` stands for any text, also none; `\*` is a star and `\\` a backslash.

use super::limits::MAX_WILDCARDS;

/// A pattern, cut at its stars.
///
/// The first piece must begin the text, the last one end it, and those between must follow each other. Taking each at the
/// first place where it is found is always right, so no text makes matching go back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    first: Box<str>,
    between: Box<[Box<str>]>,
    /// None without a star: then the whole text is `first`.
    last: Option<Box<str>>,
}

impl Pattern {
    /// Reads a pattern; the error says what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut pieces = vec![String::new()];
        let (mut letters, mut after_star) = (text.chars(), false);
        while let Some(letter) = letters.next() {
            let literal = match letter {
                '*' if after_star => {
                    return Err("has two `*` in a row: one stands for any text already".to_owned());
                }
                '*' => None,
                '\\' => match letters.next() {
                    Some(escaped @ ('*' | '\\')) => Some(escaped),
                    _ => return Err(r"has a `\` before neither `*` nor `\`: write `\\` for one".to_owned()),
                },
                other => Some(other),
            };
            after_star = literal.is_none();
            match (literal, pieces.last_mut()) {
                (Some(literal), Some(piece)) => piece.push(literal),
                _ => pieces.push(String::new()),
            }
        }
        if pieces.len() > MAX_WILDCARDS + 1 {
            return Err(format!("has {} `*`, and the most is {MAX_WILDCARDS}", pieces.len() - 1));
        }
        let last = (pieces.len() > 1).then(|| pieces.pop().unwrap_or_default().into());
        let mut pieces = pieces.into_iter().map(Box::from);
        Ok(Self { first: pieces.next().unwrap_or_default(), between: pieces.collect(), last })
    }

    /// Whether the whole of `text` is of this form.
    pub(super) fn matches(&self, text: &str) -> bool {
        let Some(last) = &self.last else { return *self.first == *text };
        let Some(mut rest) = text.strip_prefix(&*self.first).and_then(|rest| rest.strip_suffix(&**last))
        else {
            return false;
        };
        self.between.iter().all(|piece| match rest.split_once(&**piece) {
            Some((_, after)) => {
                rest = after;
                true
            }
            None => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        Pattern::parse(pattern).unwrap().matches(text)
    }

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, text) in [
            ("*", ""),
            ("a*", "a"),
            ("*a", "bca"),
            ("a*c", "abbc"),
            ("*b*", "abc"),
            ("a*b*c", "a-b-b-c"),
            ("abc", "abc"),
            (r"a\*", "a*"),
            (r"a\\*", r"a\b"),
            ("*ä*", "xäy"),
            ("", ""),
        ] {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn what_overlaps_does_not_match() {
        for (pattern, text) in [
            ("a*", "ba"),
            ("*a", "ab"),
            ("ab*b", "ab"),
            ("*ab*ab*", "abb"),
            (r"a\*", "ab"),
            ("a*b*c", "acb"),
            ("", "a"),
        ] {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn a_pattern_that_cannot_be_meant_is_refused() {
        for bad in ["**", r"a\", r"\n", &"a*".repeat(MAX_WILDCARDS + 1)] {
            assert!(Pattern::parse(bad).is_err(), "{bad}");
        }
        assert!(Pattern::parse(&"a*".repeat(MAX_WILDCARDS)).is_ok());
        assert!(Pattern::parse(r"*\**").is_ok());
    }
}
