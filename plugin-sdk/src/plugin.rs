//! From a driver's constants and types to its manifest and its constructor.

use std::sync::Arc;

use nuncio_core::{ContentForm, Context, Driver, Limits, Manifest, Network, Refusal, SettingsError};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A driver as its author writes it: what it is called, what it serves, its settings and how it is made.
pub trait Plugin: Driver + Sized + 'static {
    /// Its name, as in `[drivers.NAME]`.
    const NAME: &'static str;
    /// The URI schemes it serves, lower case.
    const SCHEMES: &'static [&'static str];
    /// One line for a person.
    const TITLE: &'static str = "";
    /// Which form of a message it wants.
    const CONTENT: ContentForm = ContentForm::Rendered;
    /// How its channel carries the delivery id: `header`, `none`, ...
    const IDEMPOTENCY: &'static str = "none";
    /// How it reaches the network.
    const NETWORK: Network = Network::None;
    /// Subscription options it understands, beyond those the host renders; their JSON Schema.
    const OPTION_SECRETS: &'static [&'static str] = &[];
    /// Its settings; `()` has none.
    type Settings: DeserializeOwned + JsonSchema;

    /// What it can bear.
    #[must_use]
    fn limits() -> Limits {
        Limits::default()
    }

    /// JSON Schema of the subscription options it understands; `null` when it takes none of its own.
    #[must_use]
    fn options() -> Value {
        Value::Null
    }

    /// Makes it. No I/O beyond reading files that the settings name.
    ///
    /// # Errors
    /// Every setting that is wrong, each with its pointer.
    fn new(settings: Self::Settings, context: &Context) -> Result<Self, SettingsError>;
}

/// The manifest of `P` at `version`.
#[must_use]
pub fn manifest<P: Plugin>(version: &str) -> Manifest {
    let settings = schemars::schema_for!(P::Settings).to_value();
    Manifest {
        name: P::NAME.to_owned(),
        version: version.to_owned(),
        schemes: P::SCHEMES.iter().map(|scheme| (*scheme).to_owned()).collect(),
        title: P::TITLE.to_owned(),
        homepage: String::new(),
        license: String::new(),
        secrets: secrets(&settings),
        settings,
        options: P::options(),
        option_secrets: P::OPTION_SECRETS.iter().map(|pointer| (*pointer).to_owned()).collect(),
        limits: P::limits(),
        content: P::CONTENT,
        idempotency: P::IDEMPOTENCY.to_owned(),
        network: P::NETWORK,
    }
}

/// Makes a `P` from JSON settings; `null` counts as no settings.
///
/// # Errors
/// What `P` refuses, or the first member that does not fit its settings, with its pointer.
pub fn create<P: Plugin>(settings: Value, context: &Context) -> Result<Arc<dyn Driver>, SettingsError> {
    let unit = std::any::TypeId::of::<P::Settings>() == std::any::TypeId::of::<()>();
    let settings = match settings {
        Value::Null if !unit => Value::Object(serde_json::Map::new()),
        Value::Object(map) if unit => match map.keys().next() {
            None => Value::Null,
            Some(key) => return Err(Refusal::new(format!("/{key}"), "this driver has no settings").into()),
        },
        other => other,
    };
    let settings: P::Settings = serde_path_to_error::deserialize(settings).map_err(|error| {
        let at = pointer(error.path());
        Refusal::new(at, error.inner().to_string())
    })?;
    Ok(Arc::new(P::new(settings, context)?))
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let parts: String = path
        .iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
            Segment::Enum { variant } => format!("/{variant}"),
            Segment::Unknown => "/?".to_owned(),
        })
        .collect();
    if parts.is_empty() { "/".to_owned() } else { parts }
}

/// The properties of a schema that are `writeOnly`, as pointers.
fn secrets(schema: &Value) -> Vec<String> {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return Vec::new() };
    properties
        .iter()
        .filter(|(_, property)| {
            let one = |value: &Value| value.get("writeOnly") == Some(&Value::Bool(true));
            one(property)
                || property.get("anyOf").and_then(Value::as_array).is_some_and(|any| any.iter().any(one))
        })
        .map(|(name, _)| format!("/{name}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Notice, Outcome, Outcomes, Secret};
    use nuncio_core::{Clock, net::Policy};
    use serde::Deserialize;
    use serde_json::json;

    struct Fixed;
    impl Clock for Fixed {
        fn now_ms(&self) -> i64 {
            0
        }
    }

    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Settings {
        #[allow(dead_code)]
        token: Option<Secret>,
        #[allow(dead_code)]
        port: Option<u16>,
    }

    struct Some1;

    #[async_trait::async_trait]
    impl Driver for Some1 {
        async fn deliver(&self, _: &Notice<'_>) -> Outcomes {
            Outcome::Delivered.into()
        }
    }

    impl Plugin for Some1 {
        const NAME: &'static str = "some";
        const SCHEMES: &'static [&'static str] = &["some"];
        type Settings = Settings;
        fn new(_: Settings, _: &Context) -> Result<Self, SettingsError> {
            Ok(Self)
        }
    }

    fn context() -> Context {
        let network = Arc::new(Policy::default());
        Context { clock: Arc::new(Fixed), network, deadline: std::time::Duration::from_secs(1) }
    }

    #[test]
    fn the_manifest_lists_secrets() {
        let manifest = manifest::<Some1>("1.0.0");
        assert_eq!(manifest.secrets, ["/token"]);
        assert!(manifest.settings["properties"]["port"].is_object());
    }

    #[test]
    fn a_wrong_setting_is_named_by_its_pointer() {
        let error = create::<Some1>(json!({"port": "x"}), &context()).err().unwrap().to_string();
        assert!(error.starts_with("/port: "), "{error}");
        let error = create::<Some1>(json!({"prot": 1}), &context()).err().unwrap().to_string();
        assert!(error.contains("prot") && error.contains("port"), "{error}");
        assert!(create::<Some1>(Value::Null, &context()).is_ok());
    }
}
