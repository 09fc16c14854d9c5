//! The binary mode of the HTTP binding: an attribute a header, the data as the body.
//!
//! <https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md>

use nuncio_plugin_sdk::http::{HeaderName, HeaderValue};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::event::Event;

/// What is encoded in a header's value (section 3.1.3.2), besides all that is not ASCII.
const ENCODED: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'%');

/// The headers of `event`, all but `content-type`.
pub(crate) fn headers(event: &Event<'_>) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
    event.attributes.iter().filter_map(|(name, text)| {
        // Names are letters and digits, and what is encoded is printable: neither can fail.
        let name = HeaderName::from_bytes(format!("ce-{name}").as_bytes()).ok()?;
        Some((name, HeaderValue::from_str(&encoded(text)).ok()?))
    })
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use percent_encoding::percent_decode_str;
    use proptest::prelude::*;

    #[test]
    fn the_binding_s_example_is_encoded_as_it_says() {
        assert_eq!(encoded("Euro € 😀"), "Euro%20%E2%82%AC%20%F0%9F%98%80");
        assert_eq!(encoded("\"100%\"\u{7f}~"), "%22100%25%22%7F~");
    }

    #[test]
    fn each_attribute_is_a_header() {
        let attributes = vec![("specversion".into(), "1.0".into()), ("source".into(), "/a b".into())];
        let event = Event { attributes, content_type: "application/json", data: b"" };
        let all: Vec<_> =
            headers(&event).map(|(name, text)| format!("{name}: {}", text.to_str().unwrap())).collect();
        assert_eq!(all, ["ce-specversion: 1.0", "ce-source: /a%20b"]);
    }

    proptest! {
        #[test]
        fn any_text_comes_back_and_is_printable(text in ".*") {
            let value = encoded(&text);
            prop_assert!(value.bytes().all(|byte| byte.is_ascii_graphic()));
            prop_assert_eq!(percent_decode_str(&value).decode_utf8().unwrap(), text);
        }
    }
}
