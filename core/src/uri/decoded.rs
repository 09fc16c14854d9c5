//! RFC 3986 section 2.1: percent-decoded text whose characters know their columns.

use super::{error::UriError, piece::hex_pair};

/// Decoded text; each character with the column where it was written.
#[derive(Clone, Debug)]
pub(super) struct Decoded {
    chars: Vec<(char, usize)>,
    /// The column behind it.
    end: usize,
}

impl Decoded {
    /// Decodes `text`, which begins at `column` and whose percent-encoding is valid; fails with the column of the
    /// first byte that is not UTF-8.
    pub(super) fn read(text: &str, column: usize) -> Result<Self, usize> {
        let mut bytes = Vec::with_capacity(text.len());
        let mut columns = Vec::with_capacity(text.len());
        let mut end = column;
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            let at = end;
            match hex_pair(chars.as_str()).filter(|_| c == '%') {
                Some(byte) => {
                    bytes.push(byte);
                    chars.next();
                    chars.next();
                    end += 3;
                }
                None => {
                    bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                    end += 1;
                }
            }
            columns.resize(bytes.len(), at);
        }
        let at = |index: usize| columns.get(index).copied().unwrap_or(end);
        let text = String::from_utf8(bytes).map_err(|error| at(error.utf8_error().valid_up_to()))?;
        Ok(Self { chars: text.char_indices().map(|(index, c)| (c, at(index))).collect(), end })
    }

    pub(super) fn text(&self) -> String {
        self.chars.iter().map(|(c, _)| c).collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.chars.is_empty()
    }

    /// The column of its first character.
    pub(super) fn column(&self) -> usize {
        self.chars.first().map_or(self.end, |(_, column)| *column)
    }

    /// What stands before and behind the last `separator`.
    pub(super) fn rsplit_once(mut self, separator: char) -> Option<(Self, Self)> {
        let at = self.chars.iter().rposition(|(c, _)| *c == separator)?;
        let right = Self { chars: self.chars.split_off(at + 1), end: self.end };
        let end = self.chars.pop().map_or(self.end, |(_, column)| column);
        Some((Self { chars: self.chars, end }, right))
    }

    /// The first character that `is` says yes to, with its column.
    pub(super) fn find(&self, is: impl Fn(char) -> bool) -> Option<(char, usize)> {
        self.chars.iter().copied().find(|(c, _)| is(*c))
    }

    pub(super) fn refuse(&self, part: &str, why: impl Into<String>) -> UriError {
        UriError::new(part, self.column(), why)
    }

    /// The value of a header field: one line. A line break would begin a field of its own.
    pub(super) fn line(&self, part: &str) -> Result<String, UriError> {
        match self.find(char::is_control) {
            None => Ok(self.text()),
            Some((c, column)) => {
                Err(UriError::new(part, column, format!("control character U+{:04X}", u32::from(c)))
                    .fix("write one line of text"))
            }
        }
    }

    /// Several lines, each line break as `\n`.
    pub(super) fn lines(&self, part: &str) -> Result<String, UriError> {
        match self.find(|c| c.is_control() && !matches!(c, '\r' | '\n' | '\t')) {
            None => Ok(self.text().replace("\r\n", "\n").replace('\r', "\n")),
            Some((c, column)) => {
                Err(UriError::new(part, column, format!("control character U+{:04X}", u32::from(c)))
                    .fix("write text; a line break is %0D%0A"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_encoding_is_decoded_once_with_columns() {
        let decoded = Decoded::read("a%C3%A9%2541+é", 5).unwrap();
        assert_eq!(decoded.text(), "aé%41+é");
        assert_eq!(decoded.find(|c| c == '%'), Some(('%', 12)));
        assert_eq!(decoded.find(|c| c == '+'), Some(('+', 17)));
    }

    #[test]
    fn what_is_not_utf8_is_refused_at_its_column() {
        assert_eq!(Decoded::read("ab%E9c", 1).unwrap_err(), 3);
        assert_eq!(Decoded::read("%C3", 7).unwrap_err(), 7);
    }
}
