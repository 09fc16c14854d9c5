//! What is sent: the body of the message as a client would have posted it.

use serde_json::{Value, json};

use crate::attachments::Attachment;

/// What stood on the command line.
#[derive(Debug, Default)]
pub(super) struct Posted {
    pub(super) body: Option<String>,
    pub(super) subject: Option<String>,
    pub(super) html: Option<String>,
    pub(super) template: Option<String>,
    pub(super) attachments: Vec<Attachment>,
}

impl Posted {
    /// Whether there is nothing to send.
    pub(super) const fn is_empty(&self) -> bool {
        self.body.is_none()
            && self.subject.is_none()
            && self.html.is_none()
            && self.template.is_none()
            && self.attachments.is_empty()
    }

    /// The message as JSON: an object or a list as given, else the text, with its subject and HTML if any.
    pub(super) fn message(&self) -> Value {
        let text = self.body.as_deref().unwrap_or_default();
        match serde_json::from_str(text) {
            Ok(value @ (Value::Object(_) | Value::Array(_))) => value,
            _ if self.subject.is_none() && self.html.is_none() => text.into(),
            _ => {
                let mut message =
                    json!({"subject": self.subject.as_deref().unwrap_or_default(), "text": text});
                if let Some(html) = &self.html {
                    message["html"] = html.as_str().into();
                }
                message
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_a_text_even_if_it_reads_as_a_number() {
        let posted = Posted { body: Some("12".into()), ..Posted::default() };
        assert_eq!(posted.message(), json!("12"));
    }

    #[test]
    fn json_is_posted_as_json_and_text_with_its_subject() {
        let posted =
            Posted { body: Some(r#"{"id": 5}"#.into()), subject: Some("s".into()), ..Posted::default() };
        assert_eq!(posted.message(), json!({"id": 5}));
        let posted = Posted { body: Some("t".into()), subject: Some("s".into()), ..Posted::default() };
        assert_eq!(posted.message(), json!({"subject": "s", "text": "t"}));
    }
}
