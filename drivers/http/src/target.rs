//! Where a webhook goes: the URI without what is not sent in it, and the credentials that stood in it.

use std::net::IpAddr;

use base64::{Engine, engine::general_purpose::STANDARD};
use nuncio_plugin_sdk::{
    Form, Refusal, SubscriberUri, Url,
    core::net::Policy,
    http::{Endpoint, HeaderValue, Uri},
};
use percent_encoding::percent_decode_str;

/// Where a webhook goes.
pub(crate) struct Target {
    /// Without userinfo and fragment.
    pub(crate) uri: Uri,
    /// The same, taken apart for the client.
    pub(crate) endpoint: Endpoint,
    /// The userinfo as Basic credentials (RFC 7617).
    pub(crate) authorization: Option<HeaderValue>,
}

impl Target {
    /// Reads `uri`.
    ///
    /// # Errors
    /// Credentials that would travel in clear text; a URI that is not for this driver.
    pub(crate) fn of(uri: &SubscriberUri) -> Result<Self, Refusal> {
        let url = url(uri)?;
        let authorization = authorization(url)?;
        let mut bare = url.clone();
        // These fail for a URL without a host alone, and http has one.
        let (Ok(()), Ok(())) = (bare.set_username(""), bare.set_password(None)) else {
            return Err(Refusal::new("host", "the URI has no host"));
        };
        bare.set_fragment(None);
        let unsendable = |why: String| Refusal::new("uri", format!("it cannot be sent: {why}"));
        let uri: Uri = bare.as_str().parse().map_err(|error| unsendable(format!("{error}")))?;
        let endpoint = Endpoint::of(&uri).map_err(|error| unsendable(error.to_string()))?;
        Ok(Self { uri, endpoint, authorization })
    }
}

/// Refuses a host that is an address which `policy` forbids. Names are judged when they are dialled.
pub(crate) fn guard(uri: &SubscriberUri, policy: &Policy) -> Result<(), Refusal> {
    let Some((host, address)) = url(uri)?.host_str().and_then(literal) else { return Ok(()) };
    if policy.permits(address) || policy.permits_host(&host) {
        return Ok(());
    }
    Err(Refusal::new(place(uri, &host), "this server may not reach this address")
        .fix("allow it by [delivery] allow_networks or allow_hosts"))
}

fn url(uri: &SubscriberUri) -> Result<&Url, Refusal> {
    match uri.form() {
        Form::Http(http) => Ok(&http.url),
        _ => Err(Refusal::new("scheme", "this driver serves `http:` and `https:`")),
    }
}

fn literal(host: &str) -> Option<(String, IpAddr)> {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.parse().ok().map(|address| (host.to_owned(), address))
}

/// Where `host` stands in what the client wrote, which may have been another notation of the same address.
fn place(uri: &SubscriberUri, host: &str) -> String {
    match uri.written().split_once(host) {
        Some((before, _)) => format!("host, column {}", before.chars().count() + 1),
        None => "host".to_owned(),
    }
}

fn authorization(url: &Url) -> Result<Option<HeaderValue>, Refusal> {
    if url.username().is_empty() && url.password().is_none() {
        return Ok(None);
    }
    let host = url.host_str().unwrap_or_default();
    let here = host == "localhost" || literal(host).is_some_and(|(_, address)| address.is_loopback());
    if url.scheme() != "https" && !here {
        return Err(Refusal::new("userinfo", "a password must not travel in clear text").fix("use https"));
    }
    let mut pair: Vec<u8> = percent_decode_str(url.username()).collect();
    pair.push(b':');
    pair.extend(percent_decode_str(url.password().unwrap_or_default()));
    // Base64 is always a header's value.
    Ok(HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(pair))).ok().map(|mut value| {
        value.set_sensitive(true);
        value
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> SubscriberUri {
        SubscriberUri::parse(text).unwrap()
    }

    #[test]
    fn userinfo_becomes_basic_credentials_and_leaves_the_uri() {
        let target = Target::of(&uri("https://ann:p%40ss@example.org/a?b=c")).unwrap();
        assert_eq!(target.uri.to_string(), "https://example.org/a?b=c");
        // "ann:p@ss"
        assert_eq!(target.authorization.unwrap(), "Basic YW5uOnBAc3M=");
        assert!(Target::of(&uri("https://example.org/")).unwrap().authorization.is_none());
    }

    #[test]
    fn credentials_go_in_clear_text_to_loopback_alone() {
        assert!(Target::of(&uri("http://ann:pass@127.0.0.1:8080/")).is_ok());
        assert!(Target::of(&uri("http://ann:pass@localhost/")).is_ok());
        let refusal = Target::of(&uri("http://ann:hunter2@example.org/")).err().unwrap().to_string();
        assert!(refusal.starts_with("userinfo: ") && !refusal.contains("hunter2"), "{refusal}");
    }

    #[test]
    fn a_forbidden_literal_is_refused_with_its_column_and_the_fix() {
        let refusal = guard(&uri("http://10.0.0.1/x"), &Policy::default()).unwrap_err();
        assert_eq!(refusal.at, "host, column 8");
        assert!(refusal.fix.contains("allow_networks"), "{refusal}");
        let allowed = Policy::new(&["10.0.0.0/8".to_owned()], &[]).unwrap();
        assert!(guard(&uri("http://10.0.0.1/x"), &allowed).is_ok());
        assert!(guard(&uri("http://[::1]/x"), &Policy::default()).is_err());
        assert!(
            guard(&uri("http://localhost/x"), &Policy::default()).is_ok(),
            "a name is judged when it is dialled"
        );
    }
}
