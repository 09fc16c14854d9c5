//! What the owner has, and what is nowhere.

use std::collections::BTreeMap;

use nuncio_core::wire::Device;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    door::{Door, Told},
    people::{OWNER, Person},
};
use crate::{access::KeyWish, api::Face};

/// Names and ids by the name of their place in a path: `queue`, `message`, ...
#[derive(Clone, Debug)]
pub(crate) struct Things(BTreeMap<&'static str, String>);

impl Things {
    /// Things that the owner makes, in a queue called after `n`.
    pub(crate) async fn made(door: &impl Door, face: &Face, owner: &Person, n: usize) -> Self {
        let queue = format!("there{n}");
        let (message, subscription) = held(door, owner, &format!("/v2/queues/{queue}"), WEBHOOK).await;
        let (topic_message, topic_subscription) =
            held(door, owner, &format!("/v2/topics/{queue}"), WEBHOOK).await;
        let claims = format!("/v2/queues/{queue}/claims");
        let claimed = door.send(owner, "POST", &claims, Some(json!({"ttl": 300, "grace": 60}))).await;
        assert_eq!(claimed.status, 201, "{claimed:?}");
        let claim = claimed.place.rsplit('/').next().unwrap().to_owned();
        // What is not claimed could be taken by anybody.
        let (free, attachable) = held(door, owner, &format!("/v2/queues/{queue}"), "websocket:theirs").await;
        let tomorrow = face.clock.now_ms() / 1000 + 86_400;
        let later = json!({"to": ["log:theirs"], "content": "x", "deliver_at": tomorrow});
        let sent = door.send(owner, "POST", "/v2/notifications", Some(later)).await.is(202);
        let none = json!({"queue": queue});
        let job = door.send(owner, "POST", "/v2/deliveries/replay", Some(none)).await.is(202);
        let job = job["id"].as_str().unwrap().to_owned();
        while door.send(owner, "GET", &format!("/v2/jobs/{job}"), None).await.is(200)["state"] == "running" {
            tokio::task::yield_now().await;
        }
        let key =
            KeyWish { project: OWNER.to_owned(), roles: vec!["reader".to_owned()], ..KeyWish::default() };
        let key = face.access.keys().create(key).await.unwrap().row.id;
        let device = format!("phone{n}");
        let mut phone = Device::new("apns", "theirs");
        phone.id.clone_from(&device);
        face.store.device_put(OWNER, phone).await.unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Self(BTreeMap::from([
            ("topic", queue.clone()),
            ("queue", queue),
            ("message", message),
            ("topic_message", topic_message),
            ("free", free),
            ("subscription", subscription),
            ("attachable", attachable),
            ("topic_subscription", topic_subscription),
            ("claim", claim),
            ("delivery", text(&sent["deliveries"][0]["id"])),
            ("job", job),
            ("key", key),
            ("device", device),
            ("driver", "log".to_owned()),
            ("account", "default".to_owned()),
            ("*below", "x".to_owned()),
        ]))
    }

    /// The same places with what nobody has. Ids are shaped as those that exist: they are of another host.
    pub(crate) fn absent(&self, other: &Self, n: usize) -> Self {
        let mut names = other.0.clone();
        for kind in ["queue", "topic"] {
            names.insert(kind, format!("nowhere{n}"));
        }
        assert!(self.0.keys().eq(names.keys()));
        Self(names)
    }

    /// The name or id at a place.
    pub(crate) fn of(&self, place: &str) -> &str {
        self.0.get(place).unwrap_or_else(|| panic!("add `{place}` to the things"))
    }

    /// The path of a route. What stands below a topic is the topic's own.
    pub(crate) fn path(&self, route: &str) -> String {
        let of_topic = |name: &str| {
            let below = route.starts_with("/v2/topics/").then(|| format!("topic_{name}"))?;
            self.0.get(below.as_str())
        };
        let part = |part: &str| match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            None => part.to_owned(),
            Some(name) => of_topic(name).map_or_else(|| self.of(name), String::as_str).to_owned(),
        };
        route.split('/').map(part).collect::<Vec<_>>().join("/")
    }
}

