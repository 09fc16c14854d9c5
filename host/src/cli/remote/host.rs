//! Which host is talked to, for which project, and what its answers mean.

use std::{
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
};

use axum::http::Method;
use nuncio_plugin_sdk::Secret;
use serde_json::Value;
use url::Url;

use crate::cli::{
    arguments::Shared,
    client::{Answer, Bearing, Client, Silence},
    fault::{Exit, Fault},
};

/// The longest token file that is read, bytes; tokens of Keystone have some hundreds.
const MAX_TOKEN: u64 = 16 << 10;

/// Where the host is, and whose deliveries are meant.
#[derive(Clone, Debug, clap::Args)]
pub(in crate::cli) struct Place {
    /// The running host [default: where `http.listen` of the configuration says]
    #[arg(long, global = true, value_name = "URL", env = "NUNCIO_HOST")]
    host: Option<String>,
    /// The project, as in `X-Project-ID` [default: that of the token]
    #[arg(long, global = true, value_name = "NAME", env = "NUNCIO_PROJECT")]
    project: Option<String>,
    /// A file with an API key or a token of Keystone [default: what the variable NUNCIO_TOKEN holds]
    #[arg(long, global = true, value_name = "PATH", env = "NUNCIO_TOKEN_FILE")]
    token_file: Option<PathBuf>,
}

/// A running host as one project sees it.
pub(in crate::cli) struct Host {
    client: Client,
    base: String,
}

impl Place {
    /// The host that is meant. Nothing is asked of it yet.
    pub(in crate::cli) fn host(&self, shared: &Shared) -> Result<Host, Fault> {
        let token = token(self.token_file.as_deref())?;
        if token.is_none() && self.project.is_none() {
            let why = "--project is missing: name the project, or set NUNCIO_PROJECT; with a token (NUNCIO_TOKEN, \
                       --token-file) it is not needed";
            return Err(Fault::new(Exit::Usage, why));
        }
        self.reach(shared, Bearing { project: self.project.clone(), token })
    }

    /// Whether a host is named, not only a project.
    pub(in crate::cli) const fn names_host(&self) -> bool {
        self.host.is_some()
    }

    /// The project that is named.
    pub(in crate::cli) fn project(&self) -> Option<&str> {
        self.project.as_deref()
    }

    /// The host that is meant, for whoever sees to it: of no project, where a token says who that is.
    pub(in crate::cli) fn operator(&self, shared: &Shared) -> Result<Host, Fault> {
        let token = token(self.token_file.as_deref())?;
        let project = if token.is_some() { None } else { Some("-".to_owned()) };
        self.reach(shared, Bearing { project, token })
    }

    fn reach(&self, shared: &Shared, bearing: Bearing) -> Result<Host, Fault> {
        let base = match &self.host {
            Some(url) => base(url).map_err(|why| Fault::new(Exit::Usage, format!("--host {url}: {why}")))?,
            None => own(shared)?,
        };
        if bearing.token.is_some() && !is_safe(&base) {
            let why = format!("{base}: a token is not sent over plain http to another machine; use https");
            return Err(Fault::new(Exit::Usage, why));
        }
        let client = Client::new(base.clone(), bearing).map_err(|error| Fault::new(Exit::System, error))?;
        Ok(Host { client, base })
    }
}

/// Where the configuration has the host listen.
fn own(shared: &Shared) -> Result<String, Fault> {
    let http = shared.load()?.http;
    if http.listen.port() == 0 {
        let why = "[http] listen takes a free port: name the host with --host URL";
        return Err(Fault::new(Exit::Usage, why));
    }
    let scheme = if http.tls.is_some() { "https" } else { "http" };
    Ok(format!("{scheme}://{}", http.listen))
}

/// A URL without its last slash.
fn base(url: &str) -> Result<String, String> {
    let parsed = Url::parse(url).map_err(|error| format!("{error}; write it like http://127.0.0.1:8888"))?;
    if !matches!(parsed.scheme(), "http" | "https") {
        return Err("a host speaks http or https, like http://127.0.0.1:8888".to_owned());
    }
    if parsed.query().is_some() || parsed.fragment().is_some() || !parsed.username().is_empty() {
        return Err("only scheme, address and path, like http://127.0.0.1:8888".to_owned());
    }
    Ok(parsed.as_str().trim_end_matches('/').to_owned())
}

/// Whether nobody on the way can read what is sent.
fn is_safe(base: &str) -> bool {
    let Ok(url) = Url::parse(base) else { return false };
    let loopback = match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    };
    url.scheme() == "https" || loopback
}

