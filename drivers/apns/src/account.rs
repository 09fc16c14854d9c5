//! An account: who sends, to which of Apple's services, over which connection.

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

use nuncio_plugin_sdk::{
    Refusal, SettingsError,
    accounts::Accounts,
    http::{Client, Configured, Identity, Pooling, TlsError},
};

use crate::{
    settings::{Environment, Settings, Written},
    token::Tokens,
};

/// A connection without a request is kept so long: Apple takes many short ones for an attack, and wants them kept.
const IDLE: Duration = Duration::from_secs(30 * 60);

/// An account.
pub(crate) struct Account {
    pub(crate) name: String,
    /// Without one it is the certificate that says who sends.
    pub(crate) tokens: Option<Tokens>,
    pub(crate) client: Client,
    /// `https://HOST:PORT`, without a slash at its end.
    pub(crate) url: String,
    pub(crate) topic: Option<String>,
    pub(crate) environment: Environment,
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
        let by_key = written.key.is_some() || written.key_id.is_some() || written.team_id.is_some();
        if by_key && written.certificate.is_some() {
            return Err(Refusal::new(at("certificate"), "there is a key as well").fix("keep one of the two"));
        }
        let tokens = match &written.certificate {
            Some(_) => None,
            None => Some(tokens(written, at)?),
        };
        if let Some(topic) = written.topic.as_deref() {
            crate::device::check_topic(topic, at("topic"))?;
        }
        let url = written.url.as_deref().unwrap_or(written.environment.url());
        let url = Configured::origin(url).map_err(|why| {
            Refusal::new(at("url"), why)
                .fix(format!("write `{}`, or leave it out", Environment::Production.url()))
        })?;
        let policy = Arc::new(Configured::policy(&[&url]));
        let pooling = Pooling::default().connections(1).idle_timeout(IDLE);
        let client = match &written.certificate {
            None => Client::with(policy, ca_file, pooling),
            Some(pem) => Identity::from_pem(pem.expose())
                .and_then(|identity| Client::identified(policy, ca_file, pooling, &identity)),
        };
        let client = client.map_err(|error| match error {
            TlsError::Identity(_) => Refusal::new(at("certificate"), error.to_string()),
            _ => Refusal::new("/ca_file", error.to_string()),
        })?;
        let (topic, environment) = (written.topic.clone(), written.environment);
        let url = url.url().to_owned();
        Ok(Self { name: name.to_owned(), tokens, client, url, topic, environment })
    }
}

fn tokens(written: &Written, at: impl Fn(&str) -> String) -> Result<Tokens, Refusal> {
    let id = |member: &str, value: &Option<String>| {
        let fits = |text: &&String| text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        value.as_ref().filter(fits).cloned().ok_or_else(|| {
            Refusal::new(at(member), "not the 10 letters and digits that Apple gives")
                .fix("write `ABC123DEFG`")
        })
    };
    let Some(key) = &written.key else {
        let fix = "write key = { file = \"AuthKey_ABC123DEFG.p8\" }, or certificate = { file = \"app.pem\" }";
        return Err(Refusal::new(at("key"), "neither a key nor a certificate").fix(fix));
    };
    let (team, key_id) = (id("team_id", &written.team_id)?, id("key_id", &written.key_id)?);
    Tokens::new(&team, &key_id, key.expose()).map_err(|why| {
        Refusal::new(at("key"), why).fix("give it the text of the file AuthKey_ABC123DEFG.p8 that Apple made")
    })
}
