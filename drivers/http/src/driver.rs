//! The driver.

use std::sync::Arc;

use nuncio_plugin_sdk::{
    Checked, Clock, ContentForm, Context, Driver, HostCalls, Limits, Network, Notice, Options, Outcomes,
    Plugin, Refusal, Report, Scope, SettingsError, SubscriberUri, async_trait,
    core::net::Policy,
    http::{Client, HeaderValue, report},
    register_driver, schemars, time_left,
};
use serde_json::Value;

use crate::{
    messages::Messages,
    options::{self, Wanted, Written},
    plan::{Plan, Plans},
    render::{self, Letter},
    settings::Settings,
    target::{self, Target},
    trust,
};

/// Delivers by HTTP POST.
pub struct Webhook {
    client: Client,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) host: Arc<dyn HostCalls>,
    network: Arc<Policy>,
    agent: HeaderValue,
    plans: Plans,
    messages: Messages,
}

impl Webhook {
    fn prepare(&self, notice: &Notice<'_>) -> Result<(Arc<Plan>, Letter), Refusal> {
        let read = || Plan::read(notice.uri, notice.options, &self.agent);
        let plan = self.plans.plan(notice.uri, notice.options, read)?;
        let letter = render::letter(notice, &plan, &self.messages)?;
        Ok((plan, letter))
    }

    /// Sends `letter` in what is left of the attempt's time.
    pub(crate) async fn post(&self, notice: &Notice<'_>, plan: &Plan, letter: Letter) -> Report {
        let left = time_left(notice, &*self.clock);
        let answer = self.client.post(&plan.target.endpoint, letter.headers, letter.body, left).await;
        report(&answer, self.clock.now_ms())
    }
}

#[async_trait]
impl Driver for Webhook {
    async fn deliver(&self, notice: &Notice<'_>) -> Outcomes {
        // A refusal here is of something that was stored before it was refused at the door, or of the message.
        match self.prepare(notice) {
            Ok((plan, letter)) if plan.target.by_trust => {
                trust::deliver(self, notice, &plan, letter).await.into()
            }
            Ok((plan, letter)) => self.post(notice, &plan, letter).await.into(),
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
        let (plan, mut letter) = self.prepare(notice)?;
        if plan.target.by_trust {
            trust::sketch(&mut letter);
        }
        Ok(render::shown(&plan.target.uri, &letter))
    }
}

impl Plugin for Webhook {
    const NAME: &'static str = "http";
    const SCHEMES: &'static [&'static str] = &["http", "https", "trust+http", "trust+https"];
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
        let network = Arc::clone(&context.network);
        let client = Client::with(Arc::clone(&network), settings.ca_file.as_deref(), settings.pooling())
            .map_err(|error| Refusal::new("/ca_file", error.to_string()))?;
        let (clock, host) = (Arc::clone(&context.clock), Arc::clone(&context.host));
        Ok(Self { client, clock, host, network, agent, plans: Plans::new(), messages: Messages::new() })
    }
}

register_driver!(Webhook);
