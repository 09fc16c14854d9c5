//! What a message looks like when nobody gave it a template.

use serde_json::Value;

use super::rendered::Rendered;

/// The documented default: a string is the text; an object with `subject` or `title`, `text`, `body` or `message`,
/// and `html` is those; anything else is pretty JSON.
pub(super) fn readable(body: &[u8]) -> Rendered {
    match serde_json::from_slice::<Value>(body) {
        Ok(Value::String(text)) => Rendered::text(text),
        Ok(Value::Object(map)) => {
            let first = |keys: &[&str]| {
                keys.iter()
                    .find_map(|key| map.get(*key).and_then(Value::as_str))
                    .unwrap_or_default()
                    .to_owned()
            };
            let (subject, html) = (first(&["subject", "title"]), first(&["html"]));
            let text = first(&["text", "body", "message"]);
            if text.is_empty() && html.is_empty() {
                return Rendered::text(pretty(&Value::Object(map))).with_subject(subject);
            }
            Rendered::text(text).with_subject(subject).with_html(html)
        }
        Ok(other) => Rendered::text(pretty(&other)),
        Err(_) => Rendered::text(String::from_utf8_lossy(body)),
    }
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_string_is_the_text() {
        assert_eq!(readable(br#""hello""#), Rendered::text("hello"));
    }

    #[test]
    fn an_object_with_known_members_is_those() {
        let content = readable(br#"{"title": "T", "message": "M", "html": "<b>M</b>", "x": 1}"#);
        assert_eq!(content, Rendered::text("M").with_subject("T").with_html("<b>M</b>"));
    }

    #[test]
    fn anything_else_is_pretty_json() {
        assert_eq!(readable(b"[1]").text, "[\n  1\n]");
        assert!(readable(br#"{"title": "T", "n": 1}"#).text.contains("\"n\": 1"));
        assert_eq!(readable(b"\xffplain").text, "\u{fffd}plain");
    }

    proptest! {
        #[test]
        fn any_body_is_readable(body in prop::collection::vec(any::<u8>(), 0..200)) {
            let _: Rendered = readable(&body);
        }
    }
}
