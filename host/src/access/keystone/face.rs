//! What Keystone is asked: for tokens of our own, whose a token is, and about trusts.

use std::{fmt, path::Path, sync::Arc, time::Duration};

use bytes::Bytes;
use hyper::{Method, Request, StatusCode, header};
use nuncio_core::net;
use nuncio_plugin_sdk::http::{Answer, Client};
use serde_json::Value;
use zeroize::Zeroizing;

use super::wire::{self, Token, Trust};
use crate::{access::StartError, config};

/// Keystone does not say whose a token is. Says nothing of tokens.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct Away(pub(super) String);

/// A token that Keystone gave us: of our own, or by a trust.
pub(super) struct Own {
    pub(super) text: Zeroizing<String>,
    /// Whom it stands for.
    pub(super) user: String,
    /// Its project; `None` for a token of another scope.
    pub(super) project: Option<String>,
    /// When it ends, Unix milliseconds.
    pub(super) expires: i64,
}

/// What is said of a token.
pub(super) enum Told {
    /// Whose it is.
    Is(Token),
    /// It is nobody's.
    Unknown,
    /// Our own token is not taken any more.
    OwnRefused,
}

/// What becomes of a wish about a trust.
pub(super) enum Granted<T> {
    /// It is fulfilled.
    Is(T),
    /// Keystone does not do it, with this status.
    Not(StatusCode),
}

/// Speaks to one Keystone.
pub(super) struct Face {
    client: Client,
    tokens: String,
    trusts: String,
    identity: Zeroizing<String>,
    scope: String,
    patience: Duration,
}

impl fmt::Debug for Face {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Face").field("tokens", &self.tokens).finish_non_exhaustive()
    }
}

impl Face {
    pub(super) fn new(account: &config::Keystone) -> Result<Self, StartError> {
        let url = account.base();
        let wrong = |why: String| StartError::Keystone(why);
        let host = url::Url::parse(&url).ok().and_then(|url| url.host_str().map(str::to_owned));
        let host = host.ok_or_else(|| wrong(format!("`{url}` names no host")))?;
        // The operator names it: it may stand in a private network.
        let networks: Vec<String> = host
            .trim_matches(['[', ']'])
            .parse::<std::net::IpAddr>()
            .map(|ip| format!("{ip}/{}", if ip.is_ipv4() { 32 } else { 128 }))
            .into_iter()
            .collect();
        let policy = net::Policy::new(&networks, &[host]).map_err(|error| wrong(error.to_string()))?;
        let ca = account.ca_file.as_deref().map(Path::new);
        let client = Client::new(Arc::new(policy), ca).map_err(|error| wrong(format!("ca_file: {error}")))?;
        Ok(Self {
            client,
            tokens: format!("{url}/auth/tokens?nocatalog"),
            trusts: format!("{url}/OS-TRUST/trusts"),
            identity: Zeroizing::new(wire::identity(account).to_string()),
            scope: wire::project(account).to_string(),
            patience: account.timeout,
        })
    }

    /// A new token of our own.
    pub(super) async fn login(&self) -> Result<Own, Away> {
        match self.login_to(&self.scope).await? {
            Granted::Is(own) => Ok(own),
            Granted::Not(StatusCode::UNAUTHORIZED) => Err(Away(
                "Keystone refuses the account of this host: look at [keystone] username, password, project_name"
                    .to_owned(),
            )),
            Granted::Not(status) => Err(Away(format!("Keystone answers {status} to the login of this host"))),
        }
    }

    /// A new token by `trust`. What Keystone says of one that is not there is what it says of a wrong password.
    pub(super) async fn login_by(&self, trust: &str) -> Result<Granted<Own>, Away> {
        self.login_to(&wire::by_trust(trust).to_string()).await
    }

