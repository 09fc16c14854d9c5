//! The driver.

use std::{sync::Arc, time::Duration};

use nuncio_plugin_sdk::{
    Checked, Clock, Context, Device, Driver, HostCalls, Limits, Network, Notice, Options, Outcomes, Plugin,
    Refusal, Report, Scope, SettingsError, SubscriberUri, accounts::Accounts, async_trait, devices,
    register_driver, schemars, time_left,
};
use serde_json::Value;

use crate::{
    account::{Account, accounts},
    answer::{Sent, meaning},
    device,
    options::{Wanted, Written},
    render::{Letter, letter},
    settings::Settings,
    token::Token,
};

/// More than Apple allows streams on a connection: what is beyond waits for one.
const IN_FLIGHT: u32 = 1000;

/// Delivers by Apple's push service.
pub struct Apns {
    accounts: Accounts<Account>,
    clock: Arc<dyn Clock>,
    host: Arc<dyn HostCalls>,
}

impl Apns {
    async fn tried(&self, notice: &Notice<'_>) -> Result<Report, Report> {
        let device = devices::device_of(&*self.host, notice).await?;
        // Other devices have accounts that are there.
        let unknown = |refusal: Refusal| Report::deferred(Scope::Recipient, refusal.to_string());
        let account = self.accounts.named(&device.account).map_err(unknown)?;
        let topic = device.attributes.get("topic").map(String::as_str);
        let letter = letter(notice, account, topic).map_err(|refusal| {
            let of_options = refusal.at.starts_with("/options");
            let scope = if of_options { Scope::Recipient } else { Scope::Message };
            Report::rejected(scope, refusal.to_string())
        })?;
        self.send(notice, account, &device, letter).await
    }

    async fn send(
        &self,
        notice: &Notice<'_>,
        account: &Account,
        device: &Device,
        letter: Letter,
    ) -> Result<Report, Report> {
        let token = self.token(account)?;
        let (id, typed) = (letter.id.clone(), letter.typed);
        let bearer = token.as_ref().map(|token| token.bearer.clone());
        let request = letter.request(account, device, bearer).ok_or_else(|| {
            Report::rejected(Scope::Recipient, "the token of the device cannot stand in a path")
        })?;
        let answer = account.client.send(request, time_left(notice, &*self.clock)).await;
        let now_ms = self.clock.now_ms();
        let meaning = meaning(answer, Sent { device, account, id: &id, typed }, now_ms);
        Ok(match (meaning.expired, &account.tokens, &token) {
            (true, Some(tokens), Some(token)) if tokens.expired(token, now_ms) => {
                meaning.report.retry_after(Duration::ZERO)
            }
            (true, _, _) => {
                let mut report = meaning.report;
                report.scope = Scope::Account;
                "403 ExpiredProviderToken: it was young, so look at the clock of this machine"
                    .clone_into(&mut report.reason);
                report
            }
            (false, _, _) => meaning.report,
        })
    }

    fn token(&self, account: &Account) -> Result<Option<Arc<Token>>, Report> {
        let Some(tokens) = &account.tokens else { return Ok(None) };
        let unsigned = || Report::deferred(Scope::Account, "the provider token cannot be signed");
        tokens.current(self.clock.now_ms()).map(Some).ok_or_else(unsigned)
    }
}

#[async_trait]
impl Driver for Apns {
    async fn deliver(&self, notice: &Notice<'_>) -> Outcomes {
        self.tried(notice).await.unwrap_or_else(|report| report).into()
    }

    async fn check(&self, uri: &SubscriberUri, options: &Options) -> Result<Checked, Refusal> {
        Wanted::read(options)?;
        devices::checked(uri)
    }

    fn disabled(&self) -> Option<String> {
        let fix = "no account: write [drivers.apns.accounts.NAME] with team_id, key_id, key and topic";
        self.accounts.is_empty().then(|| fix.to_owned())
    }

    async fn render(&self, notice: &Notice<'_>) -> Result<String, Refusal> {
        let refused = |report: Report| Refusal::new("uri", report.reason);
        let device = devices::device_of(&*self.host, notice).await.map_err(refused)?;
        let account = self.accounts.named(&device.account)?;
        let topic = device.attributes.get("topic").map(String::as_str);
        letter(notice, account, topic).map(|letter| letter.shown(account))
    }

    async fn check_device(&self, device: Device) -> Result<Device, Refusal> {
        device::checked(device, &self.accounts)
    }
}

impl Plugin for Apns {
    const NAME: &'static str = "apns";
    const SCHEMES: &'static [&'static str] = &["apns"];
    const TITLE: &'static str = "Apple's push service";
    const IDEMPOTENCY: &'static str = "header";
    const NETWORK: Network = Network::Own;
    const DEVICES: bool = true;
    type Settings = Settings;

    fn limits() -> Limits {
        Limits::default().in_flight(IN_FLIGHT).formats(&["subject", "text"])
    }

    fn options() -> Value {
        schemars::schema_for!(Written).to_value()
    }

    fn new(settings: Settings, context: &Context) -> Result<Self, SettingsError> {
        let (clock, host) = (Arc::clone(&context.clock), Arc::clone(&context.host));
        Ok(Self { accounts: accounts(settings)?, clock, host })
    }
}

register_driver!(Apns);
