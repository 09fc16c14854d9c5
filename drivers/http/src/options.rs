//! The options of a subscription that webhooks understand.

use std::collections::BTreeMap;

use nuncio_plugin_sdk::{
    JsonSchema, Options, Refusal, Secret,
    http::{HeaderName, HeaderValue},
    read_options, schemars,
};
use serde::Deserialize;

use crate::sign::Key;

/// Pointers to what is secret in them, and whose values no error repeats.
pub(crate) const SECRETS: &[&str] = &["/secret"];

/// Headers that belong to the connection or to the signature, besides all of `webhook-*`, `ce-*` and `proxy-*`.
const RESERVED: &[&str] = &[
    "connection",
    "content-length",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// As they are written. Members that others understand are left alone.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct Written {
    /// The form of the body: `zaqar` (the default); `raw`, the message as it was posted; `cloudevents` or
    /// `cloudevents-binary`, the message as an event.
    format: Option<Format>,
    /// The body. Every `"$zaqar_message$"`, its double quotes included, is replaced by the message's JSON.
    post_data: Option<String>,
    /// Headers to add; they win over the driver's own.
    post_headers: Option<BTreeMap<String, String>>,
    /// The secret of Standard Webhooks signatures, `whsec_` and base64; a list while it is rotated.
    secret: Option<SigningSecrets>,
    /// For `trust+http:` and `trust+https:`: the trust by which the token is got. The host makes one where none is given.
    trust_id: Option<String>,
}

/// The form of a webhook's body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    /// Zaqar's JSON; a notification without a queue is the JSON of its content.
    #[default]
    Zaqar,
    /// The message as it was posted, with its content type.
    Raw,
    /// CloudEvents in structured mode: one JSON object.
    CloudEvents,
    /// CloudEvents in binary mode: attributes in `ce-` headers, the message as it was posted as the body.
    #[serde(rename = "cloudevents-binary")]
    CloudEventsBinary,
}

#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum SigningSecrets {
    One(Secret),
    Many(Vec<Secret>),
}

/// As they are meant: checked.
#[derive(Default)]
pub(crate) struct Wanted {
    pub(crate) format: Format,
    pub(crate) post_data: Option<String>,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) keys: Vec<Key>,
    pub(crate) trust: Option<String>,
}

impl Wanted {
    /// Reads and checks `options`.
    pub(crate) fn read(options: &Options) -> Result<Self, Refusal> {
        let written: Written = read_options(options, SECRETS)?;
        let format = written.format.unwrap_or_default();
        if format != Format::Zaqar && written.post_data.is_some() {
            let why = "a body of its own cannot be combined with another `format`";
            return Err(Refusal::new("/options/post_data", why).fix("leave one of the two out"));
        }
        let headers = written.post_headers.unwrap_or_default();
        let headers = headers.iter().map(|(name, value)| header(name, value)).collect::<Result<_, _>>()?;
        let (post_data, trust) = (written.post_data, written.trust_id);
        Ok(Self { format, post_data, headers, keys: keys(written.secret)?, trust })
    }
}

fn keys(secrets: Option<SigningSecrets>) -> Result<Vec<Key>, Refusal> {
    match secrets {
        None => Ok(Vec::new()),
        Some(SigningSecrets::One(secret)) => Ok(vec![Key::read(secret.expose(), "/options/secret")?]),
        Some(SigningSecrets::Many(list)) if list.is_empty() => {
            Err(Refusal::new("/options/secret", "the list is empty")
                .fix("leave `secret` out to send without a signature"))
        }
        Some(SigningSecrets::Many(list)) => {
            let read =
                |(n, secret): (usize, &Secret)| Key::read(secret.expose(), &format!("/options/secret/{n}"));
            list.iter().enumerate().map(read).collect()
        }
    }
}

fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), Refusal> {
    let at = format!("/options/post_headers/{}", name.replace('~', "~0").replace('/', "~1"));
    let Ok(parsed) = HeaderName::from_bytes(name.as_bytes()) else {
        return Err(
            Refusal::new(at, "this is not the name of a header").fix("use letters, digits and hyphens")
        );
    };
    let lower = parsed.as_str();
    if RESERVED.contains(&lower) || ["webhook-", "ce-", "proxy-"].iter().any(|own| lower.starts_with(own)) {
        return Err(Refusal::new(at, "this header is the server's own").fix("leave it out"));
    }
    // The value may be a credential: it is not repeated.
    let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) else {
        return Err(Refusal::new(at, "this header's value has a line break or another control character"));
    };
    Ok((parsed, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn read(options: Value) -> Result<Wanted, String> {
        let Value::Object(map) = options else { panic!("options are an object") };
        Wanted::read(&Options(map)).map_err(|refusal| refusal.to_string())
    }

    #[test]
    fn what_others_understand_is_left_alone() {
        let wanted = read(json!({"subject": "x", "_retry_policy": {"minimum_delay": 5}, "post_data": null}))
            .ok()
            .unwrap();
        assert!(wanted.format == Format::Zaqar && wanted.post_data.is_none() && wanted.keys.is_empty());
    }

    #[test]
    fn a_wrong_option_is_named_with_its_fix() {
        for (options, want) in [
            (json!({"format": "cloudevents", "post_data": ""}), "/options/post_data: "),
            (
                json!({"post_headers": {"CE-Id": "x"}}),
                "/options/post_headers/CE-Id: this header is the server's",
            ),
            (json!({"format": "xml"}), "/options/format: unknown variant `xml`"),
            (json!({"format": "raw", "post_data": ""}), "/options/post_data: "),
            (json!({"post_data": {"a": 1}}), "/options/post_data: invalid type: map, expected a string"),
            (json!({"post_headers": {"X-N": 1}}), "/options/post_headers/X-N: invalid type"),
            (json!({"post_headers": {"a b": "1"}}), "/options/post_headers/a b: this is not the name"),
            (
                json!({"post_headers": {"X-N": "1\r\nHost: x"}}),
                "/options/post_headers/X-N: this header's value",
            ),
            (
                json!({"post_headers": {"Host": "x"}}),
                "/options/post_headers/Host: this header is the server's own",
            ),
            (json!({"post_headers": {"Webhook-Id": "x"}}), "/options/post_headers/Webhook-Id: "),
            (json!({"secret": []}), "/options/secret: the list is empty"),
            (json!({"secret": ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "x"]}), "/options/secret/1: "),
            (json!({"trust_id": 1}), "/options/trust_id: invalid type"),
            (json!({"secret": 4711}), "/options/secret: it is not of the right type (the value is secret)"),
        ] {
            let error = read(options).err().unwrap();
            assert!(error.starts_with(want) && !error.contains("4711"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn an_accepted_header_cannot_begin_another(name in ".{0,20}", value in ".{0,40}") {
            if let Ok((name, value)) = header(&name, &value) {
                prop_assert!(!RESERVED.contains(&name.as_str()));
                prop_assert!(!value.as_bytes().iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)));
            }
        }
    }
}