/// The token of `file`, else of the variable. It does not stand on the command line, where everybody on the machine can
/// read it.
fn token(file: Option<&Path>) -> Result<Option<Secret>, Fault> {
    let text = match file {
        Some(path) => {
            let failed = |why: &dyn std::fmt::Display| {
                Fault::new(Exit::NoInput, format!("--token-file {}: {why}", path.display()))
            };
            let mut text = String::new();
            let file = File::open(path).map_err(|error| failed(&error))?;
            file.take(MAX_TOKEN).read_to_string(&mut text).map_err(|error| failed(&error))?;
            text
        }
        None => std::env::var("NUNCIO_TOKEN").unwrap_or_default(),
    };
    let token = text.trim();
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Fault::new(
            Exit::Usage,
            "the token has characters that no token has: one line with the token alone",
        ));
    }
    Ok((!token.is_empty()).then(|| Secret::new(token)))
}

impl Host {
    pub(in crate::cli) async fn get(&self, path: &str) -> Result<Value, Fault> {
        self.ask(Method::GET, path, None).await
    }

    pub(in crate::cli) async fn post(&self, path: &str, body: Option<&Value>) -> Result<Value, Fault> {
        self.ask(Method::POST, path, body).await
    }

    pub(in crate::cli) async fn delete(&self, path: &str) -> Result<Value, Fault> {
        self.ask(Method::DELETE, path, None).await
    }

    /// Posts once, under a key by which the host knows a repetition.
    pub(in crate::cli) async fn post_once(&self, path: &str, body: String, key: &str) -> Posted {
        let answer = match self.client.request(&Method::POST, path, body, Some(key)).await {
            Ok(answer) => answer,
            Err(silence) => return Posted::Later(self.silent(silence)),
        };
        let why = || fault(&Method::POST, path, &answer);
        // What the host says of the project's limits holds for any body.
        let limits = || why().to_string().contains("limits.");
        match answer.status {
            200..300 => Posted::Taken,
            408 | 429 | 500.. => Posted::Later(why()),
            400 | 413 if !limits() => Posted::Refused(why()),
            _ => Posted::Forbidden(why()),
        }
    }

    /// The JSON of a good answer; a fault that says what the host said of any other.
    pub(super) async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, Fault> {
        let answer =
            self.client.exchange(&method, path, body).await.map_err(|silence| self.silent(silence))?;
        if answer.is_good() { Ok(answer.body) } else { Err(fault(&method, path, &answer)) }
    }

    fn silent(&self, silence: Silence) -> Fault {
        let base = &self.base;
        match silence {
            Silence::Unreachable(why) => Fault::new(
                Exit::Unavailable,
                format!(
                    "no host answers at {base} ({why}): start one with `nuncio serve`, or name another with --host URL"
                ),
            ),
            Silence::Garbled(why) => {
                Fault::new(Exit::Unavailable, format!("{base} does not answer as a host does: {why}"))
            }
        }
    }
}

/// What became of a POST.
pub(in crate::cli) enum Posted {
    /// The host has it.
    Taken,
    /// It never takes such a body.
    Refused(Fault),
    /// It takes nothing as things are, whatever the body: no token, a limit of the project, a key that stood for another
    /// body.
    Forbidden(Fault),
    /// Nobody answered, or nobody could do it now.
    Later(Fault),
}

/// What the host said.
fn fault(method: &Method, path: &str, answer: &Answer) -> Fault {
    let text = |name: &str| answer.body[name].as_str().map(str::to_owned);
    let why = text("description")
        .or_else(|| text("title"))
        .unwrap_or_else(|| format!("{method} {path} answered {}", answer.status));
    Fault::new(exit(answer.status), why).detail("status", answer.status.into())
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
pub(in crate::cli) fn encoded(text: &str) -> String {
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
        assert_eq!(base("https://a.example/").unwrap(), "https://a.example");
        for bad in ["127.0.0.1:8888", "ftp://a.example", "http://a.example/?q", "http://u:p@a.example"] {
            assert!(base(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_token_goes_to_this_machine_or_over_tls() {
        for safe in ["http://127.0.0.1:8888", "http://[::1]:1", "http://localhost:1", "https://a.example"] {
            assert!(is_safe(safe), "{safe}");
        }
        for open in ["http://a.example", "http://10.0.0.1", "http://localhost.example", "no url"] {
            assert!(!is_safe(open), "{open}");
        }
    }

    #[test]
    fn a_token_is_read_from_a_file_and_never_shown() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        std::fs::write(&path, "nk_1_hush\n").unwrap();
        let read = token(Some(&path)).unwrap().unwrap();
        assert_eq!(read.expose(), "nk_1_hush");
        assert!(!format!("{read:?}").contains("hush"));
        std::fs::write(&path, "two words").unwrap();
        assert!(!token(Some(&path)).unwrap_err().to_string().contains("words"));
        assert!(token(Some(&dir.path().join("gone"))).is_err());
    }

    proptest! {
        #[test]
        fn any_url_is_read_or_refused(text in "\\PC{0,40}") {
            if let Ok(base) = base(&text) {
                prop_assert!(base.starts_with("http") && !base.ends_with('/'));
            }
        }
    }
}
