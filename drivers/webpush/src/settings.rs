//! `[drivers.webpush]`.

use std::{collections::BTreeMap, path::PathBuf};

use nuncio_plugin_sdk::{JsonSchema, Refusal, Secret, SettingsError, schemars};
use serde::Deserialize;

use crate::{accounts::Accounts, vapid::Signer};

/// The settings of the Web Push driver. Without an account it is disabled, and notifications wait.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(crate = "schemars")]
pub struct Settings {
    /// The accounts, each a table `[drivers.webpush.accounts.NAME]`. A browser belongs to the one whose public key its page
    /// subscribed with.
    pub accounts: BTreeMap<String, AccountSettings>,
    /// The account of browsers that are registered without one. Default: the only account.
    pub default_account: Option<String>,
    /// Hosts of push services of your own. What they say of a key is believed, as it is of the services of Google,
    /// Mozilla and Apple: all deliveries wait then, instead of this one. They may have as many
    /// pushes at a time as those, where services that are not known have few.
    pub services: Vec<String>,
    /// A PEM file of roots that are trusted besides the system's.
    pub ca_file: Option<PathBuf>,
}

/// An account: a key pair, by which push services know us (VAPID).
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(crate = "schemars")]
pub struct AccountSettings {
    /// The private key: PEM, or its 32 bytes in base64url.
    pub key: Secret,
    /// Whom a push service writes to when something is wrong: `mailto:ops@example.org` or an https: URL.
    pub subject: String,
}

impl Settings {
    /// The accounts that they come to.
    ///
    /// # Errors
    /// Every setting that is wrong.
    pub(crate) fn accounts(&self) -> Result<Accounts, SettingsError> {
        let mut wrong = Vec::new();
        let mut signers = BTreeMap::new();
        for (name, account) in &self.accounts {
            let at = format!("/accounts/{}", name.replace('~', "~0").replace('/', "~1"));
            let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
            if !(1..=64).contains(&name.len()) || !name.chars().all(fits) {
                let why = "the name of an account is 1 to 64 letters, digits, `-` and `_`";
                wrong.push(Refusal::new(&at, why).fix("write [drivers.webpush.accounts.shop]"));
            }
            match Signer::of(account.key.expose(), &account.subject) {
                Ok(signer) => drop(signers.insert(name.clone(), signer)),
                Err(refusals) => wrong
                    .extend(refusals.into_iter().map(|one| Refusal { at: format!("{at}{}", one.at), ..one })),
            }
        }
        let only = || self.accounts.keys().next().filter(|_| self.accounts.len() == 1);
        let default = self.default_account.as_ref().or_else(only).cloned();
        if let Some(name) = self.default_account.as_ref().filter(|name| !self.accounts.contains_key(*name)) {
            let refusal = Refusal::new("/default_account", format!("there is no account `{name}`"));
            wrong.push(refusal.fix(format!("add [drivers.webpush.accounts.{name}]")));
        }
        if wrong.is_empty() { Ok(Accounts::new(signers, default)) } else { Err(SettingsError(wrong)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vapid::tests::RAW;
    use serde_json::{Value, json};

    fn refused(settings: Value) -> String {
        let settings: Settings = serde_json::from_value(settings).unwrap();
        settings.accounts().err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn every_wrong_setting_is_named_at_once() {
        let refusal = refused(json!({
            "accounts": {"a b": {"key": RAW, "subject": "mailto:ops@example.org"}, "shop": {"key": "x", "subject": "ops"}},
            "default_account": "none",
        }));
        for place in [
            "/accounts/a b: ",
            "/accounts/shop/key: ",
            "/accounts/shop/subject: ",
            "/default_account: there is no account `none`",
        ] {
            assert!(refusal.contains(place), "{place}: {refusal}");
        }
    }

    #[test]
    fn a_key_is_not_shown() {
        let account = AccountSettings { key: Secret::new(RAW), subject: String::new() };
        assert!(!format!("{account:?}").contains(RAW));
    }
}
