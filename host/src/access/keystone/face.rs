//! The two questions that Keystone is asked: for a token of our own, and whose a token is.

use std::{fmt, path::Path, sync::Arc, time::Duration};

use bytes::Bytes;
use hyper::{Method, Request, StatusCode, header};
use nuncio_core::net;
use nuncio_plugin_sdk::http::{Answer, Client};
use zeroize::Zeroizing;

use super::wire::{self, Token};
use crate::{access::StartError, config};

/// Keystone does not say whose a token is. Says nothing of tokens.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct Away(pub(super) String);

/// A token of our own.
pub(super) struct Own {
    pub(super) text: Zeroizing<String>,
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

/// Speaks to one Keystone.
pub(super) struct Face {
    client: Client,
    tokens: String,
    login: Zeroizing<String>,
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
        let login = Zeroizing::new(wire::login(account).to_string());
        Ok(Self { client, tokens: format!("{url}/auth/tokens?nocatalog"), login, patience: account.timeout })
    }

    /// A new token of our own.
    pub(super) async fn login(&self) -> Result<Own, Away> {
        let body = Bytes::copy_from_slice(self.login.as_bytes());
        let request = Request::builder()
            .method(Method::POST)
            .uri(&self.tokens)
            .header(header::CONTENT_TYPE, "application/json");
        let answer = self.send(request, body).await?;
        let text = answer.headers.get("x-subject-token").and_then(|value| value.to_str().ok());
        match (answer.status, text, wire::token(&answer.body)) {
            (StatusCode::CREATED, Some(text), Some(token)) => {
                Ok(Own { text: Zeroizing::new(text.to_owned()), expires: token.expires })
            }
            (StatusCode::UNAUTHORIZED, ..) => Err(Away(
                "Keystone refuses the account of this host: look at [keystone] username, password, project_name"
                    .to_owned(),
            )),
            (status, ..) => Err(Away(format!("Keystone answers {status} to the login of this host"))),
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

    async fn send(&self, request: hyper::http::request::Builder, body: Bytes) -> Result<Answer, Away> {
        let request = request.header(header::ACCEPT, "application/json").body(body);
        let request = request.map_err(|_| Away("a request to Keystone cannot be made".to_owned()))?;
        self.client.send(request, self.patience).await.map_err(|error| Away(error.to_string()))
    }
}
