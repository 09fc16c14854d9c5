//! The table of options: which there are, what shape each has, and which come in a later version.

use nuncio_core::{LaneRules, duration::parse_duration, retry::Policy};
use serde_json::{Map, Value};

/// What is wrong with a value: where in it, and why.
pub(super) struct Flaw {
    /// A JSON pointer into the value, empty for the whole of it.
    pub(super) at: String,
    /// Why.
    pub(super) why: String,
}

type Check = fn(&Value, &Bounds) -> Result<(), Flaw>;

/// What the configuration says of options.
pub(super) struct Bounds {
    /// The longest `deadline`.
    pub(super) max_deadline: std::time::Duration,
}

/// The options of this version.
pub(super) const KNOWN: [(&str, Check); 20] = [
    ("subject", line),
    ("from", line),
    ("cc", lines),
    ("bcc", lines),
    ("reply_to", lines),
    ("template", line),
    ("text", text),
    ("html", text),
    ("post_data", post_data),
    ("post_headers", headers),
    ("secret", secret),
    ("format", format),
    ("retry", retry),
    ("_retry_policy", zaqar_retry),
    ("deadline", deadline),
    ("filter", whole),
    ("filter_scope", whole),
    ("ordered", |value, _| rule("ordered", value)),
    ("rate", |value, _| rule("rate", value)),
    ("max_in_flight", |value, _| rule("max_in_flight", value)),
];

/// The options of later versions.
pub(super) const LATER: [&str; 1] = ["attach"];

impl Flaw {
    fn new(why: impl Into<String>) -> Self {
        Self { at: String::new(), why: why.into() }
    }
}

/// What is checked together with other options.
fn whole(_: &Value, _: &Bounds) -> Result<(), Flaw> {
    Ok(())
}

fn text(value: &Value, _: &Bounds) -> Result<(), Flaw> {
    value.as_str().map(drop).ok_or_else(|| Flaw::new("must be a string"))
}

fn line(value: &Value, bounds: &Bounds) -> Result<(), Flaw> {
    text(value, bounds)?;
    let controls = value.as_str().is_some_and(|text| text.chars().any(char::is_control));
    if controls { Err(Flaw::new("must be one line, without control characters")) } else { Ok(()) }
}

/// A string, a list of strings, or an object whose values are strings.
fn lines(value: &Value, bounds: &Bounds) -> Result<(), Flaw> {
    let inner = |at: String, value: &Value| line(value, bounds).map_err(|flaw| Flaw { at, ..flaw });
    match value {
        Value::String(_) => line(value, bounds),
        Value::Array(list) => {
            list.iter().enumerate().try_for_each(|(index, one)| inner(format!("/{index}"), one))
        }
        Value::Object(map) => map.iter().try_for_each(|(name, one)| inner(format!("/{name}"), one)),
        _ => Err(Flaw::new("must be a string or a list of strings")),
    }
}

fn post_data(value: &Value, bounds: &Bounds) -> Result<(), Flaw> {
    text(value, bounds)
        .map_err(|_| Flaw::new("must be a string: write the JSON that is to be posted as text"))
}

fn headers(value: &Value, bounds: &Bounds) -> Result<(), Flaw> {
    let map = value.as_object().ok_or_else(|| Flaw::new("must be an object of header names and values"))?;
    map.iter().try_for_each(|(name, one)| {
        let at = format!("/{name}");
        line(one, bounds).map_err(|flaw| Flaw { at, ..flaw })
    })
}

fn secret(value: &Value, bounds: &Bounds) -> Result<(), Flaw> {
    match value {
        Value::String(_) | Value::Array(_) => lines(value, bounds),
        _ => Err(Flaw::new("must be a string, or a list of strings while it is being changed")),
    }
}

fn format(value: &Value, _: &Bounds) -> Result<(), Flaw> {
    match value.as_str() {
        Some("zaqar" | "raw" | "cloudevents" | "cloudevents-binary") => Ok(()),
        _ => Err(Flaw::new("must be `zaqar`, `raw`, `cloudevents` or `cloudevents-binary`")),
    }
}

fn retry(value: &Value, _: &Bounds) -> Result<(), Flaw> {
    Policy::own(value).map(drop).map_err(Flaw::from)
}

fn zaqar_retry(value: &Value, _: &Bounds) -> Result<(), Flaw> {
    Policy::zaqar(value).map(drop).map_err(Flaw::from)
}

fn deadline(value: &Value, bounds: &Bounds) -> Result<(), Flaw> {
    let text = value.as_str().ok_or_else(|| Flaw::new("must be a duration, like \"15s\""))?;
    let duration = parse_duration(text).map_err(|error| Flaw::new(error.to_string()))?;
    if (std::time::Duration::from_secs(1)..=bounds.max_deadline).contains(&duration) {
        return Ok(());
    }
    let most = bounds.max_deadline.as_secs();
    Err(Flaw::new(format!("must be from 1s to {most}s (delivery.max_deadline)")))
}

/// One of the options that make the rules of a lane.
fn rule(name: &str, value: &Value) -> Result<(), Flaw> {
    let alone = Map::from_iter([(name.to_owned(), value.clone())]);
    LaneRules::parse(&alone).map(drop).map_err(|refusal| {
        let at = refusal.at.strip_prefix('/').and_then(|at| at.strip_prefix(name)).unwrap_or_default();
        Flaw::from(nuncio_core::Refusal { at: at.to_owned(), ..refusal.clone() })
    })
}

impl From<nuncio_core::Refusal> for Flaw {
    fn from(refusal: nuncio_core::Refusal) -> Self {
        let why =
            if refusal.fix.is_empty() { refusal.why } else { format!("{}; {}", refusal.why, refusal.fix) };
        Self { at: refusal.at, why }
    }
}
