//! From a driver's constants and types to its manifest and its constructor.

use std::{any::TypeId, sync::Arc};

use nuncio_core::{ContentForm, Context, Driver, Limits, Manifest, Network, Refusal, SettingsError, pointer};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::{
    read::{read, secrets},
    secret::Wiped,
};

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
    /// Whether it has [`receive`](Driver::receive).
    const RECEIVES: bool = false;
    /// Whether its URIs name devices that the host keeps for it; it then has [`check_device`](Driver::check_device) and asks
    /// [`HostCalls::device`](nuncio_core::HostCalls::device).
    const DEVICES: bool = false;
    /// JSON pointers into the subscription options that are secret, like `/secret`.
    const OPTION_SECRETS: &'static [&'static str] = &[];
    /// Its settings; `()` has none. Give the struct `#[serde(deny_unknown_fields)]`, so that a misspelt key is
    /// refused, and make each secret a [`Secret`](crate::Secret).
    type Settings: DeserializeOwned + JsonSchema + 'static;

    /// What it can bear.
    #[must_use]
    fn limits() -> Limits {
        Limits::default()
    }

    /// JSON Schema of the subscription options it understands, beyond those the host renders (`template`, `text`,
    /// `html`); `null` when it takes none of its own.
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

/// What Cargo knows of the crate that registers a driver.
#[derive(Clone, Copy, Debug)]
pub struct Package {
    /// Its version.
    pub version: &'static str,
    /// Its homepage; may be empty.
    pub homepage: &'static str,
    /// Its licence; may be empty.
    pub license: &'static str,
}

/// The manifest of `P`, which stands in `package`.
#[must_use]
pub fn manifest<P: Plugin>(package: Package) -> Manifest {
    let settings = schema::<P>();
    let mut manifest = Manifest::new(P::NAME, package.version, P::SCHEMES);
    manifest.title = P::TITLE.to_owned();
    manifest.homepage = package.homepage.to_owned();
    manifest.license = package.license.to_owned();
    manifest.methods = ["check", "disabled", "render"].map(str::to_owned).to_vec();
    if P::RECEIVES {
        manifest.methods.push("receive".to_owned());
    }
    manifest.secrets = secrets(&settings);
    manifest.settings = settings;
    manifest.options = P::options();
    manifest.option_secrets = P::OPTION_SECRETS.iter().map(|pointer| (*pointer).to_owned()).collect();
    manifest.limits = P::limits();
    manifest.content = P::CONTENT;
    manifest.idempotency = P::IDEMPOTENCY.to_owned();
    manifest.network = P::NETWORK;
    manifest.devices = P::DEVICES;
    if P::DEVICES {
        manifest.methods.push("check_device".to_owned());
    }
    manifest
}

/// The schema of its settings. `()` is written as an empty table, which is no `null` to JSON Schema.
fn schema<P: Plugin>() -> Value {
    if TypeId::of::<P::Settings>() == TypeId::of::<()>() {
        return serde_json::json!({"type": "object", "properties": {}, "additionalProperties": false});
    }
    schemars::schema_for!(P::Settings).to_value()
}

