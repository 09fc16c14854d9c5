//! The driver: what the host calls.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use futures_util::future::join_all;
use nuncio_plugin_sdk::{
    Answer, Checked, Clock, Context, Driver, Inbound, Limits, Network, Notice, Options, Outcomes, Plugin,
    Recipient, Refusal, Report, Scope, SettingsError, SubscriberUri, async_trait, serde_json::Value,
    time_left,
};

use crate::{
    account::{self, Account},
    number::{Number, Region},
    options::{Wanted, schema},
    sender::Sender,
    settings::{Resolved, Settings},
    text::Text,
    words::words,
};

const NO_ACCOUNT: &str = "no account configured: add [drivers.sms.accounts.NAME]";

/// The SMS driver.
pub struct Sms {
    accounts: BTreeMap<String, Box<dyn Account>>,
    default_account: Option<String>,
    region: Option<Region>,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Sms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sms").field("accounts", &self.accounts.keys()).finish_non_exhaustive()
    }
}

nuncio_plugin_sdk::register_driver!(Sms);

impl Plugin for Sms {
    const NAME: &'static str = "sms";
    const SCHEMES: &'static [&'static str] = &["sms"];
    const TITLE: &'static str = "SMS by SMPP or an HTTP gateway";
    const NETWORK: Network = Network::Own;
    const RECEIVES: bool = true;
    type Settings = Settings;

    fn limits() -> Limits {
        // Forty parts of the 7-bit alphabet: what an account takes where nobody changed `max_parts`.
        Limits::default().in_flight(256).text_chars(6120).formats(&["subject", "text"])
    }

    fn options() -> Value {
        schema()
    }

    fn new(settings: Settings, context: &Context) -> Result<Self, SettingsError> {
        let Resolved { accounts, default_account, region } = settings.resolve(context)?;
        Ok(Self { accounts, default_account, region, clock: context.clock.clone() })
    }
}

/// What is the same for every recipient of a notice.
struct Planned<'a> {
    account: &'a dyn Account,
    sender: Option<Sender>,
    text: Text,
}

impl Sms {
    /// The account that `wanted` leads to.
    fn chosen(&self, wanted: &Wanted) -> Result<&dyn Account, Refusal> {
        let names = || self.accounts.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        let (name, at) = match (&wanted.account, &self.default_account) {
            (Some(name), _) => (name, "/options/account"),
            (None, Some(name)) => (name, "/default_account"),
            (None, None) => {
                return Err(Refusal::new(
                    "/options/account",
                    "there are several accounts, and none is the default",
                )
                .fix(format!("write one of {}", names())));
            }
        };
        let account = self.accounts.get(name).ok_or_else(|| {
            Refusal::new(at, format!("there is no account `{name}`")).fix(format!("write one of {}", names()))
        })?;
        Ok(&**account)
    }

    fn planned(&self, notice: &Notice<'_>, wanted: &Wanted) -> Result<Planned<'_>, Refusal> {
        let account = self.chosen(wanted)?;
        let common = account.common();
        let sender = match wanted.sender()? {
            Some(sender) => Some(sender),
            None => common.sender.as_deref().map(|text| Sender::read(text, "/sender")).transpose()?,
        };
        let text = Text::plan(&words(notice)?, &common.rules, wanted.overflow.unwrap_or_default())?;
        Ok(Planned { account, sender, text })
    }

    async fn send(
        &self,
        notice: &Notice<'_>,
        planned: &Planned<'_>,
        recipient: &Recipient<'_>,
    ) -> (u32, Report) {
        let mut report = match Number::read(recipient.address, self.region.as_ref()) {
            Ok(to) => {
                planned
                    .account
                    .send(&planned.sms(notice, recipient, &to), time_left(notice, &*self.clock))
                    .await
            }
            Err(refusal) => Report::rejected(Scope::Recipient, refusal.to_string()),
        };
        report.provider_id = account::named(&planned.account.common().name, &report.provider_id);
        (recipient.index, report)
    }
}

impl Planned<'_> {
    fn sms<'a>(&'a self, notice: &Notice<'a>, recipient: &Recipient<'_>, to: &'a Number) -> account::Sms<'a> {
        account::Sms {
            id: notice.id,
            index: recipient.index,
            to,
            sender: self.sender.as_ref(),
            text: &self.text,
        }
    }
}

#[async_trait]
impl Driver for Sms {
    async fn deliver(&self, notice: &Notice<'_>) -> Outcomes {
        if self.accounts.is_empty() {
            return Report::deferred(Scope::Account, NO_ACCOUNT).into();
        }
        let planned = match Wanted::read(notice.options).and_then(|wanted| self.planned(notice, &wanted)) {
            Ok(planned) => planned,
            // An account that was taken out of the settings is the operator's matter, and may come back.
            Err(refusal) if refusal.at.ends_with("account") => {
                return Report::deferred(Scope::Account, refusal.to_string()).into();
            }
            Err(refusal) => return Report::rejected(Scope::Message, refusal.to_string()).into(),
        };
        if let Some(why) = planned.account.disabled() {
            return Report::deferred(Scope::Account, why).into();
        }
        Outcomes::each(join_all(notice.recipients.iter().map(|one| self.send(notice, &planned, one))).await)
    }

    async fn check(&self, uri: &SubscriberUri, options: &Options) -> Result<Checked, Refusal> {
        let numbers = Number::all(uri, self.region.as_ref())?;
        let wanted = Wanted::read(options)?;
        let addresses: Vec<_> = numbers.iter().map(|one| one.as_str().to_owned()).collect();
        let mut checked = Checked::of(uri);
        // One number has one canonical form, however it was written.
        let body =
            checked.canonical.split_once('?').map_or_else(String::new, |(_, query)| format!("?{query}"));
        checked.redacted = format!("sms:{}", addresses.join(","));
        checked.canonical = format!("{}{body}", checked.redacted);
        let destination = if self.accounts.is_empty() { "sms" } else { &self.chosen(&wanted)?.common().name };
        Ok(checked.with_addresses(addresses).with_destination(destination))
    }

    fn disabled(&self) -> Option<String> {
        if self.accounts.is_empty() { Some(NO_ACCOUNT.to_owned()) } else { None }
    }

    async fn render(&self, notice: &Notice<'_>) -> Result<String, Refusal> {
        let wanted = Wanted::read(notice.options)?;
        if self.accounts.is_empty() {
            return Ok(NO_ACCOUNT.to_owned());
        }
        let planned = self.planned(notice, &wanted)?;
        let mut shown = format!("account {}\n{}\n", planned.account.common().name, planned.text.shown());
        for recipient in notice.recipients {
            let to = Number::read(recipient.address, self.region.as_ref())?;
            shown.push('\n');
            shown.push_str(&planned.account.shown(&planned.sms(notice, recipient, &to)));
        }
        Ok(shown)
    }

    async fn receive(&self, request: &Inbound, body: &[u8]) -> Result<Answer, Refusal> {
        let name = &request.account;
        let account = self
            .accounts
            .get(name)
            .ok_or_else(|| Refusal::new("account", format!("there is no account `{name}`")))?;
        let mut answer = account.receive(request, body).await?;
        for receipt in &mut answer.receipts {
            receipt.provider_id = account::named(name, &receipt.provider_id);
        }
        Ok(answer)
    }

    async fn shutdown(&self, grace: Duration) {
        join_all(self.accounts.values().map(|account| account.shutdown(grace))).await;
    }
}

#[cfg(test)]
mod tests;
