//! The message (Firebase's reference of `projects.messages`).

use nuncio_plugin_sdk::{
    Notice, Refusal,
    push::Push,
    serde_json::{Map, Value, json},
};

use crate::options::{Priority, Wanted};

/// The largest message in bytes. FCM counts keys and values of what it hands on; here all but the token is counted, so
/// that what is sent is never refused for its size.
const MOST_BYTES: usize = 4096;
/// Members that say where a message goes, or that FCM makes.
const TAKEN: [&str; 4] = ["token", "topic", "condition", "name"];

/// What is asked of `messages:send`, but for the token.
pub(crate) struct Message {
    message: Map<String, Value>,
    validate_only: bool,
}

impl Message {
    /// The message of `notice`.
    pub(crate) fn of(notice: &Notice<'_>) -> Result<Self, Refusal> {
        let wanted = Wanted::read(notice.options)?;
        let push = Push::of(notice, "fcm")?;
        if let Some(name) = TAKEN.into_iter().find(|name| push.own.contains_key(*name)) {
            let why = "the device says where it goes, and FCM what it is called";
            return Err(Refusal::new(format!("/fcm/{name}"), why).fix("leave it out"));
        }
        let data = data(&push)?;
        let made = |text: &str| Plan { push: &push, text, data: &data, wanted: &wanted, notice }.message();
        let size = |text: &str| Value::Object(made(text)).to_string().len();
        let text = wanted.overflow.fit(&push.text, size, MOST_BYTES)?;
        let message = made(&text);
        own_data(&message)?;
        Ok(Self { message, validate_only: wanted.validate_only })
    }

    /// The body of the request to the device with `token`.
    pub(crate) fn body(mut self, token: &str) -> Value {
        self.message.insert("token".to_owned(), token.into());
        let mut body = json!({"message": self.message});
        if self.validate_only
            && let Some(body) = body.as_object_mut()
        {
            body.insert("validate_only".to_owned(), true.into());
        }
        body
    }
}

/// `data` as FCM takes it: texts, and what is none as JSON; the link stands there for the app too.
fn data(push: &Push) -> Result<Map<String, Value>, Refusal> {
    let mut data = Map::new();
    for (name, value) in &push.data {
        reserved(name, &format!("/data/{name}"))?;
        let text = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        data.insert(name.clone(), text.into());
    }
    if let (Some(link), false) = (&push.link, data.contains_key("link")) {
        data.insert("link".to_owned(), link.as_str().into());
    }
    Ok(data)
}

/// Keys that FCM keeps for itself (the reference of `data`, and of the error `INVALID_ARGUMENT`).
fn reserved(name: &str, at: &str) -> Result<(), Refusal> {
    if matches!(name, "from" | "message_type") || name.starts_with("google") || name.starts_with("gcm") {
        return Err(Refusal::new(at, "FCM keeps this key for itself").fix("call it otherwise"));
    }
    Ok(())
}

/// The producer's own fields may have put something into `data`.
fn own_data(message: &Map<String, Value>) -> Result<(), Refusal> {
    for (name, value) in message.get("data").and_then(Value::as_object).into_iter().flatten() {
        let at = format!("/fcm/data/{name}");
        reserved(name, &at)?;
        if !value.is_string() {
            return Err(Refusal::new(at, "not a text").fix("write the values of `data` as texts"));
        }
    }
    Ok(())
}

/// What a message is made of.
struct Plan<'a> {
    push: &'a Push,
    text: &'a str,
    data: &'a Map<String, Value>,
    wanted: &'a Wanted,
    notice: &'a Notice<'a>,
}