/// Nothing listens there.
const WEBHOOK: &str = "http://127.0.0.1:9/theirs";

/// A message, and a subscription of `subscriber`, that `owner` makes below `place`.
async fn held(door: &impl Door, owner: &Person, place: &str, subscriber: &str) -> (String, String) {
    let posted = json!({"messages": [{"body": "theirs", "ttl": 300}]});
    let posted = door.send(owner, "POST", &format!("{place}/messages"), Some(posted)).await.is(201);
    let message = posted["resources"][0].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    let wish = json!({"subscriber": subscriber});
    let subscribed = door.send(owner, "POST", &format!("{place}/subscriptions"), Some(wish)).await.is(201);
    (message, subscribed["subscription_id"].as_str().unwrap().to_owned())
}

/// What was told, without the names, ids and times by which it may differ. Numbers stay: they may be counts.
pub(crate) fn plain(told: Told) -> Told {
    let mut body: Value = serde_json::from_str(&told.body).unwrap_or(Value::String(told.body));
    timeless(&mut body);
    Told { status: told.status, body: masked(&body.to_string()), place: masked(&told.place) }
}

/// `text` with a star for each id, and for each word that has letters and digits in it, or is long.
fn masked(text: &str) -> String {
    let mut all = String::new();
    for part in text.split_inclusive(|c: char| !(c.is_ascii_alphanumeric() || c == '-')) {
        let id = part.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        match Uuid::try_parse(id) {
            Ok(_) => all.push_str(&part.replacen(id, "*", 1)),
            Err(_) => all.push_str(&without_names(part)),
        }
    }
    all
}

fn without_names(text: &str) -> String {
    let mut all = String::new();
    for part in text.split_inclusive(|c: char| !c.is_ascii_alphanumeric()) {
        let word = part.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        let has = |test: fn(&u8) -> bool| word.as_bytes().iter().any(test);
        let name = has(u8::is_ascii_digit) && (has(u8::is_ascii_alphabetic) || word.len() >= 4);
        all.push_str(if name { "*" } else { word });
        all.push_str(part.strip_prefix(word).unwrap_or_default());
    }
    all
}

/// All that the owner can see, without what time changes.
pub(crate) async fn seen(door: &impl Door, owner: &Person, things: &Things) -> String {
    let mut all = String::new();
    for route in [
        "/v2/queues?detailed=true&limit=20&marker=",
        "/v2/queues/{queue}",
        "/v2/queues/{queue}/stats",
        "/v2/queues/{queue}/messages?echo=true&include_claimed=true&include_delayed=true",
        "/v2/queues/{queue}/subscriptions",
        "/v2/queues/{queue}/claims/{claim}",
        "/v2/topics?detailed=true&limit=20&marker=",
        "/v2/topics/{topic}",
        "/v2/topics/{topic}/stats",
        "/v2/topics/{topic}/messages?echo=true",
        "/v2/topics/{topic}/subscriptions",
        "/v2/deliveries/{delivery}",
        "/v2/jobs/{job}",
        "/v2/devices/{device}",
    ] {
        let (path, query) = route.split_once('?').unwrap_or((route, ""));
        let told = door.send(owner, "GET", &format!("{}?{query}", things.path(path)), None).await;
        let mut value: Value = serde_json::from_str(&told.body).unwrap_or_default();
        timeless(&mut value);
        all.push_str(&format!("{route} {} {value}\n", told.status));
    }
    all
}

fn timeless(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|name, _| !["age", "created", "expires"].contains(&name.as_str()));
            map.values_mut().for_each(timeless);
        }
        Value::Array(list) => list.iter_mut().for_each(timeless),
        _ => {}
    }
}