    async fn login_to(&self, scope: &str) -> Result<Granted<Own>, Away> {
        let body = Zeroizing::new(format!(r#"{{"auth":{{"identity":{},"scope":{scope}}}}}"#, *self.identity));
        let request = Request::builder()
            .method(Method::POST)
            .uri(&self.tokens)
            .header(header::CONTENT_TYPE, "application/json");
        let answer = self.send(request, Bytes::copy_from_slice(body.as_bytes())).await?;
        let text = answer.headers.get("x-subject-token").and_then(|value| value.to_str().ok());
        match (answer.status, text, wire::token(&answer.body)) {
            (StatusCode::CREATED, Some(text), Some(Token { user, project, expires, .. })) => {
                Ok(Granted::Is(Own { text: Zeroizing::new(text.to_owned()), user, project, expires }))
            }
            (status, ..) => not(status),
        }
    }

    /// Whose `token` is.
    pub(super) async fn ask(&self, own: &str, token: &str) -> Result<Told, Away> {
        let request = Request::builder()
            .method(Method::GET)
            .uri(&self.tokens)
            .header("x-auth-token", own)
            .header("x-subject-token", token);
        let answer = self.send(request, Bytes::new()).await?;
        match answer.status {
            StatusCode::OK => wire::token(&answer.body)
                .map(Told::Is)
                .ok_or_else(|| Away("Keystone describes a token in a way that cannot be read".to_owned())),
            StatusCode::NOT_FOUND | StatusCode::BAD_REQUEST => Ok(Told::Unknown),
            // Whatever stands before Keystone finds the token too long: that is no failure of Keystone.
            StatusCode::PAYLOAD_TOO_LARGE | StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => Ok(Told::Unknown),
            StatusCode::UNAUTHORIZED => Ok(Told::OwnRefused),
            StatusCode::FORBIDDEN => Err(Away(
                "the account of this host may not validate tokens: give it the role `admin` or `service` in Keystone"
                    .to_owned(),
            )),
            status => Err(Away(format!("Keystone answers {status} when it is asked whose a token is"))),
        }
    }

    /// A trust that `wish` describes, made by whoever `token` is; its id.
    pub(super) async fn trust(&self, token: &str, wish: &Value) -> Result<Granted<String>, Away> {
        let request = Request::builder()
            .method(Method::POST)
            .uri(&self.trusts)
            .header("x-auth-token", token)
            .header(header::CONTENT_TYPE, "application/json");
        let answer = self.send(request, Bytes::from(wish.to_string())).await?;
        match (answer.status, wire::trust(&answer.body)) {
            (StatusCode::CREATED, Some(trust)) => Ok(Granted::Is(trust.id)),
            (status, _) => not(status),
        }
    }

    /// What stands in a trust, as `own` sees it.
    pub(super) async fn trusted(&self, own: &str, trust: &str) -> Result<Granted<Trust>, Away> {
        let answer = self.on_trust(Method::GET, own, trust).await?;
        match (answer.status, wire::trust(&answer.body)) {
            (StatusCode::OK, Some(trust)) => Ok(Granted::Is(trust)),
            (status, _) => not(status),
        }
    }

    /// Ends a trust, in the name of whoever `token` is.
    pub(super) async fn end(&self, token: &str, trust: &str) -> Result<Granted<()>, Away> {
        let answer = self.on_trust(Method::DELETE, token, trust).await?;
        if answer.status.is_success() { Ok(Granted::Is(())) } else { not(answer.status) }
    }

    async fn on_trust(&self, method: Method, token: &str, trust: &str) -> Result<Answer, Away> {
        let uri = format!("{}/{trust}", self.trusts);
        let request = Request::builder().method(method).uri(uri).header("x-auth-token", token);
        self.send(request, Bytes::new()).await
    }

    async fn send(&self, request: hyper::http::request::Builder, body: Bytes) -> Result<Answer, Away> {
        let request = request.header(header::ACCEPT, "application/json").body(body);
        let request = request.map_err(|_| Away("a request to Keystone cannot be made".to_owned()))?;
        self.client.send(request, self.patience).await.map_err(|error| Away(error.to_string()))
    }
}

/// Whether Keystone says no, or is not able to say anything.
fn not<T>(status: StatusCode) -> Result<Granted<T>, Away> {
    if status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS {
        return Ok(Granted::Not(status));
    }
    Err(Away(format!("Keystone answers {status}")))
}
