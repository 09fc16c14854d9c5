//! What an SMS says: the words of a message.

use nuncio_plugin_sdk::{Form, Notice, Refusal, push::Push};

/// The text of `notice`, which its member `sms` may say in other words; or its title where it has no text, or the body that
/// the URI names (RFC 5724 section 2.2) where it has neither.
///
/// # Errors
/// A member of the message that is of the wrong type, by its pointer.
pub(crate) fn words(notice: &Notice<'_>) -> Result<String, Refusal> {
    let of_the_uri = match notice.uri.form() {
        Form::Sms(sms) => sms.body.as_deref().unwrap_or_default(),
        _ => "",
    };
    let push = Push::of(notice, "sms")?;
    let said = [push.text.as_str(), &push.title, of_the_uri];
    let said = said.into_iter().find(|text| !text.trim().is_empty()).unwrap_or_default();
    Ok(said.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use nuncio_plugin_sdk::{Content, Options, SubscriberUri};

    use super::*;

    fn said(uri: &str, content: Content<'_>, body: &str) -> Result<String, Refusal> {
        let (uri, options) = (SubscriberUri::parse(uri).unwrap(), Options::default());
        let mut notice = Notice::new("msg_1", &uri, &[], &options);
        notice.content = content;
        notice.body = body.as_bytes();
        words(&notice)
    }

    #[test]
    fn the_text_goes_over_the_title_and_that_over_the_body_of_the_uri() {
        let (uri, text) = ("sms:+15551230101?body=from%20the%20URI", Content::text("the text\n"));
        assert_eq!(said(uri, text.with_subject("title"), "").unwrap(), "the text");
        assert_eq!(said(uri, Content::EMPTY.with_subject("title"), "").unwrap(), "title");
        assert_eq!(said(uri, Content::EMPTY, "").unwrap(), "from the URI");
        assert_eq!(said("sms:+15551230101", Content::EMPTY, "").unwrap(), "");
    }

    #[test]
    fn a_message_may_say_it_in_other_words_for_sms() {
        let body = r#"{"text": "long", "sms": {"text": "short"}}"#;
        assert_eq!(said("sms:+15551230101", Content::text("long"), body).unwrap(), "short");
        let wrong = said("sms:+15551230101", Content::text("long"), r#"{"sms": "short"}"#).unwrap_err();
        assert_eq!(wrong.at, "/sms");
    }
}
