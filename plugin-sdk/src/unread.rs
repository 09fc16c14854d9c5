//! Settings that a driver reads itself: those of an account, whose kind says what they are.

use std::{borrow::Cow, fmt, marker::PhantomData};

use nuncio_core::Refusal;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    read::{read, secrets},
    secret::Wiped,
};

/// A table of settings whose schema is that of `T`, not read yet.
///
/// An enum by `kind` is read at once only without the places of its mistakes. So a driver looks at
/// [`text`](Self::text)`("kind")` first, then reads what belongs to that kind. It shows none of its values in its `Debug`
/// form, and they are overwritten when it is dropped.
pub struct Unread<T> {
    settings: Wiped,
    of: PhantomData<fn() -> T>,
}

impl<T> Unread<T> {
    /// The text at `key`.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        self.settings.0.get(key)?.as_str()
    }

    /// The settings as an `S`, without the members `but`; `at` is their own place (`/accounts/acme`).
    ///
    /// # Errors
    /// The first member that does not fit, with its place. The value of a secret is not repeated.
    pub fn read<S: DeserializeOwned + JsonSchema>(&self, at: &str, but: &[&str]) -> Result<S, Refusal> {
        let mut rest = Wiped(self.settings.0.clone());
        let Some(members) = rest.0.as_object_mut() else { return Err(Refusal::new(at, "not a table")) };
        members.retain(|key, _| !but.contains(&key.as_str()));
        let of_secrets = || secrets(&schemars::schema_for!(S).to_value());
        read(&rest.0, "", of_secrets).map_err(|refusal: Refusal| {
            let of = if refusal.at == "/" { "" } else { refusal.at.as_str() };
            let secret = of_secrets().iter().any(|one| one == of);
            let refusal = Refusal { at: format!("{at}{of}"), ..refusal };
            if secret {
                refusal.fix("write text, { env = \"NAME\" } or { file = \"PATH\" }")
            } else {
                refusal
            }
        })
    }
}

impl<T> fmt::Debug for Unread<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unread").finish_non_exhaustive()
    }
}

impl<'de, T> Deserialize<'de> for Unread<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self { settings: Wiped(Value::deserialize(deserializer)?), of: PhantomData })
    }
}

impl<T: JsonSchema> JsonSchema for Unread<T> {
    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Secret;
    use serde_json::json;

    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Smpp {
        host: String,
        password: Secret,
    }

    fn unread(value: Value) -> Unread<Smpp> {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_table_is_read_when_its_kind_is_known() {
        let settings = unread(json!({"kind": "smpp", "host": "h", "password": "hunter2"}));
        assert_eq!(settings.text("kind"), Some("smpp"));
        let read: Smpp = settings.read("/accounts/acme", &["kind"]).unwrap();
        assert_eq!((read.host.as_str(), read.password.expose()), ("h", "hunter2"));
        assert!(!format!("{settings:?}").contains("hunter2"));
    }

    #[test]
    fn what_is_wrong_in_it_has_its_whole_place_and_no_secret() {
        let why = |value| unread(value).read::<Smpp>("/accounts/acme", &[]).unwrap_err().to_string();
        assert!(why(json!({"host": 7})).starts_with("/accounts/acme/host: "));
        let secret = why(json!({"host": "h", "password": 4711}));
        assert!(secret.starts_with("/accounts/acme/password: ") && !secret.contains("4711"), "{secret}");
        assert!(why(json!({"host": "h"})).starts_with("/accounts/acme: missing field"));
        assert_eq!(why(json!(5)), "/accounts/acme: not a table");
    }
}
