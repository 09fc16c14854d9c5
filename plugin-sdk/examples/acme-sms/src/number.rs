//! E.164: a number as the whole world writes it.

use nuncio_plugin_sdk::{Refusal, SubscriberUri};

/// A number: `+`, then 7 to 15 digits of which the first is not 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Number(String);

impl Number {
    /// Reads a number; separators that people write are left out.
    pub(crate) fn read(text: &str) -> Result<Self, Refusal> {
        let plain: String = text.chars().filter(|c| !"-.()".contains(*c)).collect();
        let digits = plain.strip_prefix('+').unwrap_or_default();
        let fits = (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        if fits && !digits.starts_with('0') {
            return Ok(Self(plain));
        }
        let refusal = Refusal::new("uri", format!("`{text}` is not an international number"));
        Err(refusal.fix("write + and the country code, like acme-sms:+15551234567"))
    }

    /// The numbers that a URI names, behind its scheme and divided by commas; each once.
    pub(crate) fn all(uri: &SubscriberUri) -> Result<Vec<Self>, Refusal> {
        let (_, list) = uri.canonical().split_once(':').unwrap_or_default();
        let mut numbers = Vec::new();
        for number in list.split(',').map(Self::read) {
            let number = number?;
            if !numbers.contains(&number) {
                numbers.push(number);
            }
        }
        if numbers.len() > SubscriberUri::MAX_RECIPIENTS {
            let most = SubscriberUri::MAX_RECIPIENTS;
            return Err(Refusal::new("uri", format!("more than {most} numbers")).fix("subscribe twice"));
        }
        Ok(numbers)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(uri: &str) -> Result<Vec<String>, String> {
        let uri = SubscriberUri::parse(uri).expect("a URI");
        let numbers = Number::all(&uri).map_err(|refusal| refusal.to_string())?;
        Ok(numbers.iter().map(|one| one.as_str().to_owned()).collect())
    }

    #[test]
    fn each_number_is_taken_once_and_without_its_separators() {
        let numbers = all("acme-sms:+1-555-123-4567,+4930123456,+1.555.123.4567");
        assert_eq!(numbers, Ok(vec!["+15551234567".to_owned(), "+4930123456".to_owned()]));
    }

    #[test]
    fn what_cannot_be_dialled_from_abroad_is_refused_with_the_fix() {
        for text in ["5551234567", "+0555123456", "+123456", "+1234567890123456", "", "ann", "+49301234x6"] {
            let why = all(&format!("acme-sms:{text}")).expect_err(text);
            assert!(why.contains(&format!("`{text}`")) && why.ends_with("acme-sms:+15551234567"), "{why}");
        }
    }
}
