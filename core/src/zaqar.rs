//! Zaqar's notification body, exactly (zaqar/notification/tasks/webhook.py).

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::Meta;

/// The body that Zaqar sends to a subscriber: `{"ttl", "body"[, "delay"], "Message_Type", "queue_name"}`.
///
/// `body` is the message as posted; what is not JSON is sent as a JSON string.
#[must_use]
pub fn notification(meta: &Meta<'_>, body: &[u8]) -> String {
    // Much faster than looking for what is not UTF-8, which nothing that was posted is.
    let text = std::str::from_utf8(body).map_or_else(|_| String::from_utf8_lossy(body), Cow::Borrowed);
    let value = match serde_json::from_str::<&RawValue>(&text) {
        Ok(raw) => Cow::Borrowed(raw.get()),
        Err(_) => Cow::Owned(quoted(&text)),
    };
    let delay = meta.delay.map_or_else(String::new, |delay| format!(", \"delay\": {delay}"));
    format!(
        "{{\"ttl\": {}, \"body\": {value}{delay}, \"Message_Type\": \"Notification\", \"queue_name\": {}}}",
        meta.ttl,
        quoted(meta.queue)
    )
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn a_json_body_stands_as_it_was_posted() {
        let meta = Meta { queue: "q", ttl: 120, delay: Some(5), ..Meta::default() };
        let value: Value = serde_json::from_str(&notification(&meta, br#"{"k": "v"}"#)).unwrap();
        let want = json!({"ttl": 120, "body": {"k": "v"}, "delay": 5, "Message_Type": "Notification", "queue_name": "q"});
        assert_eq!(value, want);
    }

    #[test]
    fn what_is_not_json_becomes_a_string() {
        let value: Value = serde_json::from_str(&notification(&Meta::default(), b"\xff\"plain")).unwrap();
        assert_eq!(value["body"], json!("\u{fffd}\"plain"));
    }
}
