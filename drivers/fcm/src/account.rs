//! An account: a Firebase project, and who sends for it.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use nuncio_plugin_sdk::{
    Refusal, SettingsError,
    accounts::Accounts,
    http::{Client, Configured},
};

use crate::{
    assertion::Signer,
    bearer::Bearers,
    service_account::ServiceAccount,
    settings::{Settings, Written},
};

const FCM: &str = "https://fcm.googleapis.com";

/// An account.
pub(crate) struct Account {
    pub(crate) bearers: Bearers,
    pub(crate) client: Client,
    /// Where messages are sent.
    pub(crate) url: String,
}

/// Reads the accounts of `settings`; every one that is wrong is named.
pub(crate) fn accounts(settings: Settings) -> Result<Accounts<Account>, SettingsError> {
    let mut wrong = Vec::new();
    let mut all = BTreeMap::new();
    for (name, written) in &settings.accounts {
        match Account::of(name, written, settings.ca_file.as_deref()) {
            Ok(account) => drop(all.insert(name.clone(), account)),
            Err(refusal) => wrong.push(refusal),
        }
    }
    if wrong.is_empty() {
        Ok(Accounts::new(all, settings.default_account)?)
    } else {
        Err(SettingsError(wrong))
    }
}

impl Account {
    fn of(name: &str, written: &Written, ca_file: Option<&Path>) -> Result<Self, Refusal> {
        let at = |member: &str| format!("/accounts/{}/{member}", name.replace('~', "~0").replace('/', "~1"));
        let key = |why: &str| {
            Refusal::new(at("service_account"), why)
                .fix("write { file = \"service-account.json\" }, the key file of the Firebase console")
        };
        let text = written.service_account.as_ref().ok_or_else(|| key("there is none"))?;
        let account = ServiceAccount::read(text.expose()).map_err(|why| key(&why))?;
        let signer = Signer::new(&account).map_err(key)?;
        let tokens = Configured::read(&account.token_uri)
            .map_err(|why| key(&format!("its `token_uri` cannot be used: {why}")))?;
        let url = Configured::origin(written.url.as_deref().unwrap_or(FCM))
            .map_err(|why| Refusal::new(at("url"), why).fix(format!("write `{FCM}`, or leave it out")))?;
        let project = written.project.as_deref().unwrap_or(&account.project_id);
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | ':' | '.');
        if project.is_empty() || !project.chars().all(fits) {
            return Err(
                Refusal::new(at("project"), "not the id of a project").fix("write one like `my-app-1a2b3`")
            );
        }
        let policy = Arc::new(Configured::policy(&[&url, &tokens]));
        let client =
            Client::new(policy, ca_file).map_err(|error| Refusal::new("/ca_file", error.to_string()))?;
        let url = format!("{}/v1/projects/{project}/messages:send", url.url());
        Ok(Self { bearers: Bearers::new(signer, tokens.url().to_owned()), client, url })
    }
}
