//! URLs that the operator wrote.

use nuncio_core::net::Policy;
use url::{Host, Url};

/// A URL of the settings: `https`, or `http` on loopback, without credentials.
#[derive(Clone, Debug)]
pub struct Configured {
    url: String,
    host: String,
}

impl Configured {
    /// Reads `text`.
    ///
    /// # Errors
    /// What is wrong with it, without the text: it may hold a password in the wrong place.
    pub fn read(text: &str) -> Result<Self, &'static str> {
        let url = Url::parse(text).map_err(|_| "not a URL")?;
        let host = url.host().ok_or("no host")?;
        let loopback = match &host {
            Host::Domain(name) => *name == "localhost",
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.is_loopback(),
        };
        match url.scheme() {
            "https" => {}
            "http" if loopback => {}
            "http" => return Err("plain `http` is for this machine alone"),
            _ => return Err("its scheme is not `https`"),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("credentials do not belong there");
        }
        let host = host.to_string().trim_matches(['[', ']']).to_owned();
        Ok(Self { url: url.as_str().trim_end_matches('/').to_owned(), host })
    }

    /// Reads `text`, which is a scheme, a host and perhaps a port.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn origin(text: &str) -> Result<Self, &'static str> {
        let read = Self::read(text)?;
        if Url::parse(&read.url)
            .is_ok_and(|url| url.path() == "/" && url.query().is_none() && url.fragment().is_none())
        {
            return Ok(read);
        }
        Err("there is more than a host and a port")
    }

    /// The URL, without a slash at its end.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A policy that lets these hosts lead anywhere: what the operator wrote is dialled wherever it is.
    #[must_use]
    pub fn policy(all: &[&Self]) -> Policy {
        let hosts: Vec<_> = all.iter().map(|one| one.host.clone()).collect();
        // Only networks can be wrong, and there is none.
        Policy::new(&[], &hosts).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_or_loopback_and_no_credentials() {
        for (text, want) in [
            ("https://api.push.apple.com/", Ok("https://api.push.apple.com")),
            ("https://proxy.lan:2197", Ok("https://proxy.lan:2197")),
            ("http://127.0.0.1:1", Ok("http://127.0.0.1:1")),
            ("http://[::1]:1", Ok("http://[::1]:1")),
            ("http://proxy.lan", Err("plain `http` is for this machine alone")),
            ("ftp://a", Err("its scheme is not `https`")),
            ("https://ann:pw@a", Err("credentials do not belong there")),
            ("https://a/b", Err("there is more than a host and a port")),
            ("https://a?b", Err("there is more than a host and a port")),
            ("a", Err("not a URL")),
        ] {
            let read = Configured::origin(text);
            assert_eq!(read.as_ref().map(Configured::url).map_err(|why| *why), want, "{text}");
        }
        assert_eq!(Configured::read("https://a/token").unwrap().url(), "https://a/token");
    }

    #[test]
    fn what_is_configured_is_dialled_wherever_it_leads() {
        let one = Configured::origin("http://[::1]:1").unwrap();
        let policy = Configured::policy(&[&one, &Configured::origin("https://Proxy.lan").unwrap()]);
        assert!(policy.permits_host("::1") && policy.permits_host("proxy.lan"));
        assert!(!policy.permits_host("other.lan"));
    }
}
