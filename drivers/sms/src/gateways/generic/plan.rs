//! The settings of a gateway, read and found to fit together.

use std::collections::BTreeSet;

use nuncio_plugin_sdk::{
    Refusal, SettingsError, Url,
    http::{self, HeaderName},
    serde_json,
};

use super::{
    settings::{Method, Settings},
    template::{Escape, Slot, Template},
};
use crate::gateways::settings::{Way, address_wrong, callback_wrong};

const RIGHT: &str = "https://api.acme.example/messages?to={to_digits}";

/// What is done for each SMS.
pub(crate) struct Plan {
    pub(super) settings: Settings,
    pub(super) url: Template,
    pub(super) headers: Vec<(String, Template)>,
    pub(super) body: Template,
}

impl Plan {
    /// Reads `settings` of the account `name`, which `has_sender` of its own or not.
    ///
    /// # Errors
    /// Every setting that is wrong.
    pub(super) fn read(settings: Settings, has_sender: bool, name: &str) -> Result<Self, SettingsError> {
        let mut wrong = Vec::new();
        let mut read = |text: &str, at: &str, escape: Escape| {
            Template::read(text, at, escape).map_err(|refusal| wrong.push(refusal)).ok()
        };
        let url = read(&settings.url, "/url", Escape::Url);
        let body = read(&settings.body, "/body", Escape::of(content_type(&settings)));
        let headers: Vec<_> = settings
            .headers
            .iter()
            .filter_map(|(key, value)| {
                let at = format!("/headers/{key}");
                Some((key.clone(), read(value, &at, Escape::None)?))
            })
            .collect();
        let (Some(url), Some(body), true) = (url, body, wrong.is_empty()) else {
            return Err(SettingsError(wrong));
        };
        let plan = Self { settings, url, headers, body };
        wrong.extend(plan.wrong_request());
        wrong.extend(plan.wrong_values(has_sender));
        wrong.extend(plan.wrong_answer());
        wrong.extend(plan.wrong_receipts(name));
        if wrong.is_empty() { Ok(plan) } else { Err(SettingsError(wrong)) }
    }

    /// The placeholders that are in use.
    fn slots(&self) -> BTreeSet<Slot> {
        let headers = self.headers.iter().flat_map(|(_, value)| value.slots());
        self.url.slots().into_iter().chain(self.body.slots()).chain(headers).collect()
    }

