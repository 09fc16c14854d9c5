//! Where requests go: a URI taken apart once.

use std::{fmt, sync::Arc};

use http::{HeaderValue, Uri, uri::Scheme};

use super::error::HttpError;

/// A URI taken apart once, for many requests: `http` or `https`, host, port, path and query. Userinfo is dropped.
/// Clones are cheap.
#[derive(Clone)]
pub struct Endpoint(Arc<Parts>);

struct Parts {
    origin: Arc<str>,
    host: String,
    port: u16,
    tls: bool,
    path: Uri,
    absolute: Uri,
    authority: HeaderValue,
}

impl Endpoint {
    /// Takes `uri` apart.
    ///
    /// # Errors
    /// [`HttpError::Unsupported`] for other schemes and without a host.
    pub fn of(uri: &Uri) -> Result<Self, HttpError> {
        Parts::of(uri)
            .map(|parts| Self(Arc::new(parts)))
            .ok_or_else(|| HttpError::Unsupported { scheme: uri.scheme_str().unwrap_or_default().to_owned() })
    }

    /// `scheme://host:port`: what may be shown of it, and what connections are shared by.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.0.origin
    }

    pub(super) fn key(&self) -> &Arc<str> {
        &self.0.origin
    }

    /// The host, an IPv6 address without brackets.
    pub(super) fn host(&self) -> &str {
        self.0.host.trim_start_matches('[').trim_end_matches(']')
    }

    pub(super) fn port(&self) -> u16 {
        self.0.port
    }

    pub(super) fn tls(&self) -> bool {
        self.0.tls
    }

    /// Path and query: HTTP/1.1's origin form (RFC 9112, section 3.2.1).
    pub(super) fn path(&self) -> Uri {
        self.0.path.clone()
    }

    /// The whole, as HTTP/2 wants it for `:scheme` and `:authority` (RFC 9113, section 8.3.1).
    pub(super) fn absolute(&self) -> Uri {
        self.0.absolute.clone()
    }

    /// The value of `Host` (RFC 9110, section 7.2).
    pub(super) fn authority(&self) -> HeaderValue {
        self.0.authority.clone()
    }
}

impl fmt::Debug for Endpoint {
    /// Path and query may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Endpoint").field(&self.0.origin).finish()
    }
}

impl Parts {
    fn of(uri: &Uri) -> Option<Self> {
        let tls = match uri.scheme()? {
            scheme if *scheme == Scheme::HTTPS => true,
            scheme if *scheme == Scheme::HTTP => false,
            _ => return None,
        };
        let (scheme, usual) = if tls { (Scheme::HTTPS, 443) } else { (Scheme::HTTP, 80) };
        let host = uri.host().filter(|host| !host.is_empty())?.to_ascii_lowercase();
        let port = uri.port_u16().unwrap_or(usual);
        let authority = if port == usual { host.clone() } else { format!("{host}:{port}") };
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        Some(Self {
            origin: format!("{scheme}://{host}:{port}").into(),
            port,
            tls,
            path: path.parse().ok()?,
            authority: HeaderValue::from_str(&authority).ok()?,
            absolute: Uri::builder().scheme(scheme).authority(authority).path_and_query(path).build().ok()?,
            host,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(uri: &'static str) -> Result<Endpoint, HttpError> {
        Endpoint::of(&Uri::from_static(uri))
    }

    #[test]
    fn a_uri_is_taken_apart_as_each_version_of_http_wants_it() {
        for (uri, origin, host, path, absolute, authority) in [
            (
                "http://Example.org",
                "http://example.org:80",
                "example.org",
                "/",
                "http://example.org/",
                "example.org",
            ),
            (
                "https://ann:pass@example.org:8443/a?b=c",
                "https://example.org:8443",
                "example.org",
                "/a?b=c",
                "https://example.org:8443/a?b=c",
                "example.org:8443",
            ),
            ("https://[::1]:443/?x", "https://[::1]:443", "::1", "/?x", "https://[::1]/?x", "[::1]"),
        ] {
            let endpoint = of(uri).unwrap();
            assert_eq!((endpoint.origin(), endpoint.host()), (origin, host));
            assert_eq!(
                (endpoint.path(), endpoint.absolute()),
                (path.parse().unwrap(), absolute.parse().unwrap())
            );
            assert_eq!(endpoint.authority(), authority);
            assert_eq!(format!("{endpoint:?}"), format!("Endpoint({origin:?})"));
        }
    }

    #[test]
    fn what_is_no_web_address_is_refused() {
        for uri in ["/only/a/path", "ftp://example.org/", "example.org:80"] {
            assert!(matches!(of(uri), Err(HttpError::Unsupported { .. })), "{uri}");
        }
    }
}
