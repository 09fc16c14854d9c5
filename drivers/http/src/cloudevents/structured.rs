//! The JSON event format: attributes and data are one JSON object.
//!
//! <https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md>

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::value::RawValue;

use super::event::Event;

/// The media type of an event in this format.
pub(crate) const MEDIA_TYPE: &str = "application/cloudevents+json; charset=UTF-8";

/// `event` as JSON.
pub(crate) fn json(event: &Event<'_>) -> String {
    // Strings and JSON that has been read are always JSON.
    serde_json::to_string(event).unwrap_or_default()
}

impl Serialize for Event<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, text) in &self.attributes {
            map.serialize_entry(name, text)?;
        }
        // Left out, it would say JSON.
        if !self.content_type.is_empty() {
            map.serialize_entry("datacontenttype", self.content_type)?;
        }
        match Member::of(self.content_type, self.data) {
            Member::Json(value) => map.serialize_entry("data", value)?,
            Member::Text(text) => map.serialize_entry("data", text)?,
            Member::Bytes(bytes) => map.serialize_entry("data_base64", &STANDARD.encode(bytes))?,
        }
        map.end()
    }
}

/// The member that data becomes (section 3.1): JSON stands as it is, text is a string, anything else is base64. Where what is
/// there is not what its type says, base64 keeps it as it is.
enum Member<'a> {
    Json(&'a RawValue),
    Text(&'a str),
    Bytes(&'a [u8]),
}

impl<'a> Member<'a> {
    fn of(content_type: &str, bytes: &'a [u8]) -> Self {
        let (kind, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
        let (kind, parameters) = (kind.trim().to_ascii_lowercase(), parameters.to_ascii_lowercase());
        let is_json = kind.is_empty() || kind.ends_with("/json") || kind.ends_with("+json");
        let is_utf8 = !parameters.contains("charset") || parameters.contains("utf-8");
        match std::str::from_utf8(bytes) {
            Ok(text) if is_json => serde_json::from_str(text).map_or(Self::Bytes(bytes), Self::Json),
            Ok(text) if is_utf8 && !kind.starts_with("application/octet-stream") => Self::Text(text),
            _ => Self::Bytes(bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn written(content_type: &str, data: &[u8]) -> Value {
        let attributes = vec![("specversion".into(), "1.0".into()), ("id".into(), "A234-1234-1234".into())];
        serde_json::from_str(&json(&Event { attributes, content_type, data })).unwrap()
    }

    /// The examples of the format's section 3.2.
    #[test]
    fn data_stands_as_the_format_s_examples_have_it() {
        let xml = r#"<much wow="xml"/>"#;
        assert_eq!(written("application/xml", xml.as_bytes())["data"], xml);
        assert_eq!(
            written("application/json", br#"{"appinfoA": "abc", "appinfoB": 123, "appinfoC": true}"#),
            json!({
                "specversion": "1.0", "id": "A234-1234-1234", "datacontenttype": "application/json",
                "data": {"appinfoA": "abc", "appinfoB": 123, "appinfoC": true},
            })
        );
        assert_eq!(written("", b"1.5")["data"], 1.5);
        assert_eq!(
            written("application/vnd.me+json; v=1", b"\"I'm just a string\"")["data"],
            "I'm just a string"
        );
        let bytes = written("application/vnd.apache.thrift.binary", b"\xff\0");
        assert_eq!((&bytes["data_base64"], bytes.get("data")), (&json!("/wA="), None));
    }

    #[test]
    fn what_is_not_what_its_type_says_is_kept_as_it_is() {
        for (content_type, data) in
            [("application/json", &b"{"[..]), ("", b"plain"), ("text/plain; charset=latin1", b"a")]
        {
            assert_eq!(written(content_type, data)["data_base64"], STANDARD.encode(data), "{content_type}");
        }
    }

    proptest! {
        #[test]
        fn any_body_of_any_type_comes_back(
            content_type in "(text/plain|application/json|application/octet-stream|.{0,12})",
            data in proptest::collection::vec(any::<u8>(), 0..64),
            text in ".{0,32}",
            as_text in any::<bool>(),
        ) {
            let data = if as_text { text.into_bytes() } else { data };
            let event = written(&content_type, &data);
            let back = match (event.get("data_base64"), &event["data"]) {
                (Some(base64), _) => STANDARD.decode(base64.as_str().unwrap()).unwrap(),
                (None, Value::String(text)) if !matches!(Member::of(&content_type, &data), Member::Json(_)) => {
                    text.clone().into_bytes()
                }
                (None, value) => {
                    let posted: Value = serde_json::from_slice(&data).unwrap();
                    prop_assert_eq!(&posted, value);
                    data.clone()
                }
            };
            prop_assert_eq!(back, data);
        }
    }
}
