//! One notice at a time, with everything else that a driver may have.

use std::{sync::Arc, time::Duration};

use nuncio_plugin_sdk::{
    Answer, Checked, Clock, ContentForm, Context, Driver, HostCalls, Inbound, Limits, Metric, Network,
    Notice, Options, Outcome, Outcomes, Plugin, Receipt, Refusal, Report, Scope, Secret, SettingsError,
    SubscriberUri, VERSION, async_trait,
    connect::{GuardError, GuardedConnector},
    http::{Bytes, Client, HeaderName, HeaderValue, HttpError, Method, Request, StatusCode, header, report},
    net::Policy,
    read_options, register_driver, schemars,
    serde_json::{Value, json},
    time_left,
};

use crate::{
    line::{self, Lines},
    settings::{Mode, Settings, Written},
};

/// The driver.
pub struct Single {
    lines: Lines,
    settings: Settings,
    client: Client,
    connector: GuardedConnector,
    clock: Arc<dyn Clock>,
    host: Arc<dyn HostCalls>,
    deadline: Duration,
    account: String,
}

impl Single {
    fn request(&self, notice: &Notice<'_>) -> Result<Request<Bytes>, Refusal> {
        let url = self.settings.url.as_ref().ok_or_else(|| Refusal::new("/url", "none").fix("set url"))?;
        let mut request = Request::builder().method(Method::POST).uri(url.as_str());
        if let Some(token) = self.settings.token.as_ref().map(Secret::expose) {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        for (name, value) in &self.settings.headers {
            let name: HeaderName = name.parse().map_err(|_| Refusal::new("/headers", "not a name"))?;
            let value = HeaderValue::from_str(value).map_err(|_| Refusal::new("/headers", "not a value"))?;
            request = request.header(name, value);
        }
        let body = Bytes::from(line::of(notice, "http").to_string());
        request
            .header("webhook-id", notice.id)
            .body(body)
            .map_err(|error| Refusal::new("uri", error.to_string()))
    }

    async fn by_http(&self, notice: &Notice<'_>) -> Report {
        let request = match self.request(notice) {
            Ok(request) => request,
            Err(refusal) => return Report::rejected(Scope::Message, refusal.to_string()),
        };
        let answer = self.client.send(request, time_left(notice, &*self.clock).min(self.deadline)).await;
        let word = report(&answer, self.clock.now_ms());
        match &answer {
            Ok(answer) if answer.status == StatusCode::OK && !answer.truncated => {
                let id = answer.headers.get("x-id").and_then(|id| id.to_str().ok()).unwrap_or_default();
                word.provider_id(id).excerpt(String::from_utf8_lossy(&answer.body))
            }
            Err(HttpError::Forbidden) => Report::rejected(Scope::Recipient, "forbidden"),
            Err(error) if error.maybe_sent() => word.maybe_sent(),
            _ => word,
        }
    }

    async fn by_connection(&self) -> Report {
        let Some(url) = &self.settings.url else { return Report::rejected(Scope::Message, "no url") };
        let (host, port) = (url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or(0));
        match self.connector.connect(host, port).await {
            Ok(_) => Report::delivered(),
            Err(GuardError::Forbidden) => Report::rejected(Scope::Recipient, "forbidden"),
            Err(error) => Report::deferred(Scope::Destination, error.to_string()),
        }
    }

    async fn one(&self, notice: &Notice<'_>, what: &str) -> Report {
        match what {
            "" | "delivered" => Report::delivered().cost(2).provider_id("far-1"),
            "deferred" => {
                let report = Report::deferred(Scope::Destination, "not now").code(503);
                report.retry_after(Duration::from_millis(1500)).maybe_sent().excerpt("busy")
            }
            "held" => Report::deferred(Scope::Account, "no credit"),
            "rejected" => Report::rejected(Scope::Message, "never").code(550),
            "gone" => Report::gone("moved away"),
            "http" => self.by_http(notice).await,
            "connect" => self.by_connection().await,
            "panic" => panic!("the frozen driver panics"),
            _ => Report::new(Outcome::Rejected),
        }
    }
}

#[async_trait]
impl Driver for Single {
    async fn deliver(&self, notice: &Notice<'_>) -> Outcomes {
        if let Err(why) = self.lines.add(&line::of(notice, "single")) {
            return Report::deferred(Scope::Account, why).into();
        }
        let written: Written = match read_options(notice.options, &["/secret"]) {
            Ok(written) => written,
            Err(refusal) => return Report::rejected(Scope::Message, refusal.to_string()).into(),
        };
        self.host.metric(Metric::counter("notices_total", 1.0));
        self.host.metric(Metric::gauge("last_attempt", notice.attempt.into()));
        if written.what == "word" {
            return Outcome::Delivered.into();
        }
        let report = self.one(notice, &written.what).await;
        if report.outcome == Outcome::Delivered {
            self.host.receipt(Receipt::of(report.provider_id.clone(), Outcome::Delivered));
        }
        match notice.recipients {
            [only] => Outcomes::each(vec![(only.index, report)]),
            _ => Outcomes::all(report),
        }
    }

