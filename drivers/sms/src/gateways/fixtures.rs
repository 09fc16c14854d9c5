//! What the tests of the gateways are made of.

use nuncio_plugin_sdk::{Inbound, Outcome, Report, Scope, Secret, serde_json};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{
    answer::Answered,
    call::{Call, Reader},
    gateway::Gateway,
};
use crate::{
    account::Sms,
    number::Number,
    sender::Sender,
    text::{Overflow, Rules, Text},
};

/// An SMS, owned.
pub(super) struct Letter {
    to: Number,
    sender: Option<Sender>,
    text: Text,
    index: u32,
}

impl Letter {
    pub(super) fn new(to: &str, sender: &str, text: &str) -> Self {
        let rules = Rules { max_parts: 10, transliterate: false, wide_reference: false, latin1: false };
        Self {
            to: Number::read(to, None).unwrap(),
            sender: (!sender.is_empty()).then(|| Sender::read(sender, "/sender").unwrap()),
            text: Text::plan(text, &rules, Overflow::Split).unwrap(),
            index: 0,
        }
    }

    pub(super) fn index(self, index: u32) -> Self {
        Self { index, ..self }
    }

    pub(super) fn sms(&self) -> Sms<'_> {
        let Self { to, sender, text, index } = self;
        Sms { id: "msg_a", index: *index, to, sender: sender.as_ref(), text }
    }
}

/// What a vendor says of a plain letter, with this status and body.
pub(super) fn said(gateway: &impl Gateway, status: u16, body: &[u8]) -> Report {
    let letter = Letter::new("+15551230101", "Nuncio", "Hello");
    gateway.report(answered(status, body), &letter.sms(), false)
}

/// An answer as the client would report it, without what is not looked at here.
pub(super) fn answered(status: u16, body: &[u8]) -> Answered<'_> {
    let plain = match status {
        200..=299 => Report::delivered(),
        401..=405 => Report::deferred(Scope::Account, status.to_string()),
        429 | 503 => Report::deferred(Scope::Destination, status.to_string()),
        _ => Report::rejected(Scope::Recipient, status.to_string()),
    };
    Answered { plain: plain.code(status.into()), body, truncated: false }
}

/// What was said, in short.
pub(super) fn short(report: &Report) -> (Outcome, Scope, u32) {
    (report.outcome, report.scope, report.code)
}

/// The names and values of a form.
pub(super) fn form(call: &Call) -> Vec<(String, String)> {
    url::form_urlencoded::parse(call.body.as_bytes()).into_owned().collect()
}

/// The header `name` of `call`.
pub(super) fn header<'a>(call: &'a Call, name: &str) -> &'a str {
    call.headers.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
}

/// The request for `letter`.
pub(super) fn call(gateway: &impl Gateway, letter: &Letter) -> Call {
    gateway.call(&letter.sms(), Reader::Vendor).unwrap()
}

/// The settings that `json` is.
pub(super) fn settings<S: DeserializeOwned>(json: Value) -> S {
    serde_json::from_value(json).unwrap()
}

/// A request of the vendor's.
pub(super) fn inbound(query: &str, headers: &[(&str, &str)]) -> Inbound {
    let mut inbound = Inbound::default();
    inbound.method = "POST".to_owned();
    inbound.query = query.to_owned();
    inbound.headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    inbound
}

/// That `call` as a person sees it has none of `secrets` in it.
pub(super) fn hides(gateway: &impl Gateway, letter: &Letter, secrets: &[&str]) -> String {
    let shown = gateway.call(&letter.sms(), Reader::Person).unwrap().shown();
    for secret in secrets {
        assert!(!shown.contains(secret), "{secret} in\n{shown}");
    }
    shown
}

/// The token of a reference.
pub(super) fn token(reference: &str, secret: &str) -> String {
    super::reference::Reference::read(reference).unwrap().token(&Secret::new(secret)).unwrap()
}

struct Zero;

impl nuncio_plugin_sdk::Clock for Zero {
    fn now_ms(&self) -> i64 {
        0
    }
}

/// What a host gives a driver.
pub(crate) fn context() -> nuncio_plugin_sdk::Context {
    use std::{sync::Arc, time::Duration};
    let policy = nuncio_plugin_sdk::net::Policy::default();
    nuncio_plugin_sdk::Context::new(Arc::new(Zero), Arc::new(policy), Duration::from_secs(30))
}

/// What is wrong with the settings `right`, after `change`, in words.
pub(super) fn refused<K: crate::settings::Kind + DeserializeOwned>(
    right: Value,
    change: &Value,
) -> Vec<String> {
    let mut all = right;
    all.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    let context = context();
    let opening = crate::settings::Opening { name: "main", context: &context };
    let error = settings::<K>(all).open(&opening).err();
    error.map_or_else(Vec::new, |error| error.0.iter().map(ToString::to_string).collect())
}
