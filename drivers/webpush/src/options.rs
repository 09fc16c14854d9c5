//! How a message is pushed: the options of a subscription, over which goes what the message says under `webpush`.

use nuncio_plugin_sdk::{
    JsonSchema, Options, Refusal,
    push::{Overflow, Push},
    read_options, schemars,
};
use serde::Deserialize;
use serde_json::{Map, Value};

/// The longest that services keep a message, in seconds: four weeks, also what is asked for by default.
pub(crate) const MOST_TTL: u32 = 2_419_200;
/// RFC 8030, section 5.4.
const LONGEST_TOPIC: usize = 32;

/// As they are written. Members that others understand are left alone.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(crate = "schemars")]
pub(crate) struct Written {
    /// For how many seconds the push service keeps a message for a browser that is offline, 0 to 2419200 (the default); 0
    /// is now or never.
    ttl: Option<u32>,
    /// When a device that saves its battery is to be woken for it: at once by `high`; `normal` where nothing is said.
    urgency: Option<Urgency>,
    /// A message takes the place of one with the same topic that the service still keeps: 1 to 32 letters, digits, `-`
    /// and `_`.
    topic: Option<String>,
    /// What the service worker gets: `json` (the default), or `text`, the text alone.
    format: Option<Format>,
    /// What becomes of a message with more than 3993 bytes: its text is cut (`truncate`, the default), or it is refused.
    overflow: Option<Overflow>,
}

/// RFC 8030, section 5.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(crate = "schemars")]
pub(crate) enum Urgency {
    VeryLow,
    Low,
    Normal,
    High,
}

impl Urgency {
    /// As it stands in the header.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::VeryLow => "very-low",
            Self::Low => "low",
            Self::Normal => "normal",
            Self::High => "high",
        }
    }
}

/// What the service worker gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(crate = "schemars")]
pub(crate) enum Format {
    /// An object with what there is of title, text, data and so on.
    #[default]
    Json,
    /// The text as it is.
    Text,
}

/// As they are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) ttl: u32,
    pub(crate) urgency: Option<Urgency>,
    pub(crate) topic: Option<String>,
    pub(crate) format: Format,
    pub(crate) overflow: Overflow,
}

impl Wanted {
    /// Reads and checks the options of a subscription.
    ///
    /// # Errors
    /// The first that is wrong, as `/options/...`.
    pub(crate) fn read(options: &Options) -> Result<Self, Refusal> {
        let written: Written = read_options(options, &[])?;
        Ok(Self {
            ttl: ttl(written.ttl, "/options")?.unwrap_or(MOST_TTL),
            urgency: written.urgency,
            topic: topic(written.topic, "/options")?,
            format: written.format.unwrap_or_default(),
            overflow: written.overflow.unwrap_or_default(),
        })
    }

    /// With what the message says of itself, which is taken out of it.
    ///
    /// # Errors
    /// The first that is wrong, as `/webpush/...`.
    pub(crate) fn over(mut self, push: &mut Push) -> Result<Self, Refusal> {
        let mut own = Map::new();
        for name in ["ttl", "urgency", "topic"] {
            own.extend(push.own.remove(name).map(|value| (name.to_owned(), value)));
        }
        let written: Written = read_options(&Options(own), &[]).map_err(|refusal| {
            let at = refusal.at.replacen("/options", "/webpush", 1);
            Refusal { at, ..refusal }
        })?;
        self.ttl = ttl(written.ttl, "/webpush")?.unwrap_or(self.ttl);
        self.urgency = written.urgency.or(self.urgency);
        self.topic = topic(written.topic, "/webpush")?.or(self.topic);
        Ok(self)
    }
}

/// The schema of the options.
pub(crate) fn schema() -> Value {
    schemars::schema_for!(Written).to_value()
}

fn ttl(ttl: Option<u32>, at: &str) -> Result<Option<u32>, Refusal> {
    match ttl {
        Some(seconds) if seconds > MOST_TTL => Err(Refusal::new(
            format!("{at}/ttl"),
            format!("{seconds} seconds are longer than any service keeps a message"),
        )
        .fix(format!("write at most {MOST_TTL}, which is four weeks"))),
        other => Ok(other),
    }
}

fn topic(topic: Option<String>, at: &str) -> Result<Option<String>, Refusal> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    match topic {
        Some(topic) if !(1..=LONGEST_TOPIC).contains(&topic.len()) || !topic.chars().all(fits) => {
            Err(Refusal::new(format!("{at}/topic"), "not 1 to 32 letters, digits, `-` and `_`")
                .fix("write \"topic\": \"order-7\""))
        }
        other => Ok(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(options: Value) -> Result<Wanted, String> {
        let Value::Object(map) = options else { panic!("options are an object") };
        Wanted::read(&Options(map)).map_err(|refusal| refusal.to_string())
    }

    fn push(own: Value) -> Push {
        let mut push = Push::default();
        push.own = own.as_object().cloned().unwrap();
        push
    }

    #[test]
    fn a_wrong_option_is_named_with_its_fix() {
        for (options, want) in [
            (json!({"ttl": 2_419_201}), "/options/ttl: 2419201 seconds are longer"),
            (json!({"ttl": -1}), "/options/ttl: "),
            (
                json!({"urgency": "loud"}),
                "/options/urgency: unknown variant `loud`, expected one of `very-low`",
            ),
            (json!({"topic": ""}), "/options/topic: not 1 to 32"),
            (json!({"topic": "a b"}), "/options/topic: not 1 to 32"),
            (json!({"topic": "x".repeat(33)}), "/options/topic: not 1 to 32"),
            (json!({"format": "xml"}), "/options/format: unknown variant"),
            (json!({"overflow": "split"}), "/options/overflow: unknown variant `split`"),
        ] {
            let error = read(options).unwrap_err();
            assert!(error.starts_with(want), "{error}");
        }
        assert!(
            read(json!({"subject": "x", "topic": "x".repeat(32), "urgency": "very-low", "ttl": 0})).is_ok()
        );
    }

    #[test]
    fn a_message_goes_over_the_subscription() {
        let wanted = read(json!({"ttl": 60, "urgency": "low", "topic": "news"})).unwrap();
        assert_eq!(wanted.clone().over(&mut push(json!({"tag": "t"}))), Ok(wanted.clone()));
        let mut own = push(json!({"ttl": 0, "urgency": "high", "topic": "order-7", "tag": "t"}));
        let over = wanted.clone().over(&mut own).unwrap();
        assert_eq!(
            (over.ttl, over.urgency, over.topic.as_deref()),
            (0, Some(Urgency::High), Some("order-7"))
        );
        assert_eq!(Value::Object(own.own), json!({"tag": "t"}));
        let refusal = wanted.over(&mut push(json!({"topic": "a/b"}))).unwrap_err();
        assert_eq!(refusal.at, "/webpush/topic");
    }
}
