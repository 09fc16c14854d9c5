//! The driver.

use std::{sync::Arc, time::Duration};

use nuncio_plugin_sdk::{
    Checked, Clock, Context, Device, Driver, HostCalls, Limits, Network, Notice, Options, Outcomes, Plugin,
    Refusal, Report, Scope, SettingsError, SubscriberUri,
    accounts::Accounts,
    async_trait, devices,
    http::{
        Bytes, Request,
        header::{AUTHORIZATION, CONTENT_TYPE},
    },
    register_driver, schemars, time_left,
};
use serde_json::Value;

use crate::{
    account::{Account, accounts},
    answer::meaning,
    device,
    message::Message,
    options::Wanted,
    settings::Settings,
};

/// FCM is one destination for all devices: it bounds what it takes by quotas, which it names.
const IN_FLIGHT: u32 = 256;

/// Delivers by Firebase Cloud Messaging.
pub struct Fcm {
    accounts: Accounts<Account>,
    clock: Arc<dyn Clock>,
    host: Arc<dyn HostCalls>,
}

impl Fcm {
    async fn tried(&self, notice: &Notice<'_>) -> Result<Report, Report> {
        let device = devices::device_of(&*self.host, notice).await?;
        // Other devices have accounts that are there.
        let unknown = |refusal: Refusal| Report::deferred(Scope::Recipient, refusal.to_string());
        let account = self.accounts.named(&device.account).map_err(unknown)?;
        let message = Message::of(notice).map_err(|refusal| {
            let of_options = refusal.at.starts_with("/options");
            let scope = if of_options { Scope::Recipient } else { Scope::Message };
            Report::rejected(scope, refusal.to_string())
        })?;
        let left = || time_left(notice, &*self.clock);
        let bearer = account.bearers.current(&account.client, &*self.clock, left).await?;
        let request = Request::post(&account.url)
            .header(AUTHORIZATION, bearer.header.clone())
            .header(CONTENT_TYPE, "application/json")
            .body(Bytes::from(message.body(&device.address).to_string()))
            .map_err(|_| Report::deferred(Scope::Account, "the account's URL cannot be requested"))?;
        let answer = account.client.send(request, left()).await;
        let now_ms = self.clock.now_ms();
        let meaning = meaning(answer, &device.address, now_ms);
        if meaning.unauthenticated && account.bearers.refused(&bearer, now_ms) {
            let mut report = meaning.report.retry_after(Duration::ZERO);
            report.scope = Scope::Recipient;
            return Ok(report);
        }
        Ok(meaning.report)
    }
}

#[async_trait]
impl Driver for Fcm {
    async fn deliver(&self, notice: &Notice<'_>) -> Outcomes {
        self.tried(notice).await.unwrap_or_else(|report| report).into()
    }

    async fn check(&self, uri: &SubscriberUri, options: &Options) -> Result<Checked, Refusal> {
        Wanted::read(options)?;
        devices::checked(uri)
    }

    fn disabled(&self) -> Option<String> {
        let fix = "no account: write [drivers.fcm.accounts.NAME] with service_account";
        self.accounts.is_empty().then(|| fix.to_owned())
    }

    async fn render(&self, notice: &Notice<'_>) -> Result<String, Refusal> {
        let refused = |report: Report| Refusal::new("uri", report.reason);
        let device = devices::device_of(&*self.host, notice).await.map_err(refused)?;
        let account = self.accounts.named(&device.account)?;
        let body = Message::of(notice)?.body("***");
        let body = serde_json::to_string_pretty(&body).unwrap_or_default();
        Ok(format!(
            "POST {}\nauthorization: Bearer ***\ncontent-type: application/json\n\n{body}",
            account.url
        ))
    }

    async fn check_device(&self, device: Device) -> Result<Device, Refusal> {
        device::checked(device, &self.accounts)
    }
}

impl Plugin for Fcm {
    const NAME: &'static str = "fcm";
    const SCHEMES: &'static [&'static str] = &["fcm"];
    const TITLE: &'static str = "Firebase Cloud Messaging";
    const NETWORK: Network = Network::Own;
    const DEVICES: bool = true;
    type Settings = Settings;

    fn limits() -> Limits {
        Limits::default().in_flight(IN_FLIGHT).formats(&["subject", "text"])
    }

    fn options() -> Value {
        schemars::schema_for!(Wanted).to_value()
    }

    fn new(settings: Settings, context: &Context) -> Result<Self, SettingsError> {
        let (clock, host) = (Arc::clone(&context.clock), Arc::clone(&context.host));
        Ok(Self { accounts: accounts(settings)?, clock, host })
    }
}

register_driver!(Fcm);
