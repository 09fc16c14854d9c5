//! What an SMS says: the words of a message.

use nuncio_plugin_sdk::{Form, Notice};

/// The text of `notice`: its content's text, or the subject where it has no text, or the body that the URI names
/// (RFC 5724 section 2.2) where it has neither.
pub(crate) fn words(notice: &Notice<'_>) -> String {
    let of_the_uri = match notice.uri.form() {
        Form::Sms(sms) => sms.body.as_deref().unwrap_or_default(),
        _ => "",
    };
    let content = notice.content;
    [content.text, content.subject, of_the_uri]
        .into_iter()
        .find(|text| !text.trim().is_empty())
        .unwrap_or_default()
        .trim_end()
        .to_owned()
}
