//! From a notice to the request that is sent, and to the text that a dry run shows.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use nuncio_plugin_sdk::{
    Content, Kind, Notice, Options, Part, Refusal,
    http::{
        Bytes, HeaderMap, HeaderName, HeaderValue, Uri,
        header::{CONTENT_TYPE, HOST},
    },
};
use serde::Serialize;

use crate::{
    cloudevents::{self, Event},
    messages::Messages,
    options::Format,
    plan::Plan,
    sign::signatures,
};

/// The largest body that is sent, in bytes. A message is far smaller; a `post_data` can repeat it.
pub(crate) const MAX_BODY_BYTES: usize = 8 << 20;

const TOKEN: &str = "\"$zaqar_message$\"";
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const WEBHOOK_ID: HeaderName = HeaderName::from_static("webhook-id");
const WEBHOOK_TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const WEBHOOK_SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");

/// What is sent, where the plan says.
#[derive(Clone)]
pub(crate) struct Letter {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// The request for `notice` by its `plan`.
pub(crate) fn letter(notice: &Notice<'_>, plan: &Plan, messages: &Messages) -> Result<Letter, Refusal> {
    let mut headers = plan.headers();
    let (body, content_type) = body(notice, plan, messages, &mut headers)?;
    if body.len() > MAX_BODY_BYTES {
        let why = format!("the body would have {} bytes, more than {MAX_BODY_BYTES}", body.len());
        return Err(Refusal::new("content", why).fix("send fewer or smaller attachments"));
    }
    if !plan.typed {
        headers.insert(CONTENT_TYPE, content_type);
    }
    let timestamp = notice.now_ms.div_euclid(1000);
    let illegal = |_| Refusal::new("id", "the delivery id cannot stand in a header");
    headers.insert(WEBHOOK_ID, HeaderValue::from_str(notice.id).map_err(illegal)?);
    headers.insert(WEBHOOK_TIMESTAMP, timestamp.into());
    if !plan.wanted.keys.is_empty() {
        let value = signatures(&plan.wanted.keys, notice.id, timestamp, &body);
        headers.insert(WEBHOOK_SIGNATURE, HeaderValue::from_str(&value).map_err(illegal)?);
    }
    Ok(Letter { headers, body })
}

/// The body and its type; `headers` are given the attributes of an event that has them there.
fn body(
    notice: &Notice<'_>,
    plan: &Plan,
    messages: &Messages,
    headers: &mut HeaderMap,
) -> Result<(Bytes, HeaderValue), Refusal> {
    match plan.wanted.format {
        Format::Raw => {
            alone(notice, "raw")?;
            Ok((Bytes::copy_from_slice(notice.body), media_type(notice.content_type)))
        }
        Format::CloudEvents => {
            let text = as_event(notice, cloudevents::json)?;
            Ok((text.into(), HeaderValue::from_static(cloudevents::MEDIA_TYPE)))
        }
        Format::CloudEventsBinary => as_event(notice, |event| {
            headers.extend(cloudevents::headers(event));
            (Bytes::copy_from_slice(event.data), media_type(event.content_type))
        }),
        Format::Zaqar => {
            let message = message(notice, messages);
            let body = match &plan.wanted.post_data {
                Some(template) => filled(template, &message)?.into(),
                None => message,
            };
            Ok((body, JSON))
        }
    }
}

/// The message as an event: what was posted, or the content where that is what there is.
fn as_event<T>(notice: &Notice<'_>, written: impl FnOnce(&Event<'_>) -> T) -> Result<T, Refusal> {
    if is_content(notice) {
        let content = content(notice.content);
        return Ok(written(&Event::of(notice, "application/json", content.as_bytes())));
    }
    alone(notice, "cloudevents")?;
    Ok(written(&Event::of(notice, notice.content_type, notice.body)))
}

/// Refuses what would lose its attachments.
fn alone(notice: &Notice<'_>, format: &str) -> Result<(), Refusal> {
    if notice.content.parts.is_empty() {
        return Ok(());
    }
    let why = format!("`{format}` sends the content alone and carries no attachments");
    Err(Refusal::new("/options/format", why).fix("leave `format` out"))
}

fn media_type(text: &str) -> HeaderValue {
    let unknown = HeaderValue::from_static("application/octet-stream");
    if text.is_empty() { unknown } else { HeaderValue::from_str(text).unwrap_or(unknown) }
}

/// Whether the content is what is sent, and not what was posted: there is no queue, or a template says what it is.
fn is_content(notice: &Notice<'_>) -> bool {
    let made_by_host = matches!(notice.meta.kind, Kind::Confirmation | Kind::Unsubscribe);
    !made_by_host && (notice.meta.queue.is_empty() || templated(notice.options))
}

/// The message as JSON: Zaqar's notification, or the content.
fn message(notice: &Notice<'_>, messages: &Messages) -> Bytes {
    match notice.meta.kind {
        // These are made by the host in Zaqar's own form, which has no notification around it.
        Kind::Confirmation | Kind::Unsubscribe => String::from_utf8_lossy(notice.body).into_owned().into(),
        _ if is_content(notice) => content(notice.content).into(),
        _ => messages.notification(&notice.meta, notice.body),
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

fn filled(template: &str, message: &[u8]) -> Result<String, Refusal> {
    let tokens = template.matches(TOKEN).count();
    let bytes = template.len().saturating_add(tokens.saturating_mul(message.len()));
    if bytes > MAX_BODY_BYTES {
        let why = format!("the body would have {bytes} bytes, more than {MAX_BODY_BYTES}");
        return Err(Refusal::new("/options/post_data", why).fix("use `\"$zaqar_message$\"` fewer times"));
    }
    Ok(template.replace(TOKEN, &String::from_utf8_lossy(message)))
}

/// `letter` to `uri` as text, with what may be a credential masked.
pub(crate) fn shown(uri: &Uri, letter: &Letter) -> String {
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let mut text = format!("POST {path} HTTP/1.1\n{HOST}: {authority}\n");
    for (name, value) in &letter.headers {
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
    let body = String::from_utf8_lossy(&letter.body);
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
        assert_eq!(filled(template, b"1").unwrap(), r#"{"a": 1, "b": [1], "c": "x $zaqar_message$"}"#);
        assert_eq!(filled("plain", b"1").unwrap(), "plain");
    }

    #[test]
    fn a_template_cannot_make_a_body_without_bound() {
        let refusal = filled(&TOKEN.repeat(100), "x".repeat(1 << 20).as_bytes()).unwrap_err();
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
            let filled = filled(&template, message.as_bytes()).unwrap();
            prop_assert_eq!(filled.len(), template.len() - tokens * TOKEN.len() + tokens * message.len());
        }
    }
}
