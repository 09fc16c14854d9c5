//! What a driver may be called, and what it may serve.

use nuncio_core::{
    SubscriberUri,
    uri::{Form, UriError},
};

/// The longest name, in bytes: it stands in file names and metrics.
const MAX_BYTES: usize = 32;

/// The name of a driver that is yet to be written: lower-case letters, digits and `-`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name(String);

impl Name {
    /// Reads what somebody wants to call a driver; `taken` are the names of the drivers that are there.
    ///
    /// # Errors
    /// What is wrong with it, and a name that would do.
    pub(super) fn parse(text: &str, taken: &[String]) -> Result<Self, String> {
        let wrong = |why: &str| Err(format!("`{text}` cannot be the name of a driver: {why}"));
        let proposal = proposed(text);
        let instead = if proposal.is_empty() { "acme-sms" } else { &proposal };
        if text != proposal || text.is_empty() {
            return wrong(&format!(
                "it is lower-case letters, digits and single `-`, begins with a letter, and has at most \
                 {MAX_BYTES}; write e.g. `{instead}`"
            ));
        }
        if taken.iter().any(|one| one == text) {
            return wrong("this program has a driver of that name, and a host takes each name once");
        }
        Ok(Self(text.to_owned()))
    }

    /// As in `[drivers.NAME]`.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// The package: `nuncio-driver-acme-sms`, as ours are called.
    pub(super) fn package(&self) -> String {
        format!("nuncio-driver-{}", self.0)
    }

    /// The package as Rust names it: `nuncio_driver_acme_sms`.
    pub(super) fn package_in_rust(&self) -> String {
        self.package().replace('-', "_")
    }

    /// The type: `AcmeSmsDriver`. Its end keeps it apart from whatever the SDK has.
    pub(super) fn type_name(&self) -> String {
        let capital = |word: &str| {
            let mut letters = word.chars();
            letters
                .next()
                .map(|first| first.to_ascii_uppercase())
                .into_iter()
                .chain(letters)
                .collect::<String>()
        };
        self.0.split('-').map(capital).collect::<String>() + "Driver"
    }
}

/// The nearest to `text` that is a name.
fn proposed(text: &str) -> String {
    let plain = text.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' });
    let plain: String = plain.collect();
    let words = plain.split('-').filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-");
    let words = words.trim_start_matches(|c: char| !c.is_ascii_lowercase());
    let short: String = words.chars().take(MAX_BYTES).collect();
    short.trim_end_matches('-').to_owned()
}

/// A URI scheme with an example of a URI that the template can read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Scheme {
    pub(super) name: String,
    pub(super) example: String,
}

impl Scheme {
    /// Reads a scheme.
    ///
    /// # Errors
    /// What is wrong with it, and what to write.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let name = text.trim_end_matches(':').to_ascii_lowercase();
        let wrong = |why: &dyn std::fmt::Display| format!("`{text}` cannot be a URI scheme here: {why}");
        let read = |address: &str| SubscriberUri::parse(&format!("{name}:{address}"));
        let fits = |uri: &Result<SubscriberUri, UriError>| uri.as_ref().is_ok_and(|uri| uri.scheme() == name);
        // Some schemes have a grammar in the core that takes numbers or mailboxes only.
        let examples = ["someone", "+15551234567", "someone@example.org"];
        let readable = examples.iter().find(|address| {
            let uri = read(address);
            fits(&uri) && uri.is_ok_and(|uri| one_plain_address(&uri))
        });
        match (readable, read("someone")) {
            (Some(address), _) => Ok(Self { example: format!("{name}:{address}"), name }),
            (None, Err(error)) if error.part == "scheme" => Err(wrong(&error)),
            (None, _) => Err(wrong(
                &"Nuncio has a grammar for it that the template does not know; generate with another one, then \
                  change SCHEMES in src/driver.rs",
            )),
        }
    }
}

fn one_plain_address(uri: &SubscriberUri) -> bool {
    !matches!(uri.form(), Form::Http(_) | Form::Log(_)) && uri.addresses().len() == 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_gives_the_names_of_package_and_type() {
        let name = Name::parse("acme-sms2", &[]).unwrap();
        assert_eq!(name.package(), "nuncio-driver-acme-sms2");
        assert_eq!(name.package_in_rust(), "nuncio_driver_acme_sms2");
        assert_eq!(name.type_name(), "AcmeSms2Driver");
    }

    #[test]
    fn a_name_that_cannot_be_is_refused_with_one_that_can() {
        for (text, instead) in [
            ("Acme SMS", "`acme-sms`"),
            ("acme_sms", "`acme-sms`"),
            ("-acme--sms-", "`acme-sms`"),
            ("4chan", "`chan`"),
            ("", "`acme-sms`"),
            ("ä", "`acme-sms`"),
            ("../up", "`up`"),
            ("a234567890123456789012345678901-x", "`a234567890123456789012345678901`"),
        ] {
            let error = Name::parse(text, &[]).unwrap_err();
            assert!(error.contains(&format!("write e.g. {instead}")), "{text}: {error}");
        }
        let error = Name::parse("sms", &["sms".to_owned()]).unwrap_err();
        assert!(error.contains("has a driver of that name"), "{error}");
    }

    #[test]
    fn a_scheme_comes_with_a_uri_that_is_read() {
        for (text, example) in [
            ("acme-sms", "acme-sms:someone"),
            ("Acme:", "acme:someone"),
            ("sms", "sms:+15551234567"),
            ("mailto", "mailto:someone@example.org"),
        ] {
            assert_eq!(Scheme::parse(text).unwrap().example, example);
        }
        for (text, why) in [
            ("a_b", "a character that a scheme cannot have here"),
            ("", "scheme"),
            ("1a", "a character"),
            ("a:b", "cannot be a URI scheme"),
            ("https", "change SCHEMES"),
            ("log", "change SCHEMES"),
        ] {
            let error = Scheme::parse(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn any_name_is_taken_or_refused_with_one_that_is_taken(text in "\\PC{0,50}") {
            if Name::parse(&text, &[]).is_err() {
                let instead = proposed(&text);
                prop_assert!(instead.is_empty() || Name::parse(&instead, &[]).is_ok(), "{}", instead);
            }
        }
    }
}
