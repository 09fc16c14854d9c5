//! Receipts of a gateway that the settings describe.

use std::collections::BTreeMap;

use nuncio_plugin_sdk::{
    Inbound, JsonSchema, Outcome, Receipt, Refusal, Secret, http::HeaderName, schemars, serde_json,
};
use serde::Deserialize;
use serde_json::Value;
use subtle::ConstantTimeEq;

use crate::gateways::{
    pairs::{Pairs, is_json, plain},
    reference::{NAME, Reference, TOKEN},
    said::{line, receipt},
};

/// `[drivers.sms.accounts.NAME.receipt]`: how the gateway's requests are read. `id`, `reference`, `status`, `code` and
/// `text` each name a place: a JSON pointer into the body (`/message/status`), or a parameter of the query or of a form.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(crate = "schemars")]
pub(crate) struct Receipts {
    /// What only the gateway and this host know, at least 16 characters.
    secret: Secret,
    /// The header in which the gateway sends the secret, alone or behind `Bearer`.
    secret_header: Option<String>,
    /// The parameter in which the gateway sends the secret. With neither, a receipt must come to the address that
    /// `{callback}` gave the gateway, which has a token of its own for each delivery.
    secret_parameter: Option<String>,
    /// Where the gateway's message id stands.
    id: Option<String>,
    /// Where it sends `{ref}` back.
    reference: Option<String>,
    /// Where the status stands.
    status: String,
    /// Where the gateway's code stands.
    code: Option<String>,
    /// Where its words stand.
    text: Option<String>,
    /// What each status means; one that is not named changes nothing.
    statuses: BTreeMap<String, Fate>,
}

/// What became of an SMS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(crate = "schemars")]
pub(crate) enum Fate {
    /// It is on the phone.
    Delivered,
    /// It will never be.
    Rejected,
    /// Nor will another one: who has the number wants none, or nobody has it.
    Gone,
}

impl Receipts {
    /// Everything that is wrong; `calls_back`: the gateway is told where to call.
    pub(super) fn refusals(&self, calls_back: bool) -> Vec<Refusal> {
        let mut wrong = Vec::new();
        if self.secret.expose().len() < 16 {
            let refusal = Refusal::new("/receipt/secret", "shorter than 16 characters");
            wrong.push(refusal.fix("write { env = \"NAME\" } of what `openssl rand -hex 32` prints"));
        }
        if self.secret_header.is_some() && self.secret_parameter.is_some() {
            let refusal = Refusal::new("/receipt/secret_parameter", "the secret comes in one place");
            wrong.push(refusal.fix("remove this, or `secret_header`"));
        }
        if self.secret_header.as_ref().is_some_and(|name| HeaderName::try_from(name).is_err()) {
            let refusal = Refusal::new("/receipt/secret_header", "not the name of a header");
            wrong.push(refusal.fix("write one like authorization"));
        }
        if self.secret_header.is_none() && self.secret_parameter.is_none() && !calls_back {
            let refusal = Refusal::new("/receipt/secret_header", "nothing vouches for a receipt");
            wrong.push(
                refusal
                    .fix("write `secret_header` or `secret_parameter`, or use `{callback}` in the request"),
            );
        }
        if self.id.is_none() && self.reference.is_none() && !calls_back {
            let refusal = Refusal::new("/receipt/id", "nothing says which SMS a receipt is about");
            wrong.push(refusal.fix("write where the id stands, like /message/id"));
        }
        if self.statuses.is_empty() {
            let refusal = Refusal::new("/receipt/statuses", "every receipt would change nothing");
            wrong.push(refusal.fix("write { DELIVRD = \"delivered\", UNDELIV = \"rejected\" }"));
        }
        wrong
    }

    /// The secret that tokens of `{callback}` are made of.
    pub(super) const fn secret(&self) -> &Secret {
        &self.secret
    }

    /// Whether they say the gateway's id and something vouches for it; a token vouches for its reference alone.
    pub(super) const fn go_by_id(&self) -> bool {
        self.id.is_some() && (self.secret_header.is_some() || self.secret_parameter.is_some())
    }

    /// What a request says; `None` of a status that changes nothing. Where messages do not go `by_id`, their id is the
    /// reference.
    ///
    /// # Errors
    /// A request that is not the gateway's, or cannot be read.
    pub(super) fn read(
        &self,
        by_id: bool,
        inbound: &Inbound,
        body: &[u8],
    ) -> Result<Option<Receipt>, Refusal> {
        let query = Pairs::form(inbound.query.as_bytes());
        let called = self.vouched(inbound, body, &query)?;
        let json = if is_json(inbound) {
            serde_json::from_slice(body)
                .map_err(|error| Refusal::new("body", format!("not JSON: {error}")))?
        } else {
            Value::Null
        };
        let form = if is_json(inbound) { Pairs::default() } else { Pairs::form(body) };
        let at = |place: &Option<String>| -> String {
            let Some(place) = place.as_deref() else { return String::new() };
            if place.starts_with('/') {
                return json.pointer(place).and_then(plain).unwrap_or_default();
            }
            let of_query = query.get(place);
            if of_query.is_empty() { form.get(place) } else { of_query }.to_owned()
        };
        let status = at(&Some(self.status.clone()));
        let Some(fate) = self.statuses.get(&status) else { return Ok(None) };
        let outcome = match fate {
            Fate::Delivered => Outcome::Delivered,
            Fate::Rejected => Outcome::Rejected,
            Fate::Gone => Outcome::Gone,
        };
        let (code, text) = (at(&self.code), at(&self.text));
        let words = if text.is_empty() { status } else { format!("{status}, {text}") };
        let reason = line("the gateway", &code, &words);
        let reference = called.or_else(|| Reference::read(&at(&self.reference)));
        let id = if by_id || reference.is_none() { at(&self.id) } else { String::new() };
        let id: String = id.split_whitespace().collect();
        let mut receipt = receipt(&id, outcome, code.parse().unwrap_or(0), reason);
        match reference {
            Some(reference) => {
                if id.is_empty() {
                    reference.as_str().clone_into(&mut receipt.provider_id);
                }
                reference.tell(&mut receipt);
            }
            None if id.is_empty() => {
                return Err(Refusal::new("body", "nothing in it says which SMS it is about"));
            }
            None => {}
        }
        Ok(Some(receipt))
    }

    /// That the gateway sent it; with the reference of the address that it called, where that is what vouches for it.
    fn vouched(&self, inbound: &Inbound, body: &[u8], query: &Pairs) -> Result<Option<Reference>, Refusal> {
        let (place, given) = match (&self.secret_header, &self.secret_parameter) {
            (Some(name), _) => {
                let value =
                    inbound.headers.get(&name.to_ascii_lowercase()).map(String::as_str).unwrap_or_default();
                (name, value.strip_prefix("Bearer ").unwrap_or(value).to_owned())
            }
            (None, Some(name)) => {
                let of_query = query.get(name);
                let all = if of_query.is_empty() { Pairs::of(inbound, body)? } else { query.clone() };
                (name, all.get(name).to_owned())
            }
            (None, None) => {
                let refused = || Refusal::new(TOKEN, "it is not the one of this delivery");
                let reference = Reference::read(query.get(NAME)).ok_or_else(refused)?;
                let right = reference.vouched(&self.secret, query.get(TOKEN))?;
                return if right { Ok(Some(reference)) } else { Err(refused()) };
            }
        };
        if self.secret.expose().as_bytes().ct_eq(given.as_bytes()).into() {
            Ok(None)
        } else {
            Err(Refusal::new(place, "it is not the secret of this account"))
        }
    }
}
