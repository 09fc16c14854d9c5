//! Under which names clients reach the host where nobody proves who he is.
//!
//! A web page whose own name leads to loopback after its first answer (DNS rebinding) is of the same origin as this host
//! to the browser, and may send it any header. Only the name that it asks for gives it away: `Host`.

use std::net::IpAddr;

use axum::http::{Request, header, uri::Authority};
use url::Url;

use super::denied::Denied;
use crate::config::{self, Config};

/// RFC 6761 section 6.3: a browser asks no server where it leads to.
const LOCALHOST: &str = "localhost";

/// The names under which the host is reached.
#[derive(Debug)]
pub(super) enum Hosts {
    /// Any: a page of somebody else has no token to show.
    Any,
    /// `localhost`, addresses, and these, lower case.
    These(Vec<String>),
}

impl Hosts {
    /// As the configuration says.
    pub(super) fn new(config: &Config) -> Self {
        if config.auth.strategy != config::Strategy::None {
            return Self::Any;
        }
        let public = config.http.public_url.as_deref().and_then(|url| Url::parse(url).ok());
        let public = public.and_then(|url| url.host_str().map(str::to_owned));
        let names = public.iter().chain(&config.http.allow_hosts);
        Self::These(names.map(|name| name.trim_end_matches('.').to_owned()).collect())
    }

    /// Whether a request names a host that is this one. One that names none is no browser's.
    ///
    /// # Errors
    /// [`Denied::Elsewhere`].
    pub(super) fn take<B>(&self, request: &Request<B>) -> Result<(), Denied> {
        let Self::These(names) = self else { return Ok(()) };
        // RFC 9112 section 3.2.2: the target goes before the header. Each that is there must be right.
        let target = request.uri().authority().map(Authority::as_str);
        let headers = request.headers().get_all(header::HOST).iter();
        let mut all = target.into_iter().chain(headers.map(|host| host.to_str().unwrap_or_default()));
        if all.all(|authority| is_here(authority, names)) { Ok(()) } else { Err(Denied::Elsewhere) }
    }
}

/// Whether `host:port` is `localhost`, an address, or one of `names`. The port is that of whoever is in front.
fn is_here(authority: &str, names: &[String]) -> bool {
    let Ok(authority) = authority.parse::<Authority>() else { return false };
    if authority.as_str().contains('@') {
        return false;
    }
    let host = authority.host();
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let name = host.strip_suffix('.').unwrap_or(host);
    // An address cannot be made to lead elsewhere.
    bare.parse::<IpAddr>().is_ok()
        || name.eq_ignore_ascii_case(LOCALHOST)
        || names.iter().any(|one| one.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hosts(change: impl FnOnce(&mut Config)) -> Hosts {
        let mut config = Config::default();
        change(&mut config);
        Hosts::new(&config)
    }

    fn asked(hosts: &Hosts, uri: &str, named: &[&str]) -> bool {
        let request = named.iter().fold(Request::get(uri), |request, host| request.header("host", *host));
        hosts.take(&request.body(()).unwrap()).is_ok()
    }

    #[test]
    fn localhost_and_addresses_are_here_and_other_names_are_not() {
        let hosts = hosts(|_| {});
        for here in ["localhost", "LocalHost.:8888", "127.0.0.1:1", "[::1]:8888", "[::1]", "10.0.0.1"] {
            assert!(asked(&hosts, "/", &[here]), "{here}");
        }
        for other in [
            "evil.example",
            "evil.example:8888",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "127.0.0.1@evil.example",
            "evil.example@127.0.0.1",
            "2130706433",
            "",
        ] {
            assert!(!asked(&hosts, "/", &[other]), "{other}");
        }
        assert!(asked(&hosts, "/", &[]));
    }

    #[test]
    fn the_target_and_each_header_must_name_this_host() {
        let hosts = hosts(|_| {});
        assert!(asked(&hosts, "http://localhost:8888/", &["localhost:8888"]));
        assert!(!asked(&hosts, "http://evil.example/", &["localhost"]));
        assert!(!asked(&hosts, "http://localhost/", &["evil.example"]));
        assert!(!asked(&hosts, "/", &["localhost", "evil.example"]));
    }

    #[test]
    fn public_url_and_allow_hosts_name_this_host() {
        let hosts = hosts(|config| {
            config.http.public_url = Some("https://Nuncio.example.org:8443/base".to_owned());
            config.http.allow_hosts = vec!["nuncio.internal".to_owned()];
        });
        for here in ["nuncio.example.org", "NUNCIO.internal:80", "localhost"] {
            assert!(asked(&hosts, "/", &[here]), "{here}");
        }
        assert!(!asked(&hosts, "/", &["example.org"]));
    }

    #[test]
    fn where_clients_prove_who_they_are_any_name_will_do() {
        assert!(asked(
            &hosts(|config| config.auth.strategy = config::Strategy::Token),
            "/",
            &["evil.example"]
        ));
    }

    proptest! {
        #[test]
        fn a_name_that_is_here_ends_in_one_that_is(host in "[ -~]{0,40}") {
            let ends = host.split(':').next().unwrap_or_default().trim_end_matches('.');
            let address = ends.parse::<IpAddr>().is_ok() || host.starts_with('[');
            prop_assert!(!is_here(&host, &[]) || address || ends.eq_ignore_ascii_case(LOCALHOST));
        }
    }
}
