//! A service account's key: the JSON file that Google makes.

use nuncio_plugin_sdk::Secret;
use serde::Deserialize;

/// What of it is needed. Other members are Google's own.
#[derive(Deserialize)]
pub(crate) struct ServiceAccount {
    #[serde(rename = "type")]
    kind: String,
    pub(crate) project_id: String,
    pub(crate) private_key_id: String,
    pub(crate) private_key: Secret,
    pub(crate) client_email: String,
    #[serde(default = "token_uri")]
    pub(crate) token_uri: String,
}

fn token_uri() -> String {
    "https://oauth2.googleapis.com/token".to_owned()
}

impl ServiceAccount {
    /// Reads `text`, of which an error repeats nothing.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let value: serde_json::Value = serde_json::from_str(text).map_err(|_| "not JSON".to_owned())?;
        let members = ["type", "project_id", "private_key_id", "private_key", "client_email"]
            .into_iter()
            .find(|name| !value.get(name).is_some_and(serde_json::Value::is_string));
        if let Some(name) = members {
            return Err(format!("it has no `{name}`"));
        }
        let account: Self =
            serde_json::from_value(value).map_err(|_| "`token_uri` is not a text".to_owned())?;
        if account.kind != "service_account" {
            return Err("its `type` is not `service_account`".to_owned());
        }
        Ok(account)
    }
}

#[cfg(test)]
mod tests {
    use nuncio_plugin_sdk::serde_json::json;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_missing_is_named_and_nothing_repeated() {
        let whole = json!({
            "type": "service_account", "project_id": "demo", "private_key_id": "k", "private_key": "hunter2",
            "client_email": "a@demo.iam.gserviceaccount.com", "universe_domain": "googleapis.com",
        });
        let read = ServiceAccount::read(&whole.to_string()).ok().unwrap();
        assert_eq!(read.token_uri, "https://oauth2.googleapis.com/token");
        for (name, value, why) in [
            ("private_key", json!(null), "no `private_key`"),
            ("client_email", json!(5), "no `client_email`"),
            ("type", json!("authorized_user"), "not `service_account`"),
            ("token_uri", json!(7), "`token_uri`"),
        ] {
            let mut wrong = whole.clone();
            wrong[name] = value;
            let error = ServiceAccount::read(&wrong.to_string()).err().unwrap();
            assert!(error.contains(why) && !error.contains("hunter2"), "{error}");
        }
        assert_eq!(ServiceAccount::read("/etc/nuncio/key.json").err().unwrap(), "not JSON");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".{0,200}|\\{\"type\": ?.{0,40}\\}") {
            if let Err(error) = ServiceAccount::read(&text) {
                prop_assert!(error.len() < 80);
            }
        }
    }
}