    fn wrong_request(&self) -> Vec<Refusal> {
        let mut wrong = Vec::new();
        let host_ends =
            self.url.beginning().split_once("://").is_some_and(|(_, rest)| rest.contains(['/', '?']));
        match Url::parse(&self.url.filled(|_| "x".to_owned())) {
            Ok(_) if !host_ends && !self.url.slots().is_empty() => {
                let refusal = Refusal::new("/url", "a placeholder stands in its host");
                wrong.push(refusal.fix(format!("write placeholders behind the host, like {RIGHT}")));
            }
            Ok(url) => wrong.extend(address_wrong("/url", &url, Way::Own, RIGHT)),
            Err(error) => {
                wrong.push(Refusal::new("/url", error.to_string()).fix(format!("write one like {RIGHT}")))
            }
        }
        for key in self.settings.headers.keys() {
            if HeaderName::try_from(key).is_err() {
                let refusal = Refusal::new(format!("/headers/{key}"), "not the name of a header");
                wrong.push(refusal.fix("write one like content-type"));
            }
        }
        let body = &self.settings.body;
        if self.settings.method == Method::Get && !body.is_empty() {
            wrong.push(Refusal::new("/body", "a GET has none").fix("set `method` to `POST`"));
        }
        if !body.is_empty() && content_type(&self.settings).is_empty() {
            let refusal =
                Refusal::new("/headers/content-type", "how the body is to be escaped depends on it");
            wrong.push(refusal.fix("write headers = { content-type = \"application/json\" }"));
        }
        if Escape::of(content_type(&self.settings)) == Escape::Json && !body.is_empty() {
            let sample = self.body.filled(|_| "1".to_owned());
            if let Err(error) = serde_json::from_str::<serde_json::Value>(&sample) {
                let refusal =
                    Refusal::new("/body", format!("with its placeholders filled it is not JSON: {error}"));
                wrong.push(refusal.fix(r#"write body = '{"to": "{to}", "text": "{text}"}'"#));
            }
        }
        wrong
    }

    /// What a placeholder stands for must be there, and what is there must be used.
    fn wrong_values(&self, has_sender: bool) -> Vec<Refusal> {
        let settings = &self.settings;
        let slots = self.slots();
        let uses = |slot| slots.contains(&slot);
        let basic = uses(Slot::Basic);
        let mut wrong: Vec<_> = [
            ("username", settings.username.is_some(), uses(Slot::Username) || basic, "username = \"nuncio\""),
            (
                "password",
                settings.password.is_some(),
                uses(Slot::Password) || basic,
                "password = { env = \"SMS_PASSWORD\" }",
            ),
            ("token", settings.token.is_some(), uses(Slot::Token), "token = { env = \"SMS_TOKEN\" }"),
            (
                "status_callback",
                settings.status_callback.is_some(),
                uses(Slot::Callback),
                "status_callback = \"https://nuncio.example/v2/inbound/sms/NAME\"",
            ),
        ]
        .into_iter()
        .filter(|(_, there, used, _)| there != used)
        .map(|(key, _, used, example)| {
            let at = format!("/{key}");
            if used {
                Refusal::new(at, "the request wants it").fix(format!("write {example}"))
            } else {
                Refusal::new(at, "the request does not use it").fix("use its placeholder, or remove it")
            }
        })
        .collect();
        if uses(Slot::From) && !has_sender {
            wrong.push(Refusal::new("/sender", "the request wants it").fix("write sender = \"Nuncio\""));
        }
        for (slot, name, at) in [(Slot::Text, "text", "/body"), (Slot::To, "to", "/url")] {
            if !(uses(slot) || slot == Slot::To && uses(Slot::ToDigits)) {
                let refusal = Refusal::new(at, format!("`{{{name}}}` stands nowhere in the request"));
                wrong.push(refusal.fix(format!("write it where the gateway wants it, like {RIGHT}")));
            }
        }
        wrong
    }

    fn wrong_answer(&self) -> Vec<Refusal> {
        let settings = &self.settings;
        let pointers = [
            ("/id", &settings.id),
            ("/parts", &settings.parts),
            ("/error_code", &settings.error_code),
            ("/error_text", &settings.error_text),
        ];
        let mut wrong: Vec<_> = pointers
            .into_iter()
            .filter(|(_, pointer)| pointer.as_deref().is_some_and(|text| !text.starts_with('/')))
            .map(|(at, _)| Refusal::new(at, "not a JSON pointer").fix("write one like /messages/0/id"))
            .collect();
        if !settings.codes.is_empty() && settings.error_code.is_none() {
            let refusal = Refusal::new("/error_code", "`codes` are there, and where the code stands is not");
            wrong.push(refusal.fix("write a JSON pointer like /error/code"));
        }
        let is_status = |text: &str| text.parse().is_ok_and(|code: u16| (200..=599).contains(&code));
        for status in settings.statuses.keys().filter(|status| !is_status(status)) {
            let refusal = Refusal::new(format!("/statuses/{status}"), "not an HTTP status");
            wrong.push(refusal.fix("write one from 200 to 599, like 403 = \"account\""));
        }
        if settings.success.iter().any(|status| !(200..=599).contains(status)) {
            wrong.push(Refusal::new("/success", "not HTTP statuses").fix("write [200, 202]"));
        }
        wrong
    }

    fn wrong_receipts(&self, name: &str) -> Vec<Refusal> {
        let mut wrong = Vec::new();
        let callback = self.settings.status_callback.as_ref();
        wrong.extend(callback.and_then(|url| callback_wrong("/status_callback", url, name)));
        match (&self.settings.receipt, callback) {
            (None, Some(_)) => {
                let refusal = Refusal::new("/receipt", "receipts would come that nobody can read");
                wrong.push(refusal.fix(format!("add [drivers.sms.accounts.{name}.receipt]")));
            }
            (Some(receipt), _) => wrong.extend(receipt.refusals(callback.is_some())),
            (None, None) => {}
        }
        wrong
    }

    /// The method as the client knows it.
    pub(super) const fn method(&self) -> http::Method {
        match self.settings.method {
            Method::Post => http::Method::POST,
            Method::Put => http::Method::PUT,
            Method::Get => http::Method::GET,
        }
    }
}

/// What the header `content-type` says; empty when there is none.
fn content_type(settings: &Settings) -> &str {
    let named = |(key, _): &(&String, &String)| key.eq_ignore_ascii_case("content-type");
    settings.headers.iter().find(named).map_or("", |(_, value)| value)
}
