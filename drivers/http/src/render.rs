//! From a notice to the request that is sent, and to the text that a dry run shows.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use nuncio_plugin_sdk::{
    Content, Kind, Notice, Options, Part, Refusal,
    core::zaqar,
    http::{
        Bytes, HeaderMap, HeaderName, HeaderValue, Method, Request,
        header::{AUTHORIZATION, CONTENT_TYPE, HOST, USER_AGENT},
    },
};
use serde::Serialize;

use crate::{
    options::{Format, Wanted},
    sign::signatures,
    target::Target,
};

/// The largest body that is sent, in bytes. A message is far smaller; a `post_data` can repeat it.
pub(crate) const MAX_BODY_BYTES: usize = 8 << 20;

const TOKEN: &str = "\"$zaqar_message$\"";
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const WEBHOOK_ID: HeaderName = HeaderName::from_static("webhook-id");
const WEBHOOK_TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const WEBHOOK_SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");

/// The request for `notice`.
pub(crate) fn request(notice: &Notice<'_>, agent: &HeaderValue) -> Result<Request<Bytes>, Refusal> {
    let target = Target::of(notice.uri)?;
    let wanted = Wanted::read(notice.options)?;
    let (body, content_type) = body(notice, &wanted)?;
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, content_type);
    headers.insert(USER_AGENT, agent.clone());
    headers.extend(target.authorization.map(|value| (AUTHORIZATION, value)));
    for (name, value) in wanted.headers {
        headers.insert(name, value);
    }
    let timestamp = notice.now_ms.div_euclid(1000);
    let illegal = |_| Refusal::new("id", "the delivery id cannot stand in a header");
    headers.insert(WEBHOOK_ID, HeaderValue::from_str(notice.id).map_err(illegal)?);
    headers.insert(WEBHOOK_TIMESTAMP, timestamp.into());
    if !wanted.keys.is_empty() {
        let value = signatures(&wanted.keys, notice.id, timestamp, &body);
        headers.insert(WEBHOOK_SIGNATURE, HeaderValue::from_str(&value).map_err(illegal)?);
    }
    let mut request = Request::new(body);
    *request.method_mut() = Method::POST;
    *request.uri_mut() = target.uri;
    *request.headers_mut() = headers;
    Ok(request)
}

fn body(notice: &Notice<'_>, wanted: &Wanted) -> Result<(Bytes, HeaderValue), Refusal> {
    if wanted.format == Format::Raw {
        if !notice.content.parts.is_empty() {
            let why = "`raw` sends the content alone and carries no attachments";
            return Err(Refusal::new("/options/format", why).fix("leave `format` out"));
        }
        let unknown = HeaderValue::from_static("application/octet-stream");
        let known = Some(notice.content_type).filter(|text| !text.is_empty());
        let content_type = known.and_then(|text| HeaderValue::from_str(text).ok()).unwrap_or(unknown);
        return Ok((Bytes::copy_from_slice(notice.body), content_type));
    }
    let message = message(notice);
    let text = match &wanted.post_data {
        Some(template) => filled(template, &message)?,
        None => message,
    };
    if text.len() > MAX_BODY_BYTES {
        let why = format!("the body would have {} bytes, more than {MAX_BODY_BYTES}", text.len());
        return Err(Refusal::new("content", why).fix("send fewer or smaller attachments"));
    }
    Ok((text.into(), JSON))
}

/// The message as JSON: Zaqar's notification, or the content where there is no queue or a template says what it is.
fn message(notice: &Notice<'_>) -> String {
    match notice.meta.kind {
        // These are made by the host in Zaqar's own form, which has no notification around it.
        Kind::Confirmation | Kind::Unsubscribe => String::from_utf8_lossy(notice.body).into_owned(),
        _ if notice.meta.queue.is_empty() || templated(notice.options) => content(notice.content),
        _ => zaqar::notification(&notice.meta, notice.body),
    }
}

/// Whether the subscription says how the content is rendered.
fn templated(options: &Options) -> bool {
    ["template", "text", "html"].iter().any(|key| options.get(key).is_some())
}

