//! What must not be written of a driver's settings, and of a notice.

use nuncio_core::{abi, pointer};
use serde_json::Value;

use crate::{redact::Redactor, text};

/// What must not be written: known for the life of a driver, and of each notice.
#[derive(Debug, Default)]
pub(crate) struct Secrets {
    /// Of the settings.
    pub(crate) settings: Redactor,
    /// JSON pointers into the options.
    options: Vec<String>,
}

impl Secrets {
    /// Those at the pointers `secrets` of `settings`, and at the pointers `options` of each notice's options.
    pub(crate) fn new(settings: &Value, secrets: &[String], options: Vec<String>) -> Self {
        Self { settings: Redactor::new(texts_at(settings, secrets)), options }
    }

    /// Those of `notice`: option secrets, and what its URI hides when it is shown.
    pub(super) fn of(&self, notice: &abi::Notice) -> Redactor {
        let mut found = Vec::new();
        // SAFETY: the host made the notice, and its copies are alive.
        let (uri, options) = unsafe { (text::slice(notice.uri), text::slice(notice.options_json)) };
        hidden_in(std::str::from_utf8(uri).unwrap_or_default(), &mut found);
        if !self.options.is_empty() && !options.is_empty() {
            let options: Value = serde_json::from_slice(options).unwrap_or_default();
            found.extend(texts_at(&options, &self.options));
        }
        Redactor::new(found)
    }
}

/// Every text at `pointers`, in which `*` is any one member, in `value`, and within what stands there.
pub(crate) fn texts_at(value: &Value, pointers: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    pointers.iter().flat_map(|one| pointer::all(value, one)).for_each(|value| texts(value, &mut found));
    found
}

/// Every text in `value`.
fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(list) => list.iter().for_each(|one| texts(one, found)),
        Value::Object(map) => map.values().for_each(|one| texts(one, found)),
        Value::Number(number) => found.push(number.to_string()),
        Value::Null | Value::Bool(_) => {}
    }
}

/// The parts of a canonical URI with an authority that its redacted form hides: userinfo, query and fragment.
pub(crate) fn hidden_in(uri: &str, found: &mut Vec<String>) {
    let Some((_, rest)) = uri.split_once("://") else { return };
    let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let authority = rest.split('/').next().unwrap_or_default();
    let userinfo = authority.rsplit_once('@').map_or("", |(userinfo, _)| userinfo);
    let password = userinfo.split_once(':').map_or("", |(_, password)| password);
    for part in [userinfo, password, query, fragment] {
        found.push(part.to_owned());
        if part.contains('%') {
            found.push(decoded(part));
        }
    }
}

/// `text` without percent-encoding (RFC 3986 section 2.1).
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let mut ahead = rest.clone();
        let mut digit = || ahead.next().and_then(|byte| char::from(byte).to_digit(16));
        match (byte, digit(), digit()) {
            (b'%', Some(high), Some(low)) => {
                bytes.push((high * 16 + low) as u8);
                rest = ahead;
            }
            _ => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn masked(uri: &str, text: &str) -> String {
        let mut found = Vec::new();
        hidden_in(uri, &mut found);
        Redactor::new(found).redact(text).into_owned()
    }

    #[test]
    fn userinfo_query_and_fragment_are_masked_as_written_and_decoded() {
        let uri = "acme://ann:p%40ssword@host/path?key=abc#frag";
        assert_eq!(masked(uri, "401 for ann with p@ssword"), "401 for ann with ***");
        assert_eq!(masked(uri, "p%40ssword key=abc frag"), "*** *** ***");
        assert_eq!(masked(uri, uri), "acme://***@host/path?***#***");
    }

    #[test]
    fn an_address_is_no_secret() {
        assert_eq!(masked("mailto:ann@example.com", "ann@example.com"), "ann@example.com");
    }

    #[test]
    fn every_text_under_a_pointer_is_a_secret() {
        let settings =
            json!({"accounts": {"a": {"token": "t0ken", "url": "shown"}}, "keys": ["k3y-one", 987_654]});
        let pointers = ["/accounts/*/token".into(), "/keys".into(), "/none".into()];
        let secrets = Secrets::new(&settings, &pointers, vec![]);
        let shown = secrets.settings.redact("t0ken k3y-one 987654 shown").into_owned();
        assert_eq!(shown, "*** *** *** shown");
    }
}
