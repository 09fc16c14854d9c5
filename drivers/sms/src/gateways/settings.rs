//! What the settings of several gateways have in common.

use nuncio_plugin_sdk::{Refusal, Url};

/// How a gateway may be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Through the internet: what is sent is a credential, so it must be encrypted, but for this machine itself.
    Encrypted,
    /// Within the operator's own network, as Kannel is used: plain HTTP too.
    Own,
}

/// Why `url` cannot be the address of a gateway.
pub(crate) fn address_wrong(at: &str, url: &Url, way: Way, right: &str) -> Option<Refusal> {
    let here = ["127.0.0.1", "[::1]", "localhost"].contains(&url.host_str().unwrap_or_default());
    let why = match url.scheme() {
        "https" => None,
        "http" if way == Way::Own || here => None,
        "http" => Some("the credential would travel in plain text"),
        _ => Some("not a web address"),
    };
    let why = why
        .or_else(|| credentials(url))
        .or_else(|| url.fragment().is_some().then_some("a fragment (`#...`) is never sent"));
    why.map(|why| Refusal::new(at, why).fix(format!("write one like {right}")))
}

/// Why the vendor cannot call `url` with receipts.
pub(crate) fn callback_wrong(at: &str, url: &Url, name: &str) -> Option<Refusal> {
    let why = if !["http", "https"].contains(&url.scheme()) {
        Some("not a web address")
    } else if url.query().is_some() || url.fragment().is_some() {
        Some("the query is the driver's to write")
    } else {
        credentials(url)
    };
    let fix = format!(
        "write the address of this host as the vendor reaches it, like https://nuncio.example/v2/inbound/sms/{name}"
    );
    why.map(|why| Refusal::new(at, why).fix(fix))
}

fn credentials(url: &Url) -> Option<&'static str> {
    (!url.username().is_empty() || url.password().is_some())
        .then_some("a credential must not stand in an address")
}

/// `url` without a slash at its end.
pub(crate) fn base(url: &Url) -> &str {
    url.as_str().trim_end_matches('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn a_credential_travels_encrypted_or_not_at_all() {
        for (text, way, why) in [
            ("https://api.example", Way::Encrypted, ""),
            ("http://127.0.0.1:4010", Way::Encrypted, ""),
            ("http://kannel.internal:13013/cgi-bin/sendsms", Way::Own, ""),
            ("http://api.example", Way::Encrypted, "plain text"),
            ("ftp://api.example", Way::Own, "not a web address"),
            ("https://ann:x@api.example", Way::Encrypted, "must not stand"),
            ("https://api.example/#a", Way::Encrypted, "fragment"),
        ] {
            let said = address_wrong("/api", &url(text), way, "https://x").map(|refusal| refusal.to_string());
            match (why, said) {
                ("", said) => assert_eq!(said, None, "{text}"),
                (why, said) => assert!(
                    said.is_some_and(|said| said.contains(why) && said.contains("https://x")),
                    "{text}"
                ),
            }
        }
    }

    #[test]
    fn a_callback_has_no_query_of_its_own() {
        let wrong = |text| callback_wrong("/c", &url(text), "main").map(|refusal| refusal.to_string());
        assert_eq!(wrong("https://n.example/v2/inbound/sms/main"), None);
        for text in ["https://n.example/?a=b", "https://n.example/#a", "https://a@n.example/", "sms:+1"] {
            assert!(wrong(text).unwrap().ends_with("/v2/inbound/sms/main"), "{text}");
        }
    }
}