fn content(content: Content<'_>) -> String {
    #[derive(Serialize)]
    struct Parts<'a> {
        #[serde(skip_serializing_if = "str::is_empty")]
        subject: &'a str,
        #[serde(skip_serializing_if = "str::is_empty")]
        text: &'a str,
        #[serde(skip_serializing_if = "str::is_empty")]
        html: &'a str,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        attachments: Vec<Attachment<'a>>,
    }
    let Content { subject, text, html, .. } = content;
    let attachments = content.parts.iter().map(Attachment::of).collect();
    let parts = Parts { subject, text, html, attachments };
    // Strings and booleans are always JSON.
    serde_json::to_string(&parts).unwrap_or_default()
}

/// An attachment in the form in which a notification is posted.
#[derive(Serialize)]
struct Attachment<'a> {
    name: &'a str,
    content_type: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    content_id: &'a str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    inline: bool,
    data: String,
}

impl<'a> Attachment<'a> {
    fn of(part: &Part<'a>) -> Self {
        let Part { name, content_type, content_id, inline, data, .. } = *part;
        Self { name, content_type, content_id, inline, data: STANDARD.encode(data) }
    }
}

fn filled(template: &str, message: &str) -> Result<String, Refusal> {
    let tokens = template.matches(TOKEN).count();
    let bytes = template.len().saturating_add(tokens.saturating_mul(message.len()));
    if bytes > MAX_BODY_BYTES {
        let why = format!("the body would have {bytes} bytes, more than {MAX_BODY_BYTES}");
        return Err(Refusal::new("/options/post_data", why).fix("use `\"$zaqar_message$\"` fewer times"));
    }
    Ok(template.replace(TOKEN, message))
}

/// `request` as text, with what may be a credential masked.
pub(crate) fn shown(request: &Request<Bytes>) -> String {
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let authority = request.uri().authority().map_or("", |authority| authority.as_str());
    let mut text = format!("{} {path} HTTP/1.1\n{HOST}: {authority}\n", request.method());
    for (name, value) in request.headers() {
        let value = if is_secret(name) {
            masked(value)
        } else {
            String::from_utf8_lossy(value.as_bytes()).into_owned()
        };
        text.push_str(&format!(
            "{name}: {value}
"
        ));
    }
    let body = String::from_utf8_lossy(request.body());
    format!("{text}\n{body}")
}

fn is_secret(name: &HeaderName) -> bool {
    let name = name.as_str();
    ["auth", "cookie", "key", "password", "secret", "signature", "token"]
        .iter()
        .any(|part| name.contains(part))
}

/// `***`, after what says of which kind it is (`Basic `, `v1,`).
fn masked(value: &HeaderValue) -> String {
    let text = String::from_utf8_lossy(value.as_bytes());
    ["Basic ", "Bearer ", "v1,"]
        .iter()
        .find(|kind| text.starts_with(**kind))
        .map_or_else(|| "***".to_owned(), |kind| format!("{kind}***"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn absent_parts_of_the_content_are_left_out() {
        assert_eq!(content(Content::text("t").with_subject("s")), r#"{"subject":"s","text":"t"}"#);
        assert_eq!(content(Content::default()), "{}");
    }

    #[test]
    fn the_token_is_replaced_with_its_quotes_and_only_then() {
        let template = r#"{"a": "$zaqar_message$", "b": ["$zaqar_message$"], "c": "x $zaqar_message$"}"#;
        assert_eq!(filled(template, "1").unwrap(), r#"{"a": 1, "b": [1], "c": "x $zaqar_message$"}"#);
        assert_eq!(filled("plain", "1").unwrap(), "plain");
    }

    #[test]
    fn a_template_cannot_make_a_body_without_bound() {
        let refusal = filled(&TOKEN.repeat(100), &"x".repeat(1 << 20)).unwrap_err();
        assert_eq!(refusal.at, "/options/post_data");
    }

    proptest! {
        #[test]
        fn what_is_filled_in_is_as_long_as_foretold(
            parts in proptest::collection::vec("[a-z\"$]{0,9}", 1..5),
            message in "[^\"]{0,30}",
        ) {
            let template = parts.join(TOKEN);
            let tokens = template.matches(TOKEN).count();
            let filled = filled(&template, &message).unwrap();
            prop_assert_eq!(filled.len(), template.len() - tokens * TOKEN.len() + tokens * message.len());
        }
    }
}
