//! The driver.

use std::sync::Arc;

use nuncio_plugin_sdk::{
    Answer, Checked, Clock, Context, Driver, HostCalls, Inbound, Limits, Metric, Network, Notice, Options,
    Outcome, Outcomes, Plugin, Recipient, Refusal, Report, Scope, SettingsError, SubscriberUri, async_trait,
    http::{Client, HeaderValue},
    register_driver, schemars,
    serde_json::Value,
    time_left,
};

use crate::{answer, number::Number, options::Wanted, parts, receipt, request::Sms, settings::Settings};

/// Sends each message as an SMS to each number.
pub struct AcmeSms {
    client: Client,
    clock: Arc<dyn Clock>,
    host: Arc<dyn HostCalls>,
    settings: Settings,
    key: Option<HeaderValue>,
}

impl AcmeSms {
    async fn send(&self, notice: &Notice<'_>, to: &Recipient<'_>) -> Report {
        let Some(key) = &self.key else { return Report::deferred(Scope::Account, "no key is configured") };
        let sms = Sms::of(notice, to.index, to.address, &self.settings.sender);
        let request = sms.and_then(|sms| Ok((sms.request(&self.settings.address("messages"), key)?, sms)));
        let (request, sms) = match request {
            Ok(both) => both,
            Err(refusal) => return Report::rejected(Scope::Message, refusal.to_string()),
        };
        let answer = self.client.send(request, time_left(notice, &*self.clock)).await;
        let report = answer::meaning(&answer, parts::parts(&sms.text), self.clock.now_ms());
        if report.outcome == Outcome::Delivered {
            self.host.metric(Metric::counter("parts_total", report.cost.into()));
        }
        report
    }
}

#[async_trait]
impl Driver for AcmeSms {
    async fn deliver(&self, notice: &Notice<'_>) -> Outcomes {
        let mut reports = Vec::new();
        for recipient in notice.recipients {
            reports.push((recipient.index, self.send(notice, recipient).await));
        }
        Outcomes::each(reports)
    }

    async fn check(&self, uri: &SubscriberUri, options: &Options) -> Result<Checked, Refusal> {
        Wanted::read(options)?;
        let numbers = Number::all(uri)?;
        let addresses: Vec<_> = numbers.iter().map(|number| number.as_str().to_owned()).collect();
        let mut checked = Checked::of(uri);
        checked.canonical = format!("acme-sms:{}", addresses.join(","));
        checked.redacted.clone_from(&checked.canonical);
        // All numbers share the vendor: where it is down, it is down for all of them.
        Ok(checked.with_addresses(addresses).with_destination("acme-sms"))
    }

    fn disabled(&self) -> Option<String> {
        self.key.is_none().then(|| "no key is configured: set [drivers.acme-sms] key".to_owned())
    }

    async fn render(&self, notice: &Notice<'_>) -> Result<String, Refusal> {
        let address = self.settings.address("messages");
        let shown = notice
            .recipients
            .iter()
            .map(|to| Ok(Sms::of(notice, to.index, to.address, &self.settings.sender)?.shown(&address)));
        Ok(shown.collect::<Result<Vec<_>, Refusal>>()?.join("\n\n"))
    }

    async fn receive(&self, request: &Inbound, body: &[u8]) -> Result<Answer, Refusal> {
        let secret = self.settings.receipt_secret.as_ref().ok_or_else(|| {
            Refusal::new("receipt_secret", "receipts are not taken")
                .fix("set [drivers.acme-sms] receipt_secret")
        })?;
        let now_ms = self.clock.now_ms();
        receipt::verify(request, body, secret, now_ms)?;
        let answer = Answer::status(204);
        Ok(match receipt::read(body, now_ms)? {
            Some(receipt) => answer.receipt(receipt),
            None => answer,
        })
    }
}

impl Plugin for AcmeSms {
    const NAME: &'static str = "acme-sms";
    const SCHEMES: &'static [&'static str] = &["acme-sms"];
    const TITLE: &'static str = "SMS by Acme";
    const IDEMPOTENCY: &'static str = "header";
    const NETWORK: Network = Network::Guarded;
    const RECEIVES: bool = true;
    type Settings = Settings;

    fn limits() -> Limits {
        // Ten messages of 153 letters: more the vendor does not put together again.
        Limits::default().in_flight(32).text_chars(1530).formats(&["subject", "text"])
    }

    fn options() -> Value {
        schemars::schema_for!(Wanted).to_value()
    }

    fn new(settings: Settings, context: &Context) -> Result<Self, SettingsError> {
        let mut wrong = settings.refusals();
        let key = settings.key.as_ref().map(|key| HeaderValue::from_str(&format!("Bearer {}", key.expose())));
        if matches!(key, Some(Err(_))) {
            wrong.push(Refusal::new("/key", "a line break or a control character is in it"));
        }
        if !wrong.is_empty() {
            return Err(SettingsError(wrong));
        }
        let client = Client::new(context.network.clone(), None)
            .map_err(|error| Refusal::new("/", error.to_string()))?;
        let (clock, host) = (context.clock.clone(), context.host.clone());
        Ok(Self { client, clock, host, settings, key: key.and_then(Result::ok) })
    }
}

register_driver!(AcmeSms);