    async fn check(&self, uri: &SubscriberUri, options: &Options) -> Result<Checked, Refusal> {
        let _: Written = read_options(options, &["/secret"])?;
        if uri.canonical() == "frozen:refused" {
            return Err(Refusal::new("uri", "refused").fix("write another"));
        }
        Ok(Checked::of(uri).with_addresses(uri.addresses()).with_destination(uri.destination()))
    }

    fn disabled(&self) -> Option<String> {
        (self.settings.more.mode == Mode::Fancy).then(|| "too fancy".to_owned())
    }

    async fn render(&self, notice: &Notice<'_>) -> Result<String, Refusal> {
        Ok(format!("{}\n{:?}\n{VERSION} {} {:?}", line::of(notice, "render"), self.settings.token, self.account, self.settings.names))
    }

    async fn receive(&self, request: &Inbound, body: &[u8]) -> Result<Answer, Refusal> {
        let Inbound { method, path, query, headers, url, .. } = request;
        if method != "POST" {
            return Err(Refusal::new("method", "not POST"));
        }
        let said = json!([path, query, headers.len(), url, body.len()]).to_string();
        let mut receipt = Receipt::of("far-1", Outcome::Gone);
        (receipt.delivery, receipt.code, receipt.reason) = ("d-1".to_owned(), 7, "moved".to_owned());
        receipt.at_ms = self.clock.now_ms();
        Ok(Answer::status(200).body("application/json", said).receipt(receipt))
    }

    async fn shutdown(&self, _: Duration) {
        // Nobody may be left to read it.
        self.lines.add(&json!({"by": "shutdown"})).unwrap_or_default();
    }
}

impl Plugin for Single {
    const NAME: &'static str = "frozen";
    const SCHEMES: &'static [&'static str] = &["frozen", "frozen-too"];
    const TITLE: &'static str = "A driver of SDK 1.0";
    const CONTENT: ContentForm = ContentForm::Rendered;
    const IDEMPOTENCY: &'static str = "header";
    const NETWORK: Network = Network::Guarded;
    const RECEIVES: bool = true;
    const OPTION_SECRETS: &'static [&'static str] = &["/secret"];
    type Settings = Settings;

    fn limits() -> Limits {
        let formats = &["subject", "text", "html", "parts"];
        Limits::default().in_flight(4).body_bytes(65_536).text_chars(1000).formats(formats)
    }

    fn options() -> Value {
        schemars::schema_for!(Written).to_value()
    }

    fn new(settings: Settings, context: &Context) -> Result<Self, SettingsError> {
        let mut wrong = Vec::new();
        if settings.more.count > 9 {
            wrong.push(Refusal::new("/more/count", "more than 9"));
        }
        let opened = Lines::open(&settings.file).map_err(|refusal| wrong.push(refusal)).ok();
        let policy: Arc<Policy> = context.network.clone();
        let client =
            Client::new(policy.clone(), None).map_err(|error| Refusal::new("/", error.to_string()))?;
        let Some(lines) = opened.filter(|_| wrong.is_empty()) else { return Err(SettingsError(wrong)) };
        Ok(Self {
            lines,
            settings,
            client,
            connector: GuardedConnector::new(policy),
            clock: context.clock.clone(),
            host: context.host.clone(),
            deadline: context.deadline,
            account: context.account.clone(),
        })
    }
}

register_driver!(Single);
