//! Who an SMS is from.

use nuncio_plugin_sdk::Refusal;

/// The most characters of an alphanumeric sender: 7 bits each in the 10 octets that an address has (3GPP TS 23.040
/// section 9.1.2.5).
const LONGEST_NAME: usize = 11;
/// The most digits of a short code.
const LONGEST_CODE: usize = 8;

/// Who an SMS is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sender {
    /// A name of at most 11 letters, digits and blanks: nobody can answer it.
    Name(String),
    /// An international number: its digits, without the `+`.
    International(String),
    /// A short code, or another number of the network: its digits.
    Code(String),
}

impl Sender {
    /// Reads what stands at `at`.
    ///
    /// # Errors
    /// A refusal at `at`, with an example of each form.
    pub(crate) fn read(text: &str, at: &str) -> Result<Self, Refusal> {
        let refuse = |why: &str| {
            Refusal::new(at, format!("`{text}` {why}"))
                .fix("write a number like +15551230101, a short code like 12345, or a name like Nuncio")
        };
        let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if let Some(digits) = text.strip_prefix('+') {
            let fits = is_digits(digits) && (7..=15).contains(&digits.len()) && !digits.starts_with('0');
            return if fits {
                Ok(Self::International(digits.to_owned()))
            } else {
                Err(refuse("is no E.164 number"))
            };
        }
        if is_digits(text) {
            let fits = (3..=LONGEST_CODE).contains(&text.len());
            return if fits {
                Ok(Self::Code(text.to_owned()))
            } else {
                Err(refuse("is no short code of 3 to 8 digits"))
            };
        }
        let fits = |c: char| c.is_ascii_alphanumeric() || " -_.&".contains(c);
        if text.len() > LONGEST_NAME {
            return Err(refuse("is longer than the 11 characters of a name"));
        }
        if text.is_empty() || text.trim() != text || !text.chars().all(fits) {
            return Err(refuse("is no name of letters, digits, blanks and `-_.&`"));
        }
        Ok(Self::Name(text.to_owned()))
    }
}

impl std::fmt::Display for Sender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::International(digits) => write!(f, "+{digits}"),
            Self::Name(text) | Self::Code(text) => f.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_a_code_and_a_name_are_told_apart() {
        assert_eq!(
            Sender::read("+15551230101", "/sender").unwrap(),
            Sender::International("15551230101".into())
        );
        assert_eq!(Sender::read("12345", "/sender").unwrap(), Sender::Code("12345".into()));
        assert_eq!(Sender::read("Nuncio Ops", "/sender").unwrap(), Sender::Name("Nuncio Ops".into()));
    }

    #[test]
    fn what_is_none_of_them_is_refused_with_an_example_of_each() {
        for text in [
            "",
            "+",
            "+0123456789",
            "+1 555",
            "12",
            "123456789",
            "TwelveLetter",
            "é",
            " a",
            "+1234567890123456",
        ] {
            let refusal = Sender::read(text, "/options/sender").unwrap_err();
            assert_eq!(refusal.at, "/options/sender", "{text}");
            assert!(refusal.fix.contains("+15551230101"), "{refusal}");
        }
    }
}
