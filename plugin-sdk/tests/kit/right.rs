//! A driver that is right: `acme://HOST/TOPIC` is a POST to that host.

use std::sync::{Arc, OnceLock};

use nuncio_plugin_sdk::{
    Checked, Clock, Context, Deserialize, JsonSchema, Notice, Options, Outcomes, Refusal, Report, Scope,
    Secret, SettingsError, SubscriberUri,
    core::{
        net::Policy,
        wire::{Answer, Inbound},
    },
    http::{Bytes, Client, HttpError, Request, report},
    read_options, schemars,
    serde_json::json,
    time_left,
};

/// Its settings.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(crate = "nuncio_plugin_sdk::serde", deny_unknown_fields, default)]
#[schemars(crate = "schemars")]
pub(crate) struct Settings {
    /// What the service knows us by.
    pub(crate) token: Option<Secret>,
    /// What stands before each subject.
    pub(crate) prefix: Option<String>,
}

/// Its options.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(crate = "nuncio_plugin_sdk::serde", default)]
#[schemars(crate = "schemars")]
pub(crate) struct Wanted {
    /// From 1 to 5.
    priority: Option<u8>,
    /// Opens the message.
    pin: Option<Secret>,
}

pub(crate) struct Right {
    /// Made when it is first needed, since it reads the system's certificates.
    client: OnceLock<Client>,
    network: Arc<Policy>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) token: String,
    prefix: String,
}

impl Right {
    pub(crate) fn of(settings: Settings, context: &Context) -> Result<Self, SettingsError> {
        let token = settings.token.map_or_else(String::new, |token| token.expose().to_owned());
        if token.chars().any(char::is_control) {
            return Err(Refusal::new("/token", "a control character is in it").into());
        }
        let prefix = settings.prefix.unwrap_or_default();
        let (clock, network) = (Arc::clone(&context.clock), Arc::clone(&context.network));
        Ok(Self { client: OnceLock::new(), network, clock, token, prefix })
    }

    /// What is sent: to whom, and with the token shown as `token`.
    pub(crate) fn request(&self, notice: &Notice<'_>) -> Result<Request<Bytes>, Refusal> {
        let (host, topic) = place(notice.uri)?;
        let wanted: Wanted = read_options(notice.options, &["/pin"])?;
        let body = json!({
            "topic": topic, "title": format!("{}{}", self.prefix, notice.content.subject),
            "text": notice.content.text, "priority": wanted.priority,
            "pin": wanted.pin.as_ref().map(Secret::expose), "id": notice.id,
        });
        let request = Request::post(format!("http://{host}/")).header("x-token", self.token.as_str());
        request.body(body.to_string().into()).map_err(|error| Refusal::new("uri", error.to_string()))
    }

    pub(crate) async fn deliver(&self, notice: &Notice<'_>) -> Outcomes {
        match self.request(notice) {
            Ok(request) => self.send(request, notice).await.into(),
            Err(refusal) => Report::rejected(Scope::Recipient, refusal.to_string()).into(),
        }
    }

    pub(crate) async fn send(&self, request: Request<Bytes>, notice: &Notice<'_>) -> Report {
        let client = self.client.get_or_init(|| Client::new(Arc::clone(&self.network), None).unwrap());
        let answer: Result<_, HttpError> = client.send(request, time_left(notice, &*self.clock)).await;
        report(&answer, self.clock.now_ms())
    }

    pub(crate) fn check(&self, uri: &SubscriberUri, options: &Options) -> Result<Checked, Refusal> {
        place(uri)?;
        let wanted: Wanted = read_options(options, &["/pin"])?;
        if wanted.pin.is_some_and(|pin| pin.expose().chars().any(char::is_control)) {
            return Err(Refusal::new("/options/pin", "a control character is in it"));
        }
        Ok(Checked::of(uri))
    }

    pub(crate) fn render(&self, notice: &Notice<'_>) -> Result<String, Refusal> {
        let request = self.request(notice)?;
        let (_, topic) = place(notice.uri)?;
        Ok(format!("POST {}\nx-token: ***\n\n{topic}: {}", request.uri(), notice.content.text))
    }

    pub(crate) fn receive(&self, request: &Inbound, body: &[u8]) -> Result<Answer, Refusal> {
        match (request.headers.get("x-signature"), std::str::from_utf8(body)) {
            (Some(_), Ok(_)) => Ok(Answer::status(204)),
            _ => Err(Refusal::new("inbound", "it is not signed")),
        }
    }
}

/// The host and the topic.
pub(crate) fn place(uri: &SubscriberUri) -> Result<(String, String), Refusal> {
    let rest = uri.canonical().strip_prefix("acme://").unwrap_or_default();
    let (place, topic) = rest.split_once('/').unwrap_or_default();
    let host = place.rsplit('@').next().unwrap_or_default();
    if host.is_empty() || topic.is_empty() {
        return Err(Refusal::new("uri", "not a host and a topic").fix("write acme://HOST/TOPIC"));
    }
    Ok((host.to_owned(), topic.to_owned()))
}
