//! [`Push`]: a message as a notification.

use nuncio_core::{Notice, Refusal};
use serde_json::{Map, Value};
use url::Url;

/// A message as a notification on one channel: what a person sees, and what the app is given with it.
///
/// Title and text are the rendered content, so a template makes them too. The rest are members of the message, when its
/// body is a JSON object. An object under the channel's name goes over all of them, for that channel alone.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Push {
    /// The first line; may be empty.
    pub title: String,
    /// The text; may be empty. Where the title is empty too, nobody is to see anything: the app gets `data`.
    pub text: String,
    /// What the app is given, for itself.
    pub data: Map<String, Value>,
    /// The number on the app's icon: 0 clears it, absent leaves it as it is.
    pub badge: Option<u32>,
    /// The sound, as the channel names it.
    pub sound: Option<String>,
    /// An `https:` URL of a picture.
    pub image: Option<String>,
    /// What opens when somebody taps it: any absolute URL, also of an app (`myapp://order/7`).
    pub link: Option<String>,
    /// What else stands under the channel's name: fields of the channel's own request, as they are.
    pub own: Map<String, Value>,
}

impl Push {
    /// What `notice` is on `channel` (`apns`, `fcm`, `webpush`, `sms`).
    ///
    /// # Errors
    /// A member of the wrong type, by its pointer into the message (`/badge`, `/apns/link`): the message is to be
    /// rejected, with [`Scope::Message`](crate::Scope::Message).
    pub fn of(notice: &Notice<'_>, channel: &str) -> Result<Self, Refusal> {
        let content = notice.content;
        let mut push = Self { title: content.subject.into(), text: content.text.into(), ..Self::default() };
        let Ok(Value::Object(mut body)) = serde_json::from_slice(notice.body) else { return Ok(push) };
        // The host shows an object without a text as JSON, which nobody wants on a screen.
        if is_for_a_phone(&body)
            && serde_json::from_str(content.text).is_ok_and(|text: Map<_, _>| text == body)
        {
            push.text.clear();
        }
        let own = body.remove(channel);
        push.take(&mut body, "")?;
        match own {
            None | Some(Value::Null) => {}
            Some(Value::Object(mut own)) => {
                let at = format!("/{channel}");
                push.take_words(&mut own, &at)?;
                push.take(&mut own, &at)?;
                push.own = own;
            }
            Some(_) => {
                let fix = format!("write \"{channel}\": {{\"text\": \"...\"}}");
                return Err(Refusal::new(format!("/{channel}"), "not an object").fix(fix));
            }
        }
        Ok(push)
    }

    /// Title and text of an override. Those of the message itself have been rendered before.
    fn take_words(&mut self, members: &mut Map<String, Value>, at: &str) -> Result<(), Refusal> {
        for (name, place) in [("title", &mut self.title), ("text", &mut self.text)] {
            over(place, taken(members, at, name, text)?.map(Option::unwrap_or_default));
        }
        Ok(())
    }

    fn take(&mut self, members: &mut Map<String, Value>, at: &str) -> Result<(), Refusal> {
        over(&mut self.data, taken(members, at, "data", object)?.map(Option::unwrap_or_default));
        over(&mut self.badge, taken(members, at, "badge", count)?);
        over(&mut self.sound, taken(members, at, "sound", text)?);
        over(&mut self.image, taken(members, at, "image", picture)?);
        over(&mut self.link, taken(members, at, "link", target)?);
        Ok(())
    }
}

/// Whether it has a member that a notification is made of.
fn is_for_a_phone(body: &Map<String, Value>) -> bool {
    let known =
        ["title", "subject", "data", "badge", "sound", "image", "link", "apns", "fcm", "webpush", "sms"];
    known.iter().any(|name| body.contains_key(*name))
}

fn over<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

/// The member `name`: nothing if it is absent, `Some(None)` if it is null.
fn taken<T>(
    members: &mut Map<String, Value>,
    at: &str,
    name: &str,
    read: fn(Value) -> Result<T, (&'static str, &'static str)>,
) -> Result<Option<Option<T>>, Refusal> {
    match members.remove(name) {
        None => Ok(None),
        Some(Value::Null) => Ok(Some(None)),
        Some(value) => read(value).map(|value| Some(Some(value))).map_err(|(why, example)| {
            Refusal::new(format!("{at}/{name}"), why).fix(format!("write \"{name}\": {example}"))
        }),
    }
}

fn text(value: Value) -> Result<String, (&'static str, &'static str)> {
    match value {
        Value::String(text) => Ok(text),
        _ => Err(("not a text", "\"...\"")),
    }
}

fn object(value: Value) -> Result<Map<String, Value>, (&'static str, &'static str)> {
    match value {
        Value::Object(map) => Ok(map),
        _ => Err(("not an object", "{\"order\": \"7\"}")),
    }
}

fn count(value: Value) -> Result<u32, (&'static str, &'static str)> {
    let count = value.as_u64().and_then(|count| u32::try_from(count).ok());
    count.ok_or(("not a whole number from 0 to 4294967295", "3"))
}

fn picture(value: Value) -> Result<String, (&'static str, &'static str)> {
    let refused = ("not an https URL", "\"https://example.com/door.png\"");
    address(value).filter(|(url, _)| url.scheme() == "https").map(|(_, text)| text).ok_or(refused)
}

