//! RFC 5724: `sms:`, with the numbers of RFC 3966 and E.164.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{
    decoded::Decoded,
    error::UriError,
    mailto::{encode_lines, once},
    piece::Piece,
    reading::{Form, Reading},
    recipients::Recipients,
};

/// E.164 section 6: at most 15 digits.
const MAX_DIGITS: usize = 15;

/// What the canonical form of a number writes as it is.
const ENCODED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'+').remove(b'*').remove(b';').remove(b'=').remove(b'-').remove(b'.');

/// An `sms:` URI, decoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sms {
    /// The numbers without visual separators, each once: `+15551230101`, or a local number with or without
    /// `;phone-context=`.
    pub numbers: Vec<String>,
    /// The body, lines ended by `\n`.
    pub body: Option<String>,
}

/// Reads what follows `sms:`.
pub(super) fn read(rest: Piece<'_>) -> Result<Reading, UriError> {
    rest.without_fragment()?;
    let (path, query) = rest.until(&['?']);
    if path.is_empty() {
        return Err(path.refuse("recipients", "none").fix("write at least one number: sms:+15551230101"));
    }
    let mut sms = Sms::default();
    let mut recipients = Recipients::default();
    for piece in path.split(',') {
        let part = recipients.next_part();
        let number = number(&part, piece)?;
        if recipients.admit(&part, piece.column(), number.clone())? {
            sms.numbers.push(number);
        }
    }
    for field in
        query.strip_prefix("?").into_iter().flat_map(|query| query.split('&')).filter(|one| !one.is_empty())
    {
        let (name, value) = field.split_once('=').ok_or_else(|| {
            field
                .refuse("fields", "a field without `=`")
                .fix("write name=value, and %26 for an ampersand in a value")
        })?;
        if name.decode("fields")?.text().eq_ignore_ascii_case("body") {
            once(&mut sms.body, "body", field, value.decode("body")?.lines("body")?)?;
        } else {
            value.check("fields")?;
        }
    }
    Ok(reading(sms))
}

fn reading(sms: Sms) -> Reading {
    let encoded: Vec<String> =
        sms.numbers.iter().map(|number| utf8_percent_encode(number, ENCODED).to_string()).collect();
    let redacted = format!("sms:{}", encoded.join(","));
    let body = sms.body.as_deref().map_or_else(String::new, |body| format!("?body={}", encode_lines(body)));
    Reading {
        canonical: format!("{redacted}{body}"),
        redacted,
        addresses: sms.numbers.clone(),
        destination: "sms".to_owned(),
        form: Form::Sms(sms),
    }
}

/// `telephone-subscriber` of RFC 3966 section 3: a global number, or a local one with its context.
fn number(part: &str, piece: Piece<'_>) -> Result<String, UriError> {
    let (digits, parameter) = match piece.split_once(';') {
        Some((digits, parameter)) => (digits, Some(parameter)),
        None => (piece, None),
    };
    let decoded = digits.decode(part)?;
    if decoded.is_empty() {
        return Err(decoded.refuse(part, "empty").fix("write a number like +15551230101"));
    }
    let global = decoded.text().starts_with('+');
    match parameter {
        None if global => global_number(part, &decoded),
        // RFC 3966 wants a context here. Whether there is one is known where the number is dialled: the driver has it or
        // refuses the number when somebody subscribes.
        None => local_number(part, &decoded),
        Some(parameter) if global => {
            Err(parameter.refuse(part, "a parameter on a global number").fix("write the number alone"))
        }
        Some(parameter) => {
            Ok(format!("{};phone-context={}", local_number(part, &decoded)?, context(part, parameter)?))
        }
    }
}

fn global_number(part: &str, decoded: &Decoded) -> Result<String, UriError> {
    let number = stripped(decoded);
    let digits = number.strip_prefix('+').unwrap_or_default();
    if let Some(c) = digits.chars().find(|c| !c.is_ascii_digit()) {
        let column =
            decoded.find(|one| one == c && one != '+').map_or_else(|| decoded.column(), |(_, column)| column);
        return Err(UriError::new(part, column, "not a digit").fix("write + and digits, like +15551230101"));
    }
    if digits.is_empty() || digits.starts_with('0') {
        return Err(decoded.refuse(part, "no country code").fix("begin with + and a digit from 1 to 9"));
    }
    if digits.len() > MAX_DIGITS {
        return Err(decoded.refuse(part, format!("more than {MAX_DIGITS} digits")));
    }
    Ok(number)
}

