//! Who an SMS goes to: a number of an `sms:` URI as E.164 has it.

use nuncio_plugin_sdk::{Form, Refusal, SubscriberUri};

/// E.164 section 6.2: at most 15 digits.
const MOST_DIGITS: usize = 15;

/// An international number: `+` and its digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Number(String);

impl Number {
    /// Reads a number of a parsed URI: `+15551230101`, or `8631234` with or without `;phone-context=+1914555`, to which
    /// `region` adds its country where it has none.
    ///
    /// # Errors
    /// Why it cannot be called from abroad, for a refusal at its place.
    pub(crate) fn read(written: &str, region: Option<&Region>) -> Result<Self, Refusal> {
        let refuse = |why: &str| {
            Refusal::new("uri", format!("`{written}` {why}"))
                .fix("write + and the country code, like +15551230101")
        };
        let (digits, context) = match written.split_once(";phone-context=") {
            Some((digits, context)) => (digits, Some(context)),
            None => (written, None),
        };
        let number = match (digits.starts_with('+'), context, region) {
            (true, _, _) => digits.to_owned(),
            (false, Some(prefix), _) if prefix.starts_with('+') => format!("{prefix}{digits}"),
            (false, Some(_), _) => return Err(refuse("is a number of a domain, which no network can call")),
            (false, None, Some(region)) => region.international(digits),
            (false, None, None) => {
                return Err(refuse("has no country code")
                    .fix("write it like +15551230101, or set [drivers.sms] default_region"));
            }
        };
        let dialled = number.strip_prefix('+').unwrap_or_default();
        if dialled.is_empty()
            || dialled.len() > MOST_DIGITS
            || !dialled.bytes().all(|byte| byte.is_ascii_digit())
        {
            return Err(refuse("is no E.164 number"));
        }
        Ok(Self(number))
    }

    /// The numbers of `uri`, each once, in order.
    ///
    /// # Errors
    /// As [`read`](Self::read), or when it is no `sms:` URI.
    pub(crate) fn all(uri: &SubscriberUri, region: Option<&Region>) -> Result<Vec<Self>, Refusal> {
        let Form::Sms(sms) = uri.form() else { return Err(Refusal::new("uri", "not an `sms:` URI")) };
        let mut numbers = Vec::with_capacity(sms.numbers.len());
        for (i, written) in sms.numbers.iter().enumerate() {
            let number = Self::read(written, region)
                .map_err(|refusal| Refusal { at: format!("recipient {}", i + 1), ..refusal })?;
            if !numbers.contains(&number) {
                numbers.push(number);
            }
        }
        Ok(numbers)
    }

    /// As E.164 is written: `+15551230101`.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Its digits alone.
    pub(crate) fn digits(&self) -> &str {
        self.0.trim_start_matches('+')
    }
}

/// The country of numbers that are written without one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Region {
    code: String,
    trunk: String,
}

impl Region {
    /// Reads `+44(0)`: the country code, and what national numbers begin with and international ones leave out.
    ///
    /// # Errors
    /// A refusal at `at`.
    pub(crate) fn read(written: &str, at: &str) -> Result<Self, Refusal> {
        let refuse = || {
            Refusal::new(at, format!("`{written}` is no country code"))
                .fix("write +1, or +44(0) where a 0 is left out")
        };
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let rest = written.strip_prefix('+').ok_or_else(refuse)?;
        let (code, trunk) = match rest.split_once('(') {
            Some((code, trunk)) => {
                (code, trunk.strip_suffix(')').filter(|one| !one.is_empty()).ok_or_else(refuse)?)
            }
            None => (rest, ""),
        };
        if !(1..=3).contains(&code.len()) || code.starts_with('0') || !digits(code) || !digits(trunk) {
            return Err(refuse());
        }
        Ok(Self { code: code.to_owned(), trunk: trunk.to_owned() })
    }

    fn international(&self, national: &str) -> String {
        let significant = national.strip_prefix(self.trunk.as_str()).unwrap_or(national);
        format!("+{}{significant}", self.code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(written: &str, region: Option<&str>) -> Result<String, String> {
        let region = region.map(|text| Region::read(text, "/default_region").unwrap());
        Number::read(written, region.as_ref())
            .map(|one| one.as_str().to_owned())
            .map_err(|why| why.to_string())
    }

    #[test]
    fn a_number_gets_the_country_that_is_known_of_it() {
        for (written, region, number) in [
            ("+15551230101", None, "+15551230101"),
            ("+15551230101", Some("+44(0)"), "+15551230101"),
            ("8631234;phone-context=+1914", None, "+19148631234"),
            ("07700900123", Some("+44(0)"), "+447700900123"),
            ("7700900123", Some("+44(0)"), "+447700900123"),
            ("0612345678", Some("+39"), "+390612345678"),
        ] {
            assert_eq!(read(written, region).as_deref(), Ok(number), "{written}");
        }
    }

    #[test]
    fn no_country_is_guessed() {
        let why = read("5551230101", None).unwrap_err();
        assert!(why.contains("no country code") && why.contains("default_region"), "{why}");
        for written in
            ["7042;phone-context=example.com", "*100#;phone-context=+49", "1234567890123;phone-context=+1914"]
        {
            let why = read(written, Some("+1")).unwrap_err();
            assert!(why.ends_with("like +15551230101"), "{why}");
        }
    }

    #[test]
    fn a_region_is_a_country_code_and_the_digits_that_are_left_out() {
        for written in ["44", "+", "+0", "+1234", "+44(", "+44()", "+44(x)", "GB"] {
            let refusal = Region::read(written, "/default_region").unwrap_err();
            assert!(refusal.at == "/default_region" && refusal.fix.contains("+44(0)"), "{refusal}");
        }
    }

    #[test]
    fn a_number_that_is_written_in_two_ways_is_one() {
        let uri = SubscriberUri::parse("sms:+447700900123,07700900123").unwrap();
        let region = Region::read("+44(0)", "").unwrap();
        assert_eq!(Number::all(&uri, Some(&region)).unwrap(), [Number("+447700900123".into())]);
        assert_eq!(Number::all(&uri, None).unwrap_err().at, "recipient 2");
    }
}
