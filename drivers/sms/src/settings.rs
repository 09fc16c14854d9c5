//! `[drivers.sms]`: the settings, and the accounts that they come to.

use std::collections::BTreeMap;

use nuncio_plugin_sdk::{Context, JsonSchema, Refusal, SettingsError, Unread, schemars};
use serde::Deserialize;

use crate::{
    account::{Account, Common},
    gateways::{GenericSettings, KannelSettings, TwilioSettings, VonageSettings},
    number::Region,
    smpp,
    text::MOST_PARTS,
};

/// The settings of the SMS driver. Without an account it is disabled, and messages wait.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(crate = "schemars")]
pub struct Settings {
    /// The account that delivers where a subscription names none. Default: the only account.
    pub default_account: Option<String>,
    /// The country of numbers without a country code, as `+1`, or `+44(0)` where national numbers begin with a `0`
    /// that is left out behind the country code. Without it such numbers are refused.
    pub default_region: Option<String>,
    /// The accounts, each a table `[drivers.sms.accounts.NAME]`. `kind` says what it is.
    pub accounts: BTreeMap<String, Unread<AccountSettings>>,
}

/// An account by its kind.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
#[schemars(crate = "schemars")]
#[non_exhaustive]
#[allow(clippy::large_enum_variant, reason = "it is what the schema is made of: no value of it ever is")]
pub enum AccountSettings {
    /// A message centre (SMSC) that is reached by SMPP 3.4.
    Smpp(smpp::Settings),
    /// Twilio's Programmable Messaging.
    Twilio(TwilioSettings),
    /// Vonage's SMS API.
    Vonage(VonageSettings),
    /// Kannel's `sendsms`.
    Kannel(KannelSettings),
    /// A gateway that the settings describe.
    Http(GenericSettings),
}

/// What opens an account of a kind: given its settings and its place.
type Open = fn(&Unread<AccountSettings>, &Opening<'_>) -> Result<Box<dyn Account>, SettingsError>;

/// The kinds of accounts.
const KINDS: [(&str, Open); 5] = [
    ("smpp", open::<smpp::Settings>),
    ("twilio", open::<TwilioSettings>),
    ("vonage", open::<VonageSettings>),
    ("kannel", open::<KannelSettings>),
    ("http", open::<GenericSettings>),
];

/// What an account is opened with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Opening<'a> {
    /// Its name.
    pub(crate) name: &'a str,
    /// What the host gives the driver.
    pub(crate) context: &'a Context,
}

/// The settings of one kind of account.
pub(crate) trait Kind {
    /// The account that they come to. Dials nobody.
    ///
    /// # Errors
    /// Every setting that is wrong, as `/KEY`.
    fn open(self, opening: &Opening<'_>) -> Result<Box<dyn Account>, SettingsError>;
}

fn open<K: Kind + serde::de::DeserializeOwned + JsonSchema>(
    settings: &Unread<AccountSettings>,
    opening: &Opening<'_>,
) -> Result<Box<dyn Account>, SettingsError> {
    let at = format!("/accounts/{}", opening.name);
    let kind: K = settings.read(&at, &["kind"])?;
    kind.open(opening).map_err(|SettingsError(mut wrong)| {
        wrong.iter_mut().for_each(|one| one.at = format!("{at}{}", one.at));
        SettingsError(wrong)
    })
}

/// What the settings come to.
pub(crate) struct Resolved {
    /// The accounts by name.
    pub(crate) accounts: BTreeMap<String, Box<dyn Account>>,
    /// The account that delivers where none is named.
    pub(crate) default_account: Option<String>,
    /// The country of numbers without a country code.
    pub(crate) region: Option<Region>,
}

impl Settings {
    /// Opens the accounts.
    ///
    /// # Errors
    /// Every setting that is wrong.
    pub(crate) fn resolve(self, context: &Context) -> Result<Resolved, SettingsError> {
        let mut wrong = Vec::new();
        let mut accounts = BTreeMap::new();
        for (name, settings) in &self.accounts {
            match account(name, settings, context) {
                Ok(account) => drop(accounts.insert(name.clone(), account)),
                Err(SettingsError(refusals)) => wrong.extend(refusals),
            }
        }
        let region = self.default_region.as_deref().map(|written| Region::read(written, "/default_region"));
        let region = region.transpose().unwrap_or_else(|refusal| {
            wrong.push(refusal);
            None
        });
        let default_account = self.default_account().unwrap_or_else(|refusal| {
            wrong.push(refusal);
            None
        });
        if wrong.is_empty() {
            Ok(Resolved { accounts, default_account, region })
        } else {
            Err(SettingsError(wrong))
        }
    }

    fn default_account(&self) -> Result<Option<String>, Refusal> {
        let only = || self.accounts.keys().next().filter(|_| self.accounts.len() == 1).cloned();
        match &self.default_account {
            None => Ok(only()),
            Some(name) if self.accounts.contains_key(name) => Ok(Some(name.clone())),
            Some(name) => Err(Refusal::new("/default_account", format!("there is no account `{name}`"))
                .fix(format!("add [drivers.sms.accounts.{name}]"))),
        }
    }
}

fn account(
    name: &str,
    settings: &Unread<AccountSettings>,
    context: &Context,
) -> Result<Box<dyn Account>, SettingsError> {
    let at = format!("/accounts/{name}");
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if !(1..=64).contains(&name.len()) || !name.chars().all(fits) {
        let why = "a name of an account is 1 to 64 letters, digits, `-` and `_`";
        return Err(Refusal::new(at, why).fix("write [drivers.sms.accounts.acme]").into());
    }
    let kinds = KINDS.map(|(kind, _)| kind).join(", ");
    let Some(kind) = settings.text("kind") else {
        return Err(Refusal::new(format!("{at}/kind"), "not set")
            .fix(format!("write one of {kinds}"))
            .into());
    };
    let Some((_, open)) = KINDS.iter().find(|(one, _)| *one == kind) else {
        let why = format!("`{kind}` is no kind of account");
        return Err(Refusal::new(format!("{at}/kind"), why).fix(format!("write one of {kinds}")).into());
    };
    open(settings, &Opening { name, context })
}

/// Refuses what every kind of account has and is wrong: a sender and `max_parts`.
pub(crate) fn check_common(common: &Common) -> Vec<Refusal> {
    let mut wrong = Vec::new();
    let most = common.rules.max_parts;
    if !(1..=MOST_PARTS).contains(&most) {
        wrong.push(Refusal::new("/max_parts", format!("{most} is not between 1 and {MOST_PARTS}")));
    }
    if let Some(Err(refusal)) =
        common.sender.as_deref().map(|sender| crate::sender::Sender::read(sender, "/sender"))
    {
        wrong.push(refusal);
    }
    wrong
}

/// The default of `max_parts`: a thousand characters of any alphabet, emoji too.
pub(crate) const fn max_parts() -> u16 {
    40
}
