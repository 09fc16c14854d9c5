//! Constructors that are wrong.

use std::sync::Arc;

use nuncio_plugin_sdk::{
    Context, Driver, Refusal, SettingsError,
    glue::create,
    serde_json::{Value, json},
};

use crate::{
    right::{Right, Settings},
    twist::{Twist, Twisted, breaks, twist},
};

#[derive(Default)]
struct Closed;
impl Twist for Closed {
    const NAME: &'static str = "closed";
    fn disabled(&self) -> Option<String> {
        Some("on holiday".to_owned())
    }
}
twist!(Closed);

/// Takes what it does not know.
#[derive(Default)]
struct Lenient;
impl Twist for Lenient {
    const NAME: &'static str = "lenient";
    fn create(mut settings: Value, context: &Context) -> Result<Arc<dyn Driver>, SettingsError> {
        if let Value::Object(map) = &mut settings {
            map.retain(|name, _| ["token", "prefix"].contains(&name.as_str()));
        }
        create::<Twisted<Self>>(settings, context)
    }
}
twist!(Lenient);

/// Takes a prefix of any type.
#[derive(Default)]
struct Typeless;
impl Twist for Typeless {
    const NAME: &'static str = "typeless";
    fn create(mut settings: Value, context: &Context) -> Result<Arc<dyn Driver>, SettingsError> {
        if settings.get("prefix").is_some_and(|prefix| !prefix.is_string()) {
            settings["prefix"] = json!(null);
        }
        create::<Twisted<Self>>(settings, context)
    }
}
twist!(Typeless);

/// Takes it for granted that a prefix is plain.
#[derive(Default)]
struct Trusting;
impl Twist for Trusting {
    const NAME: &'static str = "trusting";
    fn of(settings: Settings, context: &Context) -> Result<Right, SettingsError> {
        let prefix = settings.prefix.as_deref().unwrap_or("A");
        assert!(prefix.is_ascii() && !prefix.is_empty() && prefix.len() < 100, "the prefix is odd");
        Right::of(settings, context)
    }
}
twist!(Trusting);

/// Repeats what it refuses.
#[derive(Default)]
struct Loud;
impl Twist for Loud {
    const NAME: &'static str = "loud";
    fn create(settings: Value, context: &Context) -> Result<Arc<dyn Driver>, SettingsError> {
        if let Some(token) = settings.get("token").filter(|token| !token.is_string()) {
            return Err(Refusal::new("/token", format!("{token} is no token")).into());
        }
        create::<Twisted<Self>>(settings, context)
    }
}
twist!(Loud);

#[test]
fn settings_that_work_leave_it_enabled() {
    breaks::<Closed>("settings-accepted", &["`disabled` says: on holiday"]);
}

#[test]
fn an_unknown_key_is_refused() {
    breaks::<Lenient>("settings-unknown", &["`nuncio_kit_stray` was taken", "deny_unknown_fields"]);
}

#[test]
fn a_wrong_type_is_refused() {
    breaks::<Typeless>("settings-type", &["`/prefix` was taken as true"]);
}

#[test]
fn a_constructor_that_panics_is_caught_with_the_settings() {
    breaks::<Trusting>(
        "settings-garbage",
        &["\"prefix\":", "it panicked at", "settings.rs", "the prefix is odd"],
    );
}

#[test]
fn a_secret_that_an_error_repeats_is_seen() {
    breaks::<Loud>("settings-silent", &["the value of `/token` stands in: /token: 918273645 is no token"]);
}
