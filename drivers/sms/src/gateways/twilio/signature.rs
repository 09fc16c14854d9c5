//! `X-Twilio-Signature`: HMAC-SHA1, in base64, over the URL and the form's names and values in the order of the names.
//!
//! <https://www.twilio.com/docs/usage/security#validating-requests>

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use nuncio_plugin_sdk::{Secret, Url};
use sha1::Sha1;

use super::super::pairs::Pairs;

/// Whether who knows `token` sent `form` to `url`, by its `signature`; compared in constant time.
///
/// Twilio is not of one mind on whether the port is part of the URL: it is tried with and without, as its own libraries do.
pub(super) fn is_right(signature: &str, url: &str, form: &Pairs, token: &Secret) -> bool {
    let Ok(tag) = STANDARD.decode(signature.trim()) else { return false };
    spellings(url).iter().any(|url| matches(&tag, url, form, token))
}

fn matches(tag: &[u8], url: &str, form: &Pairs, token: &Secret) -> bool {
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(token.expose().as_bytes()) else { return false };
    mac.update(url.as_bytes());
    let mut sorted: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, value) in &form.0 {
        sorted.entry(name).or_default().insert(value);
    }
    for (name, values) in sorted {
        for value in values {
            mac.update(name.as_bytes());
            mac.update(value.as_bytes());
        }
    }
    mac.verify_slice(tag).is_ok()
}

/// `url` as it stands, without its port, and with that of its scheme where it names none.
fn spellings(url: &str) -> Vec<String> {
    let mut all = vec![url.to_owned()];
    let Ok(parsed) = Url::parse(url) else { return all };
    let (Some(host), Some(port)) = (parsed.host_str(), parsed.port_or_known_default()) else { return all };
    let plain = format!("{}://{host}", parsed.scheme());
    let ported = format!("{plain}:{port}");
    if let Some(rest) = url.strip_prefix(&ported) {
        all.push(format!("{plain}{rest}"));
    } else if let Some(rest) = url.strip_prefix(&plain) {
        all.push(format!("{ported}{rest}"));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const URL: &str = "https://mycompany.com/myapp.php?foo=1&bar=2";
    /// The example of Twilio's documentation, with the token `12345`.
    const SIGNATURE: &str = "0/KCTR6DLpKmkAf8muzZqo1nDgQ=";

    fn form() -> Pairs {
        let pairs = [
            ("To", "+18005551212"),
            ("From", "+12349013030"),
            ("Digits", "1234"),
            ("Caller", "+12349013030"),
            ("CallSid", "CA1234567890ABCDE"),
        ];
        Pairs(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec())
    }

    #[test]
    fn the_documented_example_is_right() {
        let token = Secret::new("12345");
        assert!(is_right(SIGNATURE, URL, &form(), &token));
        for port in [".com:443", ".com:8443"] {
            assert!(is_right(SIGNATURE, &URL.replace(".com", port), &form(), &token), "{port} is taken away");
        }
        assert!(!is_right(SIGNATURE, &URL.replace("https", "http"), &form(), &token));
        assert!(!is_right(SIGNATURE, URL, &form(), &Secret::new("12346")));
        let mut changed = form();
        changed.0[2].1.push('5');
        assert!(!is_right(SIGNATURE, URL, &changed, &token));
    }

    #[test]
    fn a_signature_that_is_none_is_wrong() {
        for signature in ["", "0/KCTR6DLpKmkAf8muzZqo1nDg", "%%%", "MTIz"] {
            assert!(!is_right(signature, URL, &form(), &Secret::new("12345")), "{signature}");
        }
    }

    fn check_any(signature: &str, url: &str, body: &[u8]) {
        assert!(!is_right(signature, url, &Pairs::form(body), &Secret::new("12345")));
        assert!(spellings(url).iter().any(|one| one == url));
    }

    proptest! {
        #[test]
        fn nothing_that_is_made_up_is_right(
            signature in "[A-Za-z0-9+/=]{0,40}|\\PC{0,40}",
            url in "https?://[a-z.]{0,9}(:[0-9]{0,6})?/\\PC{0,20}|\\PC{0,40}",
            body in prop::collection::vec(any::<u8>(), 0..100),
        ) {
            check_any(&signature, &url, &body);
        }
    }
}
