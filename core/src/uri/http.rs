//! RFC 9110 sections 4.2.1 and 4.2.2: `http:` and `https:`, normalised as the WHATWG URL standard has it.
//!
//! With `trust+` before them (Zaqar's `trust+http:` and `trust+https:`) they are read alike.

use std::fmt;

use url::{ParseError, Url};

use super::{
    authority::Authority,
    error::UriError,
    piece::Piece,
    reading::{Form, Reading},
};

/// Before `http` and `https`, where a token goes with what is sent.
const TRUST: &str = "trust+";

/// An `http:` or `https:` URI, with or without `trust+` before it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Http {
    /// The URL, normalised, without a fragment and without `trust+`. It may hold a password.
    pub url: Url,
    /// `trust+` stands before it: whoever subscribed trusts the host to act in its name there, so that a token goes
    /// with what is sent.
    pub by_trust: bool,
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Http").field(&format!("{}{}", before(self.by_trust), redacted(&self.url))).finish()
    }
}

/// What stands before the scheme of the URL.
const fn before(by_trust: bool) -> &'static str {
    if by_trust { TRUST } else { "" }
}

/// Reads what follows `scheme:`, which is in lower case.
pub(super) fn read(scheme: &str, rest: Piece<'_>) -> Result<Reading, UriError> {
    let (scheme, by_trust) = match scheme.strip_prefix(TRUST) {
        Some(scheme) => (scheme, true),
        None => (scheme, false),
    };
    // WHATWG strips or turns these silently: what is dialled would not be what was written.
    if let Some((c, column)) = rest.find(|c| c.is_control() || c.is_whitespace() || c == '\\') {
        return Err(UriError::character("url", column, c));
    }
    let authority = Authority::of(rest)
        .ok_or_else(|| rest.refuse("host", "no `//` before the host").fix("write https://host/path"))?;
    if authority.host.is_empty() {
        return Err(authority.host.refuse("host", "none").fix("write https://host/path"));
    }
    let text = format!("{scheme}:{}", rest.text());
    let mut url = Url::parse(&text).map_err(|error| refused(&authority, error))?;
    url.set_fragment(None);
    check_host(&authority, &url)?;
    let whole = |text: &str| format!("{}{text}", before(by_trust));
    Ok(Reading {
        canonical: whole(url.as_str()),
        redacted: whole(&redacted(&url)),
        addresses: vec![whole(url.as_str())],
        // One of its own: what waits for Keystone holds up none that need no token.
        destination: whole(&destination(&url)),
        form: Form::Http(Http { url, by_trust }),
    })
}

fn refused(authority: &Authority<'_>, error: ParseError) -> UriError {
    match (error, authority.port) {
        (ParseError::InvalidPort, Some(port)) => {
            port.refuse("port", "not a port").fix("write a number from 1 to 65535")
        }
        (error, _) => authority
            .host
            .refuse("host", error.to_string())
            .fix("write a name, an IPv4 address, or [an IPv6 address]"),
    }
}

fn check_host(authority: &Authority<'_>, url: &Url) -> Result<(), UriError> {
    if let (Some(0), Some(port)) = (url.port(), authority.port) {
        return Err(port.refuse("port", "0 is no port").fix("write a number from 1 to 65535"));
    }
    let Some(name) = url.domain() else { return Ok(()) };
    let name = name.strip_suffix('.').unwrap_or(name);
    if name.len() > 253 || name.split('.').any(|label| label.is_empty() || label.len() > 63) {
        return Err(authority.host.refuse("host", "not a host name: a label is empty or too long"));
    }
    Ok(())
}

/// Scheme, host, port and path. Tokens stand in queries: of a query only that there is one.
fn redacted(url: &Url) -> String {
    let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
    let query = if url.query().is_some() { "?***" } else { "" };
    format!("{}://{}{port}{}{query}", url.scheme(), url.host_str().unwrap_or_default(), url.path())
}