impl Plan<'_> {
    fn message(&self) -> Map<String, Value> {
        let notification = members([
            ("title", some(&self.push.title)),
            ("body", some(self.text)),
            ("image", self.push.image.clone().map(Value::from)),
        ]);
        let shown = !self.push.title.is_empty() || !self.text.is_empty();
        let mut message = members([
            ("notification", (shown).then_some(Value::Object(notification))),
            ("data", filled(self.data.clone())),
            ("android", filled(self.android(shown))),
            ("apns", filled(self.apns(shown))),
            ("webpush", filled(self.webpush(shown))),
        ]);
        merge(&mut message, &self.push.own);
        message
    }

    fn priority(&self, shown: bool) -> Priority {
        self.wanted.priority.unwrap_or(if shown { Priority::High } else { Priority::Normal })
    }

    /// How long FCM is to keep it, in seconds, if not the four weeks that it keeps by itself. The life of the message says
    /// nothing of it, since that is about pull.
    const fn ttl(&self) -> Option<u32> {
        self.wanted.ttl
    }

    fn android(&self, shown: bool) -> Map<String, Value> {
        let priority = if self.priority(shown) == Priority::High { "HIGH" } else { "NORMAL" };
        let notification = members([
            ("sound", self.push.sound.clone().map(Value::from)),
            ("notification_count", self.push.badge.map(Value::from)),
        ]);
        members([
            ("priority", Some(priority.into())),
            ("ttl", self.ttl().map(|ttl| format!("{ttl}s").into())),
            ("collapse_key", self.wanted.collapse_key.clone().map(Value::from)),
            // By itself it would make a message that is shown.
            ("notification", filled(notification).filter(|_| shown)),
        ])
    }

    fn apns(&self, shown: bool) -> Map<String, Value> {
        let priority = if self.priority(shown) == Priority::High { "10" } else { "5" };
        let created_s = self.notice.created_ms.div_euclid(1000);
        let until = |ttl: u32| if ttl == 0 { 0 } else { created_s + i64::from(ttl) };
        // What has data alone must have 5.
        let headers = members([
            ("apns-priority", Some(if shown { priority } else { "5" }.into())),
            ("apns-expiration", self.ttl().map(|ttl| until(ttl).to_string().into())),
            ("apns-collapse-id", self.wanted.collapse_key.clone().map(Value::from)),
        ]);
        let aps = members([
            ("badge", self.push.badge.map(Value::from)),
            ("sound", self.push.sound.clone().map(Value::from)),
            ("mutable-content", self.push.image.as_ref().map(|_| json!(1))),
            ("content-available", (!shown).then(|| json!(1))),
        ]);
        let image = self.push.image.as_ref().map(|image| json!({"image": image}));
        members([
            ("headers", filled(headers)),
            ("payload", filled(aps).map(|aps| json!({"aps": aps}))),
            ("fcm_options", image),
        ])
    }

    fn webpush(&self, shown: bool) -> Map<String, Value> {
        let urgency = if self.priority(shown) == Priority::High { "high" } else { "normal" };
        let headers = members([
            ("Urgency", Some(urgency.into())),
            ("TTL", self.ttl().map(|ttl| ttl.to_string().into())),
        ]);
        // FCM takes a link of HTTPS alone.
        let link = self.push.link.as_ref().filter(|link| link.starts_with("https://"));
        members([
            ("headers", filled(headers)),
            ("fcm_options", link.filter(|_| shown).map(|link| json!({"link": link}))),
        ])
    }
}

fn some(text: &str) -> Option<Value> {
    (!text.is_empty()).then(|| text.into())
}

fn filled(map: Map<String, Value>) -> Option<Value> {
    (!map.is_empty()).then_some(Value::Object(map))
}

fn members<const N: usize>(all: [(&str, Option<Value>); N]) -> Map<String, Value> {
    all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// Puts `own` over `message`: objects member by member, all else as a whole.
fn merge(message: &mut Map<String, Value>, own: &Map<String, Value>) {
    for (name, value) in own {
        match (message.get_mut(name), value) {
            (Some(Value::Object(into)), Value::Object(from)) => merge(into, from),
            _ => drop(message.insert(name.clone(), value.clone())),
        }
    }
}

#[cfg(test)]
mod tests;
