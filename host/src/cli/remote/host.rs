//! Which host is talked to, for which project, and what its answers mean.

use axum::http::Method;
use serde_json::Value;
use url::Url;

use crate::cli::{
    arguments::Shared,
    client::{Client, Silence},
    fault::{Exit, Fault},
};

/// Where the host is, and whose deliveries are meant.
#[derive(Clone, Debug, clap::Args)]
pub(in crate::cli) struct Place {
    /// The running host [default: where `http.listen` of the configuration says]
    #[arg(long, global = true, value_name = "URL", env = "NUNCIO_HOST")]
    host: Option<String>,
    /// The project, as in `X-Project-ID`
    #[arg(long, global = true, value_name = "NAME", env = "NUNCIO_PROJECT")]
    project: Option<String>,
}

/// A running host as one project sees it.
pub(super) struct Host {
    client: Client,
    base: String,
}

impl Place {
    /// The host that is meant. Nothing is asked of it yet.
    pub(super) fn host(&self, shared: &Shared) -> Result<Host, Fault> {
        let Some(project) = &self.project else {
            let why = "--project is missing: name the project, or set NUNCIO_PROJECT";
            return Err(Fault::new(Exit::Usage, why));
        };
        let base = match &self.host {
            Some(url) => base(url).map_err(|why| Fault::new(Exit::Usage, format!("--host {url}: {why}")))?,
            None => match shared.load()?.http.listen {
                free if free.port() == 0 => {
                    let why = "[http] listen takes a free port: name the host with --host URL";
                    return Err(Fault::new(Exit::Usage, why));
                }
                address => format!("http://{address}"),
            },
        };
        Ok(Host { client: Client::new(base.clone(), project), base })
    }
}

/// A URL without its last slash; what `http` alone can reach.
fn base(url: &str) -> Result<String, String> {
    let parsed = Url::parse(url).map_err(|error| format!("{error}; write it like http://127.0.0.1:8888"))?;
    if parsed.scheme() != "http" {
        return Err("a host speaks http, like http://127.0.0.1:8888".to_owned());
    }
    if parsed.query().is_some() || parsed.fragment().is_some() || !parsed.username().is_empty() {
        return Err("only scheme, address and path, like http://127.0.0.1:8888".to_owned());
    }
    Ok(parsed.as_str().trim_end_matches('/').to_owned())
}

impl Host {
    pub(super) async fn get(&self, path: &str) -> Result<Value, Fault> {
        self.ask(Method::GET, path, None).await
    }

    pub(super) async fn post(&self, path: &str, body: Option<&Value>) -> Result<Value, Fault> {
        self.ask(Method::POST, path, body).await
    }

    pub(super) async fn delete(&self, path: &str) -> Result<Value, Fault> {
        self.ask(Method::DELETE, path, None).await
    }

    /// The JSON of a good answer; a fault that says what the host said of any other.
    async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, Fault> {
        let answer = self.client.exchange(&method, path, body).await.map_err(|silence| {
            let base = &self.base;
            match silence {
                Silence::Unreachable(why) => Fault::new(
                    Exit::Unavailable,
                    format!(
                        "no host answers at {base} ({why}): start one with `nuncio serve`, or name another with \
                         --host URL"
                    ),
                ),
                Silence::Garbled(why) => {
                    Fault::new(Exit::Unavailable, format!("{base} does not answer as a host does: {why}"))
                }
            }
        })?;
        if answer.is_good() {
            return Ok(answer.body);
        }
        let text = |name: &str| answer.body[name].as_str().map(str::to_owned);
        let why = text("description")
            .or_else(|| text("title"))
            .unwrap_or_else(|| format!("{method} {path} answered {}", answer.status));
        Err(Fault::new(exit(answer.status), why).detail("status", answer.status.into()))
    }
}

/// Who has to do something about it.
const fn exit(status: u16) -> Exit {
    match status {
        401 | 403 => Exit::Refused,
        429 | 503 => Exit::Temporary,
        400..500 => Exit::Input,
        _ => Exit::Unavailable,
    }
}

/// A value for a query or a path.
pub(super) fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_host_is_a_plain_http_url() {
        assert_eq!(base("http://127.0.0.1:8888/").unwrap(), "http://127.0.0.1:8888");
        assert_eq!(base("http://[::1]:8888/nuncio/").unwrap(), "http://[::1]:8888/nuncio");
        for bad in ["127.0.0.1:8888", "https://a.example", "http://a.example/?q", "http://u:p@a.example"] {
            assert!(base(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_url_is_read_or_refused(text in "\\PC{0,40}") {
            if let Ok(base) = base(&text) {
                prop_assert!(base.starts_with("http://") && !base.ends_with('/'));
            }
        }
    }
}