fn target(value: Value) -> Result<String, (&'static str, &'static str)> {
    // A browser would run it in the page that shows the notification.
    let runs = |url: &Url| matches!(url.scheme(), "javascript" | "data" | "vbscript");
    let refused = ("not an absolute URL that can be opened", "\"https://example.com/orders/7\"");
    address(value).filter(|(url, _)| !runs(url)).map(|(_, text)| text).ok_or(refused)
}

/// A URL, and how it was written: an app may know its own links by their letters.
fn address(value: Value) -> Option<(Url, String)> {
    let Value::String(text) = value else { return None };
    let url = Url::parse(&text).ok()?;
    (!text.contains(|c: char| c.is_control() || c.is_whitespace())).then_some((url, text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Content, Options, SubscriberUri};
    use serde_json::json;

    /// The notification that a message is on `channel`, with the content that the host renders by default.
    fn push(body: Value, subject: &str, text: &str, channel: &str) -> Result<Push, Refusal> {
        let (uri, options) = (SubscriberUri::parse("apns:a").unwrap(), Options::default());
        let body = body.to_string();
        let mut notice = Notice::new("d", &uri, &[], &options);
        notice.body = body.as_bytes();
        notice.content = Content::text(text).with_subject(subject);
        Push::of(&notice, channel)
    }

    fn refused(body: Value) -> String {
        push(body, "", "", "apns").unwrap_err().to_string()
    }

    #[test]
    fn title_and_text_are_rendered_and_the_rest_stands_in_the_message() {
        let body = json!({
            "title": "not this", "text": "nor this", "data": {"order": 7}, "badge": 3, "sound": "ding",
            "image": "https://example.com/a.png", "link": "myapp://order/7",
        });
        let made = push(body, "Order 7", "It is here", "fcm").unwrap();
        assert_eq!((made.title.as_str(), made.text.as_str()), ("Order 7", "It is here"));
        assert_eq!((made.badge, made.sound.as_deref()), (Some(3), Some("ding")));
        assert_eq!(made.image.as_deref(), Some("https://example.com/a.png"));
        assert_eq!(made.link.as_deref(), Some("myapp://order/7"));
        assert_eq!((Value::Object(made.data), made.own.len()), (json!({"order": 7}), 0));
    }

    #[test]
    fn a_channel_goes_over_the_message_and_no_other_does() {
        let body = json!({
            "badge": 3, "sound": "ding", "link": "https://example.com/", "data": {"a": 1},
            "apns": {"title": "Short", "text": "S", "badge": 0, "sound": null, "data": {"b": 2}, "aps": {"x": 1}},
        });
        let apns = push(body.clone(), "Long", "L", "apns").unwrap();
        assert_eq!((apns.title.as_str(), apns.text.as_str(), apns.badge), ("Short", "S", Some(0)));
        assert_eq!((apns.sound, apns.link.as_deref()), (None, Some("https://example.com/")));
        assert_eq!(
            (Value::Object(apns.data), Value::Object(apns.own)),
            (json!({"b": 2}), json!({"aps": {"x": 1}}))
        );
        let fcm = push(body, "Long", "L", "fcm").unwrap();
        assert_eq!((fcm.title.as_str(), fcm.badge, fcm.sound.as_deref()), ("Long", Some(3), Some("ding")));
        assert!(fcm.own.is_empty());
    }

    #[test]
    fn a_wrong_type_is_named_by_its_pointer_and_shown_right() {
        assert_eq!(
            refused(json!({"badge": "three"})),
            "/badge: not a whole number from 0 to 4294967295; write \"badge\": 3"
        );
        assert!(refused(json!({"badge": -1})).starts_with("/badge: "));
        assert!(refused(json!({"data": [1]})).starts_with("/data: not an object; "));
        assert!(
            refused(json!({"apns": {"link": "/orders/7"}})).starts_with("/apns/link: not an absolute URL")
        );
        assert!(refused(json!({"link": "javascript:alert(1)"})).starts_with("/link: "));
        assert!(
            refused(json!({"image": "http://example.com/a.png"})).starts_with("/image: not an https URL; ")
        );
        assert!(refused(json!({"apns": {"text": 5}})).starts_with("/apns/text: not a text"));
        assert!(refused(json!({"apns": "loud"})).starts_with("/apns: not an object; "));
        assert!(push(json!({"fcm": "loud", "badge": null}), "", "", "apns").is_ok());
    }

    #[test]
    fn a_message_without_a_text_is_not_shown_as_json() {
        let silent = json!({"data": {"refresh": true}});
        let shown = serde_json::to_string_pretty(&silent).unwrap();
        assert_eq!(push(silent, "", &shown, "apns").unwrap().text, "");
        let event = json!({"temperature": 21});
        let shown = serde_json::to_string_pretty(&event).unwrap();
        assert_eq!(push(event, "", &shown, "apns").unwrap().text, shown);
    }

    #[test]
    fn a_message_that_is_no_object_is_its_text() {
        let made = push(json!("It rang"), "", "It rang", "webpush").unwrap();
        assert_eq!(made, Push { text: "It rang".to_owned(), ..Push::default() });
    }
}