fn destination(url: &Url) -> String {
    let port = url.port_or_known_default().unwrap_or_default();
    format!("{}://{}:{port}", url.scheme(), url.host_str().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use crate::{SubscriberUri, uri::Form};

    fn parse(text: &str) -> SubscriberUri {
        SubscriberUri::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn equal_urls_have_one_canonical_form() {
        for (text, canonical, destination) in [
            ("HTTP://Example.ORG", "http://example.org/", "http://example.org:80"),
            ("https://example.org:443/a/../b?c=d#e", "https://example.org/b?c=d", "https://example.org:443"),
            (
                "https://bücher.example:8443/é",
                "https://xn--bcher-kva.example:8443/%C3%A9",
                "https://xn--bcher-kva.example:8443",
            ),
            ("http://0x7f.1/", "http://127.0.0.1/", "http://127.0.0.1:80"),
            ("http://2130706433/", "http://127.0.0.1/", "http://127.0.0.1:80"),
            ("http://[::FFFF:127.0.0.1]:81/", "http://[::ffff:7f00:1]:81/", "http://[::ffff:7f00:1]:81"),
        ] {
            let uri = parse(text);
            assert_eq!((uri.canonical(), uri.destination().as_str()), (canonical, destination));
        }
    }

    #[test]
    fn trust_stands_before_what_is_read_as_ever() {
        let uri = parse("Trust+HTTPS://ann:s3cret@Example.ORG:443/a/../b?token=t0ken#part");
        assert_eq!(uri.scheme(), "trust+https");
        assert_eq!(uri.canonical(), "trust+https://ann:s3cret@example.org/b?token=t0ken");
        assert_eq!(uri.redacted(), "trust+https://example.org/b?***");
        assert_eq!(uri.destination(), "trust+https://example.org:443");
        assert_eq!(uri.addresses(), [uri.canonical()]);
        assert_eq!(SubscriberUri::shown_address(uri.canonical()), uri.redacted());
        let Form::Http(http) = uri.form() else { panic!("{:?}", uri.form()) };
        assert_eq!(
            (http.url.as_str(), http.by_trust),
            ("https://ann:s3cret@example.org/b?token=t0ken", true)
        );
        assert!(!format!("{uri:?} {http:?}").contains("s3cret"));
        let Form::Http(plain) = parse("https://example.org").form().clone() else { panic!("it is http") };
        assert!(uri.is_by_trust() && !plain.by_trust && !parse("trust+ftp://h/").is_by_trust());
    }

    #[test]
    fn secrets_are_neither_shown_nor_logged() {
        let uri = parse("https://ann:s3cret@example.org/hook?token=t0ken#part");
        assert_eq!(uri.shown(), "https://ann:***@example.org/hook?token=t0ken#part");
        assert_eq!(uri.redacted(), "https://example.org/hook?***");
        let shown: Vec<_> = uri.addresses().iter().map(|one| SubscriberUri::shown_address(one)).collect();
        assert_eq!(shown, ["https://example.org/hook?***"]);
        assert_eq!(SubscriberUri::shown_address("ann@example.org"), "ann@example.org");
        assert_eq!(uri.written(), "https://ann:s3cret@example.org/hook?token=t0ken#part");
        assert_eq!(uri.canonical(), "https://ann:s3cret@example.org/hook?token=t0ken");
        let debug = format!("{uri:?}");
        assert!(!debug.contains("s3cret") && !debug.contains("t0ken"), "{debug}");
    }

    #[test]
    fn what_is_wrong_is_named_with_its_column() {
        for (text, part, column) in [
            ("http:example.org", "host", 6),
            ("http:/example.org", "host", 6),
            ("http://", "host", 8),
            ("http:///path", "host", 8),
            ("http://:80/", "host", 8),
            ("http://ann:pw@/", "host", 15),
            ("http://ann:pw@h:x/", "port", 17),
            ("http://h:65536/", "port", 10),
            ("http://h:0/", "port", 10),
            ("http://[::1/", "host", 8),
            ("http://a..b/", "host", 8),
            ("http://1.2.3.999/", "host", 8),
            ("http://a b/", "url", 9),
            ("http://h/a\tb", "url", 11),
            ("http://h/a\n", "url", 11),
            ("http://h/ ", "url", 10),
            ("http://h\\@evil/", "url", 9),
            ("http:\\\\h/", "url", 6),
            ("trust+http:h", "host", 12),
            ("trust+https://", "host", 15),
            ("trust+http://h:0/", "port", 16),
            ("trust+http://a b/", "url", 15),
        ] {
            let error = SubscriberUri::parse(text).expect_err(text);
            assert_eq!((error.part.as_str(), error.column), (part, column), "{text}: {error}");
            assert!(!error.to_string().contains("pw"), "{error}");
        }
    }
}
