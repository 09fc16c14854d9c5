//! What the vendor is sent: `POST messages` for each number.

use nuncio_plugin_sdk::{
    Content, Notice, Refusal,
    http::{Bytes, HeaderValue, Request, header},
    serde_json::{Value, json},
};

use crate::{number::Number, options::Wanted};

/// One SMS.
pub(crate) struct Sms<'a> {
    pub(crate) id: String,
    pub(crate) to: Number,
    pub(crate) from: String,
    pub(crate) text: String,
    pub(crate) delivery: &'a str,
}

impl<'a> Sms<'a> {
    /// The message of `notice` for its recipient `index` at `address`.
    pub(crate) fn of(notice: &Notice<'a>, index: u32, address: &str, sender: &str) -> Result<Self, Refusal> {
        let wanted = Wanted::read(notice.options)?;
        let text = text(&notice.content);
        if text.is_empty() {
            return Err(
                Refusal::new("message", "there is nothing to send").fix("give it a text or a subject")
            );
        }
        Ok(Self {
            // The notice has one id for all of its recipients, and the vendor wants one for each message.
            id: format!("{}-{index}", notice.id),
            to: Number::read(address)?,
            from: wanted.sender.unwrap_or_else(|| sender.to_owned()),
            text,
            delivery: notice.id,
        })
    }

    fn body(&self) -> Value {
        json!({
            "to": self.to.as_str(), "from": self.from, "text": self.text, "reference": self.delivery,
        })
    }

    /// The request to `address` with the API key in `key`.
    pub(crate) fn request(&self, address: &str, key: &HeaderValue) -> Result<Request<Bytes>, Refusal> {
        Request::post(address)
            .header(header::AUTHORIZATION, key)
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", &self.id)
            .body(self.body().to_string().into())
            .map_err(|error| Refusal::new("message", error.to_string()))
    }

    /// The same for people, with the key masked.
    pub(crate) fn shown(&self, address: &str) -> String {
        format!(
            "POST {address}\nauthorization: Bearer ***\ncontent-type: application/json\nidempotency-key: {}\n\n{:#}",
            self.id,
            self.body()
        )
    }
}

/// A phone shows no subject of its own: it becomes the first line.
fn text(content: &Content<'_>) -> String {
    let parts = [content.subject.trim(), content.text.trim()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
}
