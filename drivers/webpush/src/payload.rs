//! What the page's service worker gets.

use nuncio_plugin_sdk::{Refusal, push::Push};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    options::{Format, Wanted},
    seal::MOST_BYTES,
};

/// The object; what there is nothing of is left out. The service worker shows it, see docs/channels/webpush.md.
#[derive(Serialize)]
struct Message<'a> {
    /// The delivery's id: the same on every attempt, so that a repetition takes the place of what is shown.
    id: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    title: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    text: &'a str,
    #[serde(skip_serializing_if = "Map::is_empty")]
    data: &'a Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    badge: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sound: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<&'a str>,
    /// Options of `showNotification`, as the producer wrote them.
    #[serde(skip_serializing_if = "Map::is_empty")]
    options: &'a Map<String, Value>,
}

/// The payload of the delivery `id`, of at most [`MOST_BYTES`].
///
/// # Errors
/// It is too large and must not be cut, or too large without a text.
pub(crate) fn payload(id: &str, push: &Push, wanted: &Wanted) -> Result<Vec<u8>, Refusal> {
    match wanted.format {
        Format::Text => {
            let text = if push.text.is_empty() { &push.title } else { &push.text };
            Ok(wanted.overflow.fit(text, str::len, MOST_BYTES)?.into_owned().into_bytes())
        }
        Format::Json => {
            let text = wanted.overflow.fit(&push.text, |text| json(id, push, text).len(), MOST_BYTES)?;
            Ok(json(id, push, &text))
        }
    }
}

fn json(id: &str, push: &Push, text: &str) -> Vec<u8> {
    let message = Message {
        id,
        title: &push.title,
        text,
        data: &push.data,
        badge: push.badge,
        sound: push.sound.as_deref(),
        image: push.image.as_deref(),
        link: push.link.as_deref(),
        options: &push.own,
    };
    // Nothing in it can fail to be JSON: keys are texts, and numbers were read as JSON.
    serde_json::to_vec(&message).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use nuncio_plugin_sdk::{Content, Notice, Options, SubscriberUri};
    use proptest::prelude::*;
    use serde_json::json;

    fn wanted(options: Value) -> Wanted {
        Wanted::read(&Options(options.as_object().cloned().unwrap())).unwrap()
    }

    fn push(title: &str, text: &str) -> Push {
        let mut push = Push::default();
        (push.title, push.text) = (title.to_owned(), text.to_owned());
        push
    }

    fn read(payload: &[u8]) -> Value {
        serde_json::from_slice(payload).unwrap()
    }

    #[test]
    fn what_there_is_stands_in_the_object_and_nothing_else() {
        let mut full = push("Order 7", "It is here");
        full.data.insert("order".to_owned(), json!(7));
        full.badge = Some(0);
        full.link = Some("https://shop.example/7".to_owned());
        full.own.insert("tag".to_owned(), json!("order-7"));
        assert_eq!(
            read(&payload("d-1", &full, &wanted(json!({}))).unwrap()),
            json!({"id": "d-1", "title": "Order 7", "text": "It is here", "data": {"order": 7}, "badge": 0,
                   "link": "https://shop.example/7", "options": {"tag": "order-7"}})
        );
        assert_eq!(read(&payload("d-1", &push("", ""), &wanted(json!({}))).unwrap()), json!({"id": "d-1"}));
    }

    /// The blocks of JSON in docs/channels/content.md: a message, and what a service worker gets of it.
    #[test]
    fn the_example_of_the_page_on_content_is_what_it_says() {
        let page = include_str!("../../../docs/channels/content.md");
        let blocks = page.split("```json\n").skip(1).filter_map(|rest| rest.split("```").next());
        let [message, shown]: [Value; 2] =
            blocks.map(|block| serde_json::from_str(block).unwrap()).collect::<Vec<_>>().try_into().unwrap();
        let (uri, options) = (SubscriberUri::parse("webpush:ann").unwrap(), Options::default());
        let body = message.to_string();
        let text = |name: &str| message[name].as_str().unwrap();
        let mut notice = Notice::new("18f3a5e2", &uri, &[], &options);
        notice.body = body.as_bytes();
        notice.content = Content::text(text("text")).with_subject(text("title"));
        let push = Push::of(&notice, "webpush").unwrap();
        assert_eq!(read(&payload(notice.id, &push, &wanted(json!({}))).unwrap()), shown);
    }

    #[test]
    fn text_alone_is_the_text_or_else_the_title() {
        let text = wanted(json!({"format": "text"}));
        assert_eq!(payload("d", &push("T", "It rang"), &text).unwrap(), b"It rang");
        assert_eq!(payload("d", &push("T", ""), &text).unwrap(), b"T");
    }

    #[test]
    fn what_is_too_large_is_cut_in_its_text_or_refused() {
        let long = push("T", &"\u{1f469}\u{200d}\u{1f680}\"".repeat(2_000));
        let cut = payload("d", &long, &wanted(json!({}))).unwrap();
        assert!((MOST_BYTES - 16..=MOST_BYTES).contains(&cut.len()), "{}", cut.len());
        assert!(read(&cut)["text"].as_str().unwrap().ends_with('…'));
        let refusal = payload("d", &long, &wanted(json!({"overflow": "refuse"}))).unwrap_err();
        assert_eq!(refusal.at, "/text");
        let titled = push(&"x".repeat(MOST_BYTES), "text");
        assert_eq!(payload("d", &titled, &wanted(json!({}))).unwrap_err().at, "/data");
    }

    proptest! {
        #[test]
        fn any_text_fits(text in "\\PC{0,3000}|.{0,3000}", plain in any::<bool>()) {
            let format = if plain { "text" } else { "json" };
            let payload = payload("d", &push("Title", &text), &wanted(json!({"format": format}))).unwrap();
            prop_assert!(payload.len() <= MOST_BYTES);
        }
    }
}
