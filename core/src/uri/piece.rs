//! RFC 3986 section 2: a piece of a URI that knows its column, its characters and its percent-encoding.

use super::{decoded::Decoded, error::UriError};

/// A piece of what the client wrote.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece<'a> {
    text: &'a str,
    column: usize,
}

impl<'a> Piece<'a> {
    pub(super) const fn whole(text: &'a str) -> Self {
        Self { text, column: 1 }
    }

    pub(super) const fn text(self) -> &'a str {
        self.text
    }

    pub(super) const fn is_empty(self) -> bool {
        self.text.is_empty()
    }

    /// The column of its first character.
    pub(super) const fn column(self) -> usize {
        self.column
    }

    /// The column behind its last character.
    pub(super) fn end(self) -> usize {
        self.column + self.text.chars().count()
    }

    pub(super) fn strip_prefix(self, prefix: &str) -> Option<Self> {
        let text = self.text.strip_prefix(prefix)?;
        Some(Self { text, column: self.column + prefix.chars().count() })
    }

    pub(super) fn split_once(self, separator: char) -> Option<(Self, Self)> {
        self.text.split_once(separator).map(|halves| self.halves(halves))
    }

    pub(super) fn rsplit_once(self, separator: char) -> Option<(Self, Self)> {
        self.text.rsplit_once(separator).map(|halves| self.halves(halves))
    }

    fn halves(self, (left, right): (&'a str, &'a str)) -> (Self, Self) {
        let left = Self { text: left, column: self.column };
        (left, Self { text: right, column: left.end() + 1 })
    }

    pub(super) fn split(self, separator: char) -> impl Iterator<Item = Self> {
        let mut column = self.column;
        self.text.split(separator).map(move |text| {
            let piece = Self { text, column };
            column = piece.end() + 1;
            piece
        })
    }

    /// What stands before the first of `stops`, and the rest, which begins with it or is empty.
    pub(super) fn until(self, stops: &[char]) -> (Self, Self) {
        let left = Self { text: self.text.split(stops).next().unwrap_or_default(), column: self.column };
        let right = self.text.strip_prefix(left.text).unwrap_or_default();
        (left, Self { text: right, column: left.end() })
    }

    /// The first character that `is` says yes to, with its column.
    pub(super) fn find(self, is: impl Fn(char) -> bool) -> Option<(char, usize)> {
        (self.column..).zip(self.text.chars()).map(|(column, c)| (c, column)).find(|(c, _)| is(*c))
    }

    /// Refuses it from its first character on.
    pub(super) fn refuse(self, part: &str, why: impl Into<String>) -> UriError {
        UriError::new(part, self.column, why)
    }

    /// Refuses a character that may not stand in a URI (RFC 3986 sections 2.2 and 2.3), or a `%` that encodes nothing
    /// (section 2.1). Characters beyond ASCII are left to the grammars (RFC 3987).
    pub(super) fn check(self, part: &str) -> Result<(), UriError> {
        if let Some((c, column)) = self.find(|c| !may_stand(c)) {
            return Err(UriError::character(part, column, c));
        }
        let mut rest = self;
        while let Some((left, right)) = rest.split_once('%') {
            hex_pair(right.text).ok_or_else(|| {
                UriError::new(part, left.end(), "`%` without two hexadecimal digits")
                    .fix("write %25 for a percent sign")
            })?;
            rest = right;
        }
        Ok(())
    }

    /// Refuses a fragment: mail and SMS have none, so a number sign was meant.
    pub(super) fn without_fragment(self) -> Result<(), UriError> {
        match self.find(|c| c == '#') {
            None => Ok(()),
            Some((c, column)) => Err(UriError::character("fragment", column, c)),
        }
    }

    /// Decodes the percent-encoding, once; the result is UTF-8.
    pub(super) fn decode(self, part: &str) -> Result<Decoded, UriError> {
        self.check(part)?;
        Decoded::read(self.text, self.column)
            .map_err(|column| UriError::new(part, column, "percent-encoded bytes that are not UTF-8"))
    }
}

/// The byte of the two hexadecimal digits in front of `text`.
pub(super) fn hex_pair(text: &str) -> Option<u8> {
    let mut digits = text.chars().map(|c| c.to_digit(16));
    let (high, low) = (digits.next()??, digits.next()??);
    u8::try_from(high << 4 | low).ok()
}

fn may_stand(c: char) -> bool {
    match c {
        c if c.is_control() || c.is_whitespace() => false,
        '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}' => false,
        _ => true,
    }
}
