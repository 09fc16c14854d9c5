//! The driver.

use std::sync::Arc;

use nuncio_plugin_sdk::{
    Checked, Clock, ContentForm, Context, Driver, Limits, Network, Notice, Options, Outcomes, Plugin,
    Refusal, Report, Scope, SettingsError, SubscriberUri, async_trait,
    core::net::Policy,
    http::{Client, HeaderValue, report},
    register_driver, schemars, time_left,
};
use serde_json::Value;

use crate::{
    options::{self, Wanted, Written},
    render,
    settings::Settings,
    target::{self, Target},
};

/// Delivers by HTTP POST.
pub struct Webhook {
    client: Client,
    clock: Arc<dyn Clock>,
    network: Arc<Policy>,
    agent: HeaderValue,
}

#[async_trait]
impl Driver for Webhook {
    async fn deliver(&self, notice: &Notice<'_>) -> Outcomes {
        // A refusal here is of something that was stored before it was refused at the door, or of the message.
        match render::request(notice, &self.agent) {
            Ok(request) => {
                let answer = self.client.send(request, time_left(notice, &*self.clock)).await;
                report(&answer, self.clock.now_ms()).into()
            }
            Err(refusal) => Report::rejected(Scope::Recipient, refusal.to_string()).into(),
        }
    }

    async fn check(&self, uri: &SubscriberUri, options: &Options) -> Result<Checked, Refusal> {
        Target::of(uri)?;
        target::guard(uri, &self.network)?;
        Wanted::read(options)?;
        Ok(Checked::of(uri))
    }

    async fn render(&self, notice: &Notice<'_>) -> Result<String, Refusal> {
        render::request(notice, &self.agent).map(|request| render::shown(&request))
    }
}

impl Plugin for Webhook {
    const NAME: &'static str = "http";
    const SCHEMES: &'static [&'static str] = &["http", "https"];
    const TITLE: &'static str = "Webhooks, signed as Standard Webhooks";
    const CONTENT: ContentForm = ContentForm::Raw;
    const IDEMPOTENCY: &'static str = "header";
    const NETWORK: Network = Network::Guarded;
    const OPTION_SECRETS: &'static [&'static str] = options::SECRETS;
    type Settings = Settings;

    fn limits() -> Limits {
        let body_bytes = u32::try_from(render::MAX_BODY_BYTES).unwrap_or(u32::MAX);
        Limits::default().body_bytes(body_bytes).formats(&["subject", "text", "html", "parts"])
    }

    fn options() -> Value {
        schemars::schema_for!(Written).to_value()
    }

    fn new(settings: Settings, context: &Context) -> Result<Self, SettingsError> {
        let agent = settings.user_agent.as_deref().unwrap_or(concat!("Nuncio/", env!("CARGO_PKG_VERSION")));
        let agent = HeaderValue::from_str(agent).map_err(|_| {
            Refusal::new("/user_agent", "a header's value has no line breaks or control characters")
        })?;
        let client = Client::new(Arc::clone(&context.network), settings.ca_file.as_deref())
            .map_err(|error| Refusal::new("/ca_file", error.to_string()))?;
        Ok(Self { client, clock: Arc::clone(&context.clock), network: Arc::clone(&context.network), agent })
    }
}

register_driver!(Webhook);
