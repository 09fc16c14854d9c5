//! The driver.

use std::sync::Arc;

use nuncio_plugin_sdk::{
    Checked, Clock, Context, Device, Driver, HostCalls, Limits, Network, Notice, Options, Outcome, Outcomes,
    Plugin, Refusal, Report, Scope, SettingsError, SubscriberUri, async_trait,
    devices::{checked, device_of},
    http::{Bytes, Client, HeaderMap, report},
    net::Policy,
    push::Push,
    register_driver, time_left,
};
use serde_json::Value;

use crate::{
    accounts::{Accounts, KEY},
    browser::Browser,
    options::{self, Wanted},
    payload, render, seal,
    services::Services,
    settings::Settings,
    strangers::{Strangers, patience},
};

/// The name of the channel in messages.
const CHANNEL: &str = "webpush";

/// Browsers of all projects, whose services are a few large ones.
const IN_FLIGHT: u32 = 256;

/// Pushes notifications to browsers.
pub struct WebPush {
    client: Client,
    clock: Arc<dyn Clock>,
    network: Arc<Policy>,
    host: Arc<dyn HostCalls>,
    accounts: Accounts,
    services: Services,
    strangers: Strangers,
}

/// A push that can be sent.
struct Ready {
    browser: Browser,
    account: String,
    public: String,
    headers: HeaderMap,
    payload: Vec<u8>,
}

impl WebPush {
    /// What `notice` comes to for `device`.
    fn ready(&self, notice: &Notice<'_>, device: &Device) -> Result<Ready, Report> {
        let recipient = |refusal: Refusal| Report::rejected(Scope::Recipient, refusal.to_string());
        let message = |refusal: Refusal| Report::rejected(Scope::Message, refusal.to_string());
        let browser = Browser::of(device, &self.network).map_err(recipient)?;
        let (account, signer) = self
            .accounts
            .of(device)
            .map_err(|refusal| Report::deferred(Scope::Recipient, refusal.to_string()))?;
        let wanted = Wanted::read(notice.options).map_err(recipient)?;
        let mut push = Push::of(notice, CHANNEL).map_err(message)?;
        let wanted = wanted.over(&mut push).map_err(message)?;
        let payload = payload::payload(notice.id, &push, &wanted).map_err(message)?;
        let ours = |refusal: Refusal| Report::deferred(Scope::Recipient, refusal.to_string());
        let token = signer.authorization(&browser.origin(), self.clock.now_ms()).map_err(ours)?;
        let headers = render::headers(&wanted, token).map_err(recipient)?;
        let (account, public) = (account.to_owned(), signer.public().to_owned());
        Ok(Ready { browser, account, public, headers, payload })
    }

    async fn push(&self, notice: &Notice<'_>) -> Result<Report, Report> {
        let device = device_of(&*self.host, notice).await?;
        let Ready { browser, account, headers, payload, .. } = self.ready(notice, &device)?;
        let body = seal::sealed(&payload, &browser.keys)
            .map_err(|_| Report::deferred(Scope::Recipient, "the message could not be encrypted"))?;
        let known = self.services.know(&browser.url);
        let _place = if known { None } else { Some(self.strangers.enter(browser.origin())?) };
        let left = patience(known, time_left(notice, &*self.clock));
        let mut answer = self.client.post(&browser.endpoint, headers, Bytes::from(body), left).await;
        if let Ok(answer) = &mut answer {
            browser.strike(answer);
        }
        let report = self.services.judged(report(&answer, self.clock.now_ms()), &browser, &account);
        if report.outcome != Outcome::Gone {
            return Ok(report);
        }
        // A page may have registered a new subscription under the id while the old one was tried.
        match device_of(&*self.host, notice).await {
            Ok(now) if now.address != device.address => {
                let why = format!("{}; another was registered meanwhile", report.reason);
                Ok(Report::deferred(Scope::Recipient, why).code(report.code))
            }
            _ => Ok(report),
        }
    }
}

#[async_trait]
impl Driver for WebPush {
    async fn deliver(&self, notice: &Notice<'_>) -> Outcomes {
        self.push(notice).await.unwrap_or_else(|report| report).into()
    }

    async fn check(&self, uri: &SubscriberUri, options: &Options) -> Result<Checked, Refusal> {
        Wanted::read(options)?;
        checked(uri)
    }

    async fn check_device(&self, mut device: Device) -> Result<Device, Refusal> {
        let browser = Browser::of(&device, &self.network)?;
        if let Some(name) = device.attributes.keys().find(|name| *name != KEY) {
            let at = format!("/attributes/{}", name.replace('~', "~0").replace('/', "~1"));
            return Err(Refusal::new(at, "a browser has no attribute but `key`").fix("leave it out"));
        }
        let (_, signer) = self.accounts.of(&device)?;
        device.attributes.insert(KEY.to_owned(), signer.public().to_owned());
        Ok(browser.kept(device))
    }

    fn disabled(&self) -> Option<String> {
        self.accounts.none().then(|| {
            "no account is configured: set [drivers.webpush.accounts.NAME] key and subject".to_owned()
        })
    }

    async fn render(&self, notice: &Notice<'_>) -> Result<String, Refusal> {
        let refused = |report: Report| Refusal::new("webpush", report.reason);
        let device = device_of(&*self.host, notice).await.map_err(refused)?;
        let ready = self.ready(notice, &device).map_err(refused)?;
        Ok(render::shown(&ready.browser.origin(), &ready.headers, &ready.public, &ready.payload))
    }
}

impl Plugin for WebPush {
    const NAME: &'static str = "webpush";
    const SCHEMES: &'static [&'static str] = &["webpush"];
    const TITLE: &'static str = "Notifications in browsers (Web Push)";
    const IDEMPOTENCY: &'static str = "body";
    const NETWORK: Network = Network::Guarded;
    const DEVICES: bool = true;
    type Settings = Settings;

    fn limits() -> Limits {
        Limits::default().in_flight(IN_FLIGHT).formats(&["subject", "text"])
    }

    fn options() -> Value {
        options::schema()
    }

    fn new(settings: Settings, context: &Context) -> Result<Self, SettingsError> {
        let accounts = settings.accounts()?;
        let network = Arc::clone(&context.network);
        let client = Client::new(Arc::clone(&network), settings.ca_file.as_deref())
            .map_err(|error| Refusal::new("/ca_file", error.to_string()))?;
        let (clock, host) = (Arc::clone(&context.clock), Arc::clone(&context.host));
        let (services, strangers) = (Services::with(&settings.services), Strangers::default());
        Ok(Self { client, clock, network, host, accounts, services, strangers })
    }
}

register_driver!(WebPush);

#[cfg(test)]
mod tests;
