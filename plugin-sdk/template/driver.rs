//! One message for one subscriber is one request to the vendor.

use std::sync::Arc;

use nuncio_plugin_sdk::{
    Checked, Clock, Context, Driver, Limits, Network, Notice, Options, Outcome, Outcomes, Plugin,
    Refusal, Report, Scope, SettingsError, SubscriberUri, async_trait,
    http::{Bytes, Client, HeaderValue, Request, header, report},
    register_driver,
    serde_json::json,
    time_left,
};

use crate::settings::Settings;

/// A URI that it takes, for those who wrote another one.
const EXAMPLE: &str = "{{example}}";

/// Posts each message to the URL of the settings.
pub struct {{Driver}} {
    client: Client,
    clock: Arc<dyn Clock>,
    url: String,
    authorization: HeaderValue,
}

impl {{Driver}} {
    /// What is sent: the one place that knows the vendor's API.
    fn request(&self, notice: &Notice<'_>) -> Result<Request<Bytes>, Refusal> {
        let content = &notice.content;
        let body = json!({
            "to": address(notice.uri)?,
            "title": content.subject,
            "text": content.text,
        });
        // The id is the same on every attempt, so that the vendor can tell a repetition.
        Request::post(&self.url)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, &self.authorization)
            .header("idempotency-key", notice.id)
            .body(body.to_string().into())
            .map_err(|error| Refusal::new("uri", error.to_string()))
    }
}

/// Whom a URI names, as the vendor writes it.
fn address(uri: &SubscriberUri) -> Result<String, Refusal> {
    let addresses = uri.addresses();
    let [only] = addresses.as_slice() else {
        return Err(Refusal::new("uri", "more than one address").fix("subscribe each by itself"));
    };
    // For most schemes the one address is the URI itself.
    let prefix = format!("{}:", uri.scheme());
    let address = only.strip_prefix(&prefix).unwrap_or(only);
    let fits = |c: char| c.is_ascii_alphanumeric() || "+-_.@".contains(c);
    if address.is_empty() || !address.chars().all(fits) {
        let fix = format!("write one like {EXAMPLE}");
        return Err(Refusal::new("uri", "not an address").fix(fix));
    }
    Ok(address.to_owned())
}

#[async_trait]
impl Driver for {{Driver}} {
    async fn deliver(&self, notice: &Notice<'_>) -> Outcomes {
        let request = match self.request(notice) {
            Ok(request) => request,
            Err(refusal) => {
                return Report::rejected(Scope::Recipient, refusal.to_string()).into();
            }
        };
        let deadline = time_left(notice, &*self.clock);
        let answer = self.client.send(request, deadline).await;
        let mut report = report(&answer, self.clock.now_ms());
        if matches!(report.code, 401 | 403) {
            // It is our token that is wrong: hold the messages instead of burning their tries.
            report.outcome = Outcome::Deferred;
            report.scope = Scope::Account;
        }
        report.into()
    }

    async fn check(&self, uri: &SubscriberUri, _: &Options) -> Result<Checked, Refusal> {
        Ok(Checked::of(uri).with_addresses(vec![address(uri)?]))
    }

    async fn render(&self, notice: &Notice<'_>) -> Result<String, Refusal> {
        let request = self.request(notice)?;
        let body = String::from_utf8_lossy(request.body());
        Ok(format!("POST {}\nAuthorization: ***\n\n{body}", self.url))
    }
}

impl Plugin for {{Driver}} {
    const NAME: &'static str = "{{name}}";
    const SCHEMES: &'static [&'static str] = &["{{scheme}}"];
    const TITLE: &'static str = "Posts messages as JSON";
    const IDEMPOTENCY: &'static str = "header";
    const NETWORK: Network = Network::Guarded;
    type Settings = Settings;

    fn limits() -> Limits {
        Limits::default().formats(&["subject", "text"])
    }

    fn new(settings: Settings, context: &Context) -> Result<Self, SettingsError> {
        settings.check()?;
        let bearer = format!("Bearer {}", settings.token.expose());
        let authorization = HeaderValue::from_str(&bearer)
            .map_err(|_| Refusal::new("/token", "a line break or a control character is in it"))?;
        let client = Client::new(context.network.clone(), None)
            .map_err(|error| Refusal::new("/", error.to_string()))?;
        Ok(Self {
            client,
            clock: context.clock.clone(),
            url: settings.url.into(),
            authorization,
        })
    }
}

register_driver!({{Driver}});

#[cfg(test)]
mod tests {
    use super::*;

    fn read(uri: &str) -> Result<String, Refusal> {
        address(&SubscriberUri::parse(uri).expect("a URI"))
    }

    #[test]
    fn a_uri_names_one_address() {
        let (_, behind) = EXAMPLE.split_once(':').expect("a scheme");
        assert_eq!(read(EXAMPLE), Ok(behind.to_owned()));
        let refusal = read("x:some/where").expect_err("no address has a slash");
        assert!(refusal.fix.contains(EXAMPLE), "{refusal}");
    }
}
