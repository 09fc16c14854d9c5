//! How a driver is shown to programs: by the API and the command line alike.

use nuncio_core::{Entry, Origin, Refused};
use serde_json::{Map, Value, json};

/// Whether a driver delivers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Standing {
    /// It does.
    Ready,
    /// It cannot as it is configured: its deliveries wait.
    Disabled(String),
    /// It is not there, though it is configured: its deliveries wait.
    Refused(String),
}

impl Standing {
    /// That of a driver that is there.
    #[must_use]
    pub fn of(entry: &Entry) -> Self {
        entry.driver.disabled().map_or(Self::Ready, Self::Disabled)
    }

    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Disabled(_) => "disabled",
            Self::Refused(_) => "refused",
        }
    }

    /// Why it does not deliver.
    #[must_use]
    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Ready => None,
            Self::Disabled(why) | Self::Refused(why) => Some(why),
        }
    }
}

/// A driver: its manifest, where it came from, and whether it delivers. Holds schemas, never settings.
#[must_use]
pub fn described(entry: &Entry) -> Value {
    let mut value = serde_json::to_value(&*entry.manifest).unwrap_or_default();
    if let Value::Object(map) = &mut value {
        complete(map, &entry.origin, &Standing::of(entry));
    }
    value
}

/// A driver that is configured and not there.
#[must_use]
pub fn described_refusal(refused: &Refused) -> Value {
    let mut map = Map::new();
    map.insert("name".to_owned(), refused.name.clone().into());
    map.insert("schemes".to_owned(), json!([]));
    complete(&mut map, &refused.origin, &Standing::Refused(refused.why.clone()));
    Value::Object(map)
}

fn complete(map: &mut Map<String, Value>, origin: &Origin, standing: &Standing) {
    let disabled = if let Standing::Disabled(why) = standing { Some(why) } else { None };
    for (name, value) in [
        ("origin", json!(origin.name())),
        ("state", json!(standing.name())),
        ("why", json!(standing.why())),
        ("disabled", json!(disabled)),
    ] {
        map.insert(name.to_owned(), value);
    }
    let places = [
        ("path", origin.path().map(str::to_owned)),
        ("command", origin.command().map(str::to_owned)),
        ("abi", origin.abi()),
    ];
    for (name, value) in places.into_iter().filter_map(|(name, value)| Some((name, value?))) {
        map.insert(name.to_owned(), value.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_library_tells_its_file_and_why() {
        let origin = Origin::Library { path: "/lib/x.so".into(), abi: (0, 0) };
        let refused = Refused { name: "x.so".into(), origin, why: "not an ELF file".into() };
        let told = described_refusal(&refused);
        let want = json!({
            "name": "x.so", "schemes": [], "origin": "library", "state": "refused", "why": "not an ELF file",
            "disabled": null, "path": "/lib/x.so",
        });
        assert_eq!(told, want);
    }
}