/// Makes a `P` from JSON settings; `null` counts as no settings. The JSON is overwritten before it is freed.
///
/// # Errors
/// What `P` refuses, or the first member that does not fit its settings, with its pointer. The value of a secret
/// is not repeated.
pub fn create<P: Plugin>(settings: Value, context: &Context) -> Result<Arc<dyn Driver>, SettingsError> {
    let settings = Wiped(settings);
    let none = Map::new();
    let given = match &settings.0 {
        Value::Null => &none,
        Value::Object(map) => map,
        _ => return Err(Refusal::new("/", "settings are a table of keys and values").into()),
    };
    let takes_none = TypeId::of::<P::Settings>() == TypeId::of::<()>();
    if let (true, Some(key)) = (takes_none, given.keys().next()) {
        return Err(Refusal::new(format!("/{key}"), "this driver has no settings").into());
    }
    let secrets = || secrets(&schemars::schema_for!(P::Settings).to_value());
    let read = if takes_none { read(&Value::Null, "", secrets) } else { read(given, "", secrets) };
    let settings: P::Settings = read.map_err(|refusal| {
        if secrets().iter().any(|one| pointer::is_at(one, &refusal.at)) {
            refusal.fix("write text, { env = \"NAME\" } or { file = \"PATH\" }")
        } else {
            refusal
        }
    })?;
    Ok(Arc::new(P::new(settings, context)?))
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

    struct Telegraph;

    #[async_trait::async_trait]
    impl Driver for Telegraph {
        async fn deliver(&self, _: &Notice<'_>) -> Outcomes {
            Outcome::Delivered.into()
        }
    }

    impl Plugin for Telegraph {
        const NAME: &'static str = "telegraph";
        const SCHEMES: &'static [&'static str] = &["telegraph"];
        type Settings = Settings;
        fn new(_: Settings, _: &Context) -> Result<Self, SettingsError> {
            Ok(Self)
        }
    }

    fn context() -> Context {
        Context::new(Arc::new(Fixed), Arc::new(Policy::default()), std::time::Duration::from_secs(1))
    }

    #[test]
    fn the_manifest_lists_secrets() {
        let manifest = manifest::<Telegraph>(Package { version: "1.0.0", homepage: "", license: "MIT" });
        assert_eq!(manifest.secrets, ["/token"]);
        assert_eq!((manifest.version.as_str(), manifest.license.as_str()), ("1.0.0", "MIT"));
        assert!(manifest.settings["properties"]["port"].is_object());
    }

    struct Plain;

    #[async_trait::async_trait]
    impl Driver for Plain {
        async fn deliver(&self, _: &Notice<'_>) -> Outcomes {
            Outcome::Delivered.into()
        }
    }

    impl Plugin for Plain {
        const NAME: &'static str = "plain";
        const SCHEMES: &'static [&'static str] = &["plain"];
        type Settings = ();
        fn new((): (), _: &Context) -> Result<Self, SettingsError> {
            Ok(Self)
        }
    }

    #[test]
    fn a_driver_without_settings_takes_an_empty_table_and_says_so() {
        let settings = manifest::<Plain>(Package { version: "1.0.0", homepage: "", license: "" }).settings;
        assert_eq!((&settings["type"], &settings["additionalProperties"]), (&json!("object"), &json!(false)));
        assert!(create::<Plain>(json!({}), &context()).is_ok());
        let error = create::<Plain>(json!({"a": 1}), &context()).err().unwrap().to_string();
        assert_eq!(error, "/a: this driver has no settings");
    }

    #[test]
    fn a_wrong_setting_is_named_by_its_pointer() {
        let error = create::<Telegraph>(json!({"port": "x"}), &context()).err().unwrap().to_string();
        assert!(error.starts_with("/port: "), "{error}");
        let error = create::<Telegraph>(json!({"prot": 1}), &context()).err().unwrap().to_string();
        assert!(error.contains("prot") && error.contains("port"), "{error}");
        let error = create::<Telegraph>(json!([1]), &context()).err().unwrap().to_string();
        assert_eq!(error, "/: settings are a table of keys and values");
        assert!(create::<Telegraph>(Value::Null, &context()).is_ok());
    }

    #[test]
    fn the_value_of_a_secret_is_not_in_the_error() {
        let error = create::<Telegraph>(json!({"token": 4711}), &context()).err().unwrap().to_string();
        assert!(error.starts_with("/token: ") && !error.contains("4711"), "{error}");
        let error =
            create::<Telegraph>(json!({"token": {"evn": "TOKEN"}}), &context()).err().unwrap().to_string();
        assert!(error.ends_with("write text, { env = \"NAME\" } or { file = \"PATH\" }"), "{error}");
    }
}
