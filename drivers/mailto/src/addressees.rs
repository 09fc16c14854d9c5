//! Who a subscription is for: what its URI (RFC 6068) and its options say together.

use std::collections::HashSet;

use lettre::{
    Address,
    message::{Mailbox, Mailboxes},
};
use nuncio_plugin_sdk::{
    Options, Refusal,
    serde_json::Value,
    uri::{self, Mailto},
};

use crate::mailbox::{address_of, mailbox};

/// The most recipients of one mail: RFC 5321, section 4.5.3.1.8, makes every relay take a hundred.
pub(crate) const MAX_RECIPIENTS: usize = 100;

/// Which header field shows a recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    To,
    Cc,
    /// None: RFC 5322, section 3.6.3.
    Bcc,
}

/// The recipients of a mail, each once, in order: the URI's `to`, `cc` and `bcc`, then the options' `cc` and `bcc`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Addressees(Vec<(Field, Mailbox)>);

impl Addressees {
    /// Reads them.
    ///
    /// # Errors
    /// The first address that is refused; no recipient at all; more than [`MAX_RECIPIENTS`].
    pub(crate) fn of(uri: &Mailto, options: &Options) -> Result<Self, Refusal> {
        let mut all = Vec::new();
        for (field, addresses) in [(Field::To, &uri.to), (Field::Cc, &uri.cc), (Field::Bcc, &uri.bcc)] {
            for address in addresses {
                all.push((field, from_uri(address)?));
            }
        }
        for (field, key) in [(Field::Cc, "cc"), (Field::Bcc, "bcc")] {
            all.extend(mailboxes(options, key)?.into_iter().map(|mailbox| (field, mailbox)));
        }
        let mut seen = HashSet::new();
        all.retain(|(_, mailbox)| seen.insert(mailbox.email.clone()));
        match all.len() {
            0 => Err(Refusal::new("uri", "there is no recipient").fix("write `mailto:ann@example.org`")),
            1..=MAX_RECIPIENTS => Ok(Self(all)),
            many => Err(Refusal::new("uri", format!("{many} recipients are more than {MAX_RECIPIENTS}"))
                .fix("make several subscriptions")),
        }
    }

    /// The addresses of all of them.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = &Address> {
        self.0.iter().map(|(_, mailbox)| &mailbox.email)
    }

    /// Those that `field` shows.
    pub(crate) fn shown(&self, field: Field) -> Mailboxes {
        self.0.iter().filter(|(of, _)| *of == field).map(|(_, mailbox)| mailbox.clone()).collect()
    }

    /// Without those whose local part only SMTPUTF8 (RFC 6531) can carry.
    pub(crate) fn ascii(&self) -> Self {
        Self(self.0.iter().filter(|(_, mailbox)| mailbox.email.user().is_ascii()).cloned().collect())
    }
}

fn from_uri(address: &uri::Address) -> Result<Mailbox, Refusal> {
    address_of(&address.local, &address.domain)
        .map(|email| Mailbox::new(None, email))
        .map_err(|why| Refusal::new("uri", why))
}

/// The mailboxes of the option `key`: a string, a list of strings, or Zaqar's object.
///
/// # Errors
/// A value that is none of these, or the first mailbox that is refused.
pub(crate) fn mailboxes(options: &Options, key: &str) -> Result<Vec<Mailbox>, Refusal> {
    let at = || format!("/options/{key}");
    let fits = match options.get(key) {
        None | Some(Value::Null | Value::String(_)) => true,
        Some(Value::Array(list)) => list.iter().all(Value::is_string),
        Some(Value::Object(map)) => map.values().all(|value| value.is_string() || value.is_null()),
        Some(_) => false,
    };
    if !fits {
        return Err(Refusal::new(at(), "not a mail address or a list of mail addresses")
            .fix("write \"ann@example.org\" or [\"ann@example.org\", \"bob@example.org\"]"));
    }
    let read =
        |text: &String| mailbox(text).map_err(|why| Refusal::new(at(), why).fix("write `ann@example.org`"));
    options.texts(key).iter().map(read).collect()
}

/// The mailboxes of the option `key` that stand for the sender; a relay without SMTPUTF8 must be able to take them.
///
/// # Errors
/// As [`mailboxes`], and a local part that is not ASCII.
pub(crate) fn senders(options: &Options, key: &str) -> Result<Vec<Mailbox>, Refusal> {
    let found = mailboxes(options, key)?;
    match found.iter().find(|mailbox| !mailbox.email.user().is_ascii()) {
        Some(mailbox) => Err(Refusal::new(
            format!("/options/{key}"),
            format!("`{}` is not ASCII before the `@`", mailbox.email),
        )
        .fix("a sender must be an address that every relay can take")),
        None => Ok(found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nuncio_plugin_sdk::serde_json::json;

    fn uri(to: &[&str], cc: &[&str], bcc: &[&str]) -> Mailto {
        let list = |texts: &[&str]| {
            let address = |text: &&str| {
                let (local, domain) = text.rsplit_once('@').unwrap();
                uri::Address { local: local.to_owned(), domain: domain.to_owned() }
            };
            texts.iter().map(address).collect()
        };
        Mailto { to: list(to), cc: list(cc), bcc: list(bcc), subject: None, body: None }
    }

    fn options(value: Value) -> Options {
        nuncio_plugin_sdk::serde_json::from_value(value).unwrap()
    }

    #[test]
    fn every_recipient_stands_once_and_in_order() {
        let options = options(json!({"cc": ["Di <d@x.example>", "a@x.example"], "bcc": {"e@x.example": ""}}));
        let found =
            Addressees::of(&uri(&["a@x.example"], &["b@x.example"], &["c@x.example"]), &options).unwrap();
        let addresses: Vec<_> = found.addresses().map(ToString::to_string).collect();
        assert_eq!(addresses, ["a@x.example", "b@x.example", "c@x.example", "d@x.example", "e@x.example"]);
        assert_eq!(found.shown(Field::Cc).to_string(), "b@x.example, Di <d@x.example>");
    }

    #[test]
    fn zaqars_empty_objects_are_no_recipients() {
        let found =
            Addressees::of(&uri(&["a@x.example"], &[], &[]), &options(json!({"cc": {}, "bcc": {}}))).unwrap();
        assert_eq!(found.addresses().count(), 1);
    }

    #[test]
    fn no_recipient_and_too_many_are_refused() {
        assert!(Addressees::of(&Mailto::default(), &Options::default()).is_err());
        let many: Vec<_> = (0..=MAX_RECIPIENTS).map(|n| format!("a{n}@x.example")).collect();
        let refusal = Addressees::of(&Mailto::default(), &options(json!({"cc": many}))).unwrap_err();
        assert!(refusal.why.contains("101"), "{refusal}");
    }

    #[test]
    fn a_wrong_option_is_named() {
        for wrong in [
            json!({"cc": 1}),
            json!({"cc": ["a@x.example", 2]}),
            json!({"cc": "a@x.example\nBcc: b@x.example"}),
        ] {
            let refusal = Addressees::of(&uri(&["a@x.example"], &[], &[]), &options(wrong)).unwrap_err();
            assert_eq!(refusal.at, "/options/cc");
        }
        assert!(senders(&options(json!({"from": "jürgen@x.example"})), "from").is_err());
    }
}
