//! The request (RFC 8030, section 5), and what a dry run shows of it.

use nuncio_plugin_sdk::{
    Refusal,
    http::{
        HeaderMap, HeaderName, HeaderValue,
        header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE},
    },
};

use crate::options::Wanted;

const TTL: HeaderName = HeaderName::from_static("ttl");
const URGENCY: HeaderName = HeaderName::from_static("urgency");
const TOPIC: HeaderName = HeaderName::from_static("topic");

/// The headers of a push as it is `wanted`, with this `authorization`.
///
/// # Errors
/// A topic that cannot stand in a header; it was looked at before.
pub(crate) fn headers(wanted: &Wanted, authorization: HeaderValue) -> Result<HeaderMap, Refusal> {
    let mut headers = HeaderMap::new();
    headers.insert(TTL, wanted.ttl.into());
    if let Some(urgency) = wanted.urgency {
        headers.insert(URGENCY, HeaderValue::from_static(urgency.as_str()));
    }
    if let Some(topic) = &wanted.topic {
        let value =
            HeaderValue::from_str(topic).map_err(|_| Refusal::new("/options/topic", "no header's value"))?;
        headers.insert(TOPIC, value);
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(CONTENT_ENCODING, HeaderValue::from_static("aes128gcm"));
    headers.insert(AUTHORIZATION, authorization);
    Ok(headers)
}

/// The request to the service at `origin` as text, with the endpoint and the token masked; our `public` key and the payload
/// are in clear.
pub(crate) fn shown(origin: &str, headers: &HeaderMap, public: &str, payload: &[u8]) -> String {
    let mut text = format!("POST {origin}/***\n");
    for (name, value) in headers {
        let value = if value.is_sensitive() {
            format!("vapid t=***, k={public}").into()
        } else {
            String::from_utf8_lossy(value.as_bytes())
        };
        text.push_str(&format!("{name}: {value}\n"));
    }
    text.push_str(&format!("\nEncrypted for the browser, {} bytes:\n", payload.len()));
    text.push_str(&String::from_utf8_lossy(payload));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use nuncio_plugin_sdk::Options;
    use serde_json::json;

    #[test]
    fn a_dry_run_shows_all_but_what_lets_others_push() {
        let options = json!({"ttl": 60, "urgency": "high", "topic": "order-7"});
        let wanted = Wanted::read(&Options(options.as_object().cloned().unwrap())).unwrap();
        let mut token = HeaderValue::from_static("vapid t=a.b.c, k=d");
        token.set_sensitive(true);
        let headers = headers(&wanted, token).unwrap();
        assert_eq!(
            shown("https://push.example.net", &headers, "d", b"{\"id\":\"d\"}"),
            "POST https://push.example.net/***\nttl: 60\nurgency: high\ntopic: order-7\n\
             content-type: application/octet-stream\ncontent-encoding: aes128gcm\nauthorization: vapid t=***, k=d\n\n\
             Encrypted for the browser, 10 bytes:\n{\"id\":\"d\"}"
        );
    }
}