fn local_number(part: &str, decoded: &Decoded) -> Result<String, UriError> {
    let is_stray = |c: char| !(c.is_ascii_digit() || matches!(c, '*' | '#') || is_separator(c));
    if let Some((_, column)) = decoded.find(is_stray) {
        return Err(UriError::new(part, column, "neither a digit, nor `*`, nor `#`"));
    }
    let number = stripped(decoded);
    if number.is_empty() || number.len() > MAX_DIGITS {
        return Err(decoded.refuse(part, format!("a local number has 1 to {MAX_DIGITS} digits")));
    }
    Ok(number)
}

/// `phone-context` of RFC 3966 section 5.1.5: a global prefix, or the domain that knows the number.
fn context(part: &str, parameter: Piece<'_>) -> Result<String, UriError> {
    let refuse =
        |why: &str| parameter.refuse(part, why).fix("write ;phone-context=+1 or ;phone-context=example.org");
    let (name, value) = parameter.split_once('=').ok_or_else(|| refuse("a parameter without a value"))?;
    if !name.text().eq_ignore_ascii_case("phone-context") {
        return Err(refuse("a parameter other than phone-context"));
    }
    let value = value.decode(part)?;
    if value.text().starts_with('+') {
        return global_number(part, &value);
    }
    let domain = value.text().to_ascii_lowercase();
    let is_label =
        |label: &str| !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if domain.split('.').all(is_label) { Ok(domain) } else { Err(refuse("not a context")) }
}

fn stripped(decoded: &Decoded) -> String {
    decoded.text().chars().filter(|c| !is_separator(*c)).collect()
}

/// `visual-separator` of RFC 3966 section 3.
const fn is_separator(c: char) -> bool {
    matches!(c, '-' | '.' | '(' | ')')
}

#[cfg(test)]
mod tests {
    use crate::{SubscriberUri, uri::Form};

    fn parse(text: &str) -> SubscriberUri {
        SubscriberUri::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn numbers_are_read_without_separators_each_once() {
        let uri = parse("SMS:+1-555-123.0101,+1(555)1230102,%2B15551230101?Body=hello%20there&x=y");
        assert_eq!(uri.addresses(), ["+15551230101", "+15551230102"]);
        assert_eq!(uri.canonical(), "sms:+15551230101,+15551230102?body=hello%20there");
        assert_eq!(uri.redacted(), "sms:+15551230101,+15551230102");
        assert_eq!(uri.destination(), "sms");
    }

    #[test]
    fn the_body_is_decoded_once() {
        let uri = parse("sms:+15105550101?body=caf%C3%A9%0D%0A1+1%2520");
        let Form::Sms(sms) = uri.form() else { panic!("{uri:?}") };
        assert_eq!(sms.body.as_deref(), Some("café\n1+1%20"));
    }

    #[test]
    fn a_local_number_keeps_its_context() {
        assert_eq!(
            parse("sms:863-1234;phone-context=+1-914-555").addresses(),
            ["8631234;phone-context=+1914555"]
        );
        assert_eq!(
            parse("sms:7042;phone-context=Example.com").addresses(),
            ["7042;phone-context=example.com"]
        );
        let hash = parse("sms:*100%23;phone-context=+49");
        assert_eq!(
            (hash.addresses(), hash.canonical()),
            (vec!["*100#;phone-context=+49".into()], "sms:*100%23;phone-context=+49")
        );
    }

    #[test]
    fn a_local_number_without_a_context_is_left_to_who_dials_it() {
        let uri = parse("sms:(555)123-0101?body=x");
        assert_eq!((uri.addresses(), uri.canonical()), (vec!["5551230101".into()], "sms:5551230101?body=x"));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_column() {
        for (text, part, column) in [
            ("sms:", "recipients", 5),
            ("sms:?body=x", "recipients", 5),
            ("sms:+15551230101,", "recipient 2", 18),
            ("sms:+05551230101", "recipient 1", 5),
            ("sms:+", "recipient 1", 5),
            ("sms:+1555x", "recipient 1", 10),
            ("sms:+1+5", "recipient 1", 5),
            ("sms:+1234567890123456", "recipient 1", 5),
            ("sms:+1 555", "recipient 1", 7),
            ("sms://+15551230101", "recipient 1", 5),
            ("sms:+15551230101;ext=1", "recipient 1", 18),
            ("sms:555;ext=1", "recipient 1", 9),
            ("sms:555;phone-context", "recipient 1", 9),
            ("sms:555;phone-context=a..b", "recipient 1", 9),
            ("sms:55x;phone-context=+1", "recipient 1", 7),
            ("sms:+15551230101?body", "fields", 18),
            ("sms:*100#;phone-context=+49", "fragment", 9),
            ("sms:+15551230101?body=%00", "body", 23),
            ("sms:+15551230101?body=a&body=b", "body", 25),
        ] {
            let error = SubscriberUri::parse(text).expect_err(text);
            assert_eq!((error.part.as_str(), error.column), (part, column), "{text}: {error}");
        }
    }
}
