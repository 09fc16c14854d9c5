//! The payload (Apple's "Generating a remote notification").

use nuncio_plugin_sdk::{
    Refusal,
    push::Push,
    serde_json::{Map, Value, json},
};

use crate::options::{PushType, Wanted};

/// The payload of `push` as JSON text, not larger than its type may be.
pub(crate) fn payload(push: &Push, push_type: PushType, wanted: &Wanted) -> Result<String, Refusal> {
    let with = |text: &str| Value::Object(object(push, text, push_type, wanted)).to_string();
    let text = wanted.overflow.fit(&push.text, |text| with(text).len(), push_type.most_bytes())?;
    Ok(with(&text))
}

fn object(push: &Push, text: &str, push_type: PushType, wanted: &Wanted) -> Map<String, Value> {
    let mut aps = Map::new();
    let mut alert = Map::new();
    let parts = [("title", push.title.as_str()), ("body", text)];
    alert.extend(
        parts
            .into_iter()
            .filter(|(_, part)| !part.is_empty())
            .map(|(name, part)| (name.to_owned(), part.into())),
    );
    let set: [(&str, Option<Value>); 7] = [
        ("alert", (!alert.is_empty()).then_some(Value::Object(alert))),
        ("badge", push.badge.map(Value::from)),
        ("sound", push.sound.clone().map(Value::from)),
        // The app's service extension fetches the picture.
        ("mutable-content", push.image.as_ref().map(|_| json!(1))),
        ("content-available", (push_type == PushType::Background).then_some(json!(1))),
        ("thread-id", wanted.thread_id.clone().map(Value::from)),
        ("category", wanted.category.clone().map(Value::from)),
    ];
    aps.extend(set.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    let mut payload = Map::new();
    payload.insert("aps".to_owned(), Value::Object(aps));
    if !push.data.is_empty() {
        payload.insert("data".to_owned(), Value::Object(push.data.clone()));
    }
    let addresses = [("image", &push.image), ("link", &push.link)];
    payload
        .extend(addresses.into_iter().filter_map(|(name, url)| Some((name.to_owned(), url.clone()?.into()))));
    merge(&mut payload, &push.own);
    payload
}

/// Puts `own` over `payload`: objects within `aps` member by member, all else as a whole.
fn merge(payload: &mut Map<String, Value>, own: &Map<String, Value>) {
    for (name, value) in own {
        match (payload.get_mut(name), value) {
            (Some(Value::Object(into)), Value::Object(from)) => merge(into, from),
            _ => drop(payload.insert(name.clone(), value.clone())),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn push(title: &str, text: &str) -> Push {
        let mut push = Push::default();
        (push.title, push.text) = (title.to_owned(), text.to_owned());
        push
    }

    fn made(push: &Push, options: Value) -> Result<Value, Refusal> {
        let wanted = Wanted::read(&serde_json::from_value(options).unwrap()).ok().unwrap();
        let text = payload(push, wanted.push_type(push), &wanted)?;
        Ok(serde_json::from_str(&text).unwrap())
    }

    #[test]
    fn each_member_stands_where_apple_has_it() {
        let mut push = push("Game Request", "Bob wants to play poker");
        (push.badge, push.sound) = (Some(9), Some("bingbong.aiff".to_owned()));
        (push.image, push.link) = (Some("https://a.example/b.png".to_owned()), Some("game://7".to_owned()));
        push.data = json!({"gameID": "12345678"}).as_object().unwrap().clone();
        push.own =
            json!({"aps": {"alert": {"subtitle": "Five Card Draw"}, "sound": {"name": "x"}}, "k": [1]})
                .as_object()
                .unwrap()
                .clone();
        let made = made(&push, json!({"thread_id": "games", "category": "GAME_INVITATION"})).unwrap();
        assert_eq!(
            made,
            json!({
                "aps": {
                    "alert": {"title": "Game Request", "subtitle": "Five Card Draw", "body": "Bob wants to play poker"},
                    "badge": 9, "sound": {"name": "x"}, "mutable-content": 1,
                    "thread-id": "games", "category": "GAME_INVITATION",
                },
                "data": {"gameID": "12345678"}, "image": "https://a.example/b.png", "link": "game://7", "k": [1],
            })
        );
    }

    #[test]
    fn what_is_silent_wakes_the_app() {
        assert_eq!(made(&push("", ""), json!({})).unwrap(), json!({"aps": {"content-available": 1}}));
    }

    #[test]
    fn a_long_text_is_cut_to_4096_bytes_and_to_5120_of_a_call() {
        let long = push("t", &"é\"".repeat(3000));
        for (options, most) in [(json!({}), 4096), (json!({"push_type": "voip"}), 5120)] {
            let wanted = Wanted::read(&serde_json::from_value(options).unwrap()).ok().unwrap();
            let text = payload(&long, wanted.push_type(&long), &wanted).unwrap();
            assert!((most - 8..=most).contains(&text.len()), "{}", text.len());
            assert!(text.contains('…'));
        }
    }

    #[test]
    fn what_cannot_be_cut_is_refused() {
        let error =
            made(&push("", &"x".repeat(5000)), json!({"overflow": "refuse"})).unwrap_err().to_string();
        assert!(error.contains("4096"), "{error}");
        let mut large = push("", "short");
        large.data = json!({"x": "y".repeat(5000)}).as_object().unwrap().clone();
        assert!(made(&large, json!({})).unwrap_err().to_string().contains("4096"));
    }

    proptest! {
        #[test]
        fn a_payload_never_has_more_bytes_than_it_may(
            title in "\\PC{0,200}", text in ".{0,6000}", data in "\\PC{0,900}",
        ) {
            let mut push = push(&title, &text);
            push.data.insert("d".to_owned(), data.clone().into());
            let wanted = Wanted::default();
            if let Ok(payload) = payload(&push, PushType::Alert, &wanted) {
                prop_assert!(payload.len() <= 4096);
                let read: Value = serde_json::from_str(&payload).unwrap();
                let body = read["aps"]["alert"]["body"].as_str().unwrap_or_default();
                prop_assert!(text == body || text.starts_with(body.trim_end_matches('…')));
            } else {
                prop_assert!(2 * (title.len() + data.len()) > 3000);
            }
        }
    }
}
