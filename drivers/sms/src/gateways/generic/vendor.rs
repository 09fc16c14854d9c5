//! The account: what the settings make of an SMS, of an answer and of a receipt.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use nuncio_plugin_sdk::{Inbound, Receipt, Refusal, Report, Secret, serde_json};
use serde_json::Value;

use super::{
    plan::Plan,
    receipts::Receipts,
    settings,
    template::{Escape, Slot},
};
use crate::{
    account::Sms,
    gateways::{
        answer::Answered,
        call::{Call, Reader},
        gateway::Gateway,
        pairs,
        reference::{NAME, Reference, TOKEN},
        said::{Meaning, line},
        settings::base,
    },
    text::Encoding,
};

const VENDOR: &str = "the gateway";

/// An account with such a gateway.
pub(crate) struct Generic(pub(super) Plan);

impl Generic {
    /// Whether receipts find their message by the gateway's id.
    fn goes_by_id(&self) -> bool {
        let settings = &self.0.settings;
        settings.id.is_some() && settings.receipt.as_ref().is_some_and(Receipts::go_by_id)
    }

    /// What `sms` is called, which the gateway calls `id`: as a receipt will. One that names the delivery finds that of the
    /// first recipient without an id.
    fn called(&self, sms: &Sms<'_>, id: &str) -> String {
        // A blank would make it two.
        let id: String = id.split_whitespace().collect();
        let by_reference = id.is_empty() || sms.index > 0 && !self.goes_by_id();
        if by_reference && self.0.settings.receipt.is_some() {
            Reference::new(sms.id, sms.index).as_str().to_owned()
        } else {
            id
        }
    }

    /// What `slot` stands for.
    fn value(&self, slot: Slot, sms: &Sms<'_>, reader: Reader) -> String {
        let settings = &self.0.settings;
        let secret = |secret: &Option<Secret>| {
            secret.as_ref().map_or_else(String::new, |secret| reader.sees(secret).to_owned())
        };
        match slot {
            Slot::To => sms.to.as_str().to_owned(),
            Slot::ToDigits => sms.to.digits().to_owned(),
            Slot::From => sms.sender.map(ToString::to_string).unwrap_or_default(),
            Slot::Text => sms.text.whole(),
            Slot::Ref => Reference::new(sms.id, sms.index).as_str().to_owned(),
            Slot::Callback => self.callback(sms, reader).unwrap_or_default(),
            Slot::Parts => sms.text.count().to_string(),
            Slot::Alphabet => match sms.text.encoding() {
                Encoding::Gsm => "gsm".to_owned(),
                Encoding::Ucs2 => "ucs2".to_owned(),
            },
            Slot::Username => settings.username.clone().unwrap_or_default(),
            Slot::Password => secret(&settings.password),
            Slot::Token => secret(&settings.token),
            Slot::Basic if reader == Reader::Person => "***".to_owned(),
            Slot::Basic => self.basic(),
        }
    }

    /// What `{basic}` stands for.
    fn basic(&self) -> String {
        let settings = &self.0.settings;
        let user = settings.username.as_deref().unwrap_or_default();
        let password = settings.password.as_ref().map(Secret::expose).unwrap_or_default();
        STANDARD.encode(format!("{user}:{password}"))
    }

    /// The address for the receipt of `sms`.
    fn callback(&self, sms: &Sms<'_>, reader: Reader) -> Option<String> {
        let settings = &self.0.settings;
        let (url, receipt) = (settings.status_callback.as_ref()?, settings.receipt.as_ref()?);
        let reference = Reference::new(sms.id, sms.index);
        let token = match reader {
            Reader::Vendor => reference.token(receipt.secret()).ok()?,
            Reader::Person => "***".to_owned(),
        };
        Some(format!("{}?{NAME}={}&{TOKEN}={token}", base(url), reference.as_str()))
    }

    /// What the settings say of `status`, else of the answer's own `code`; `None` where they say nothing.
    fn word(&self, status: u32, code: &str) -> Option<settings::Word> {
        let settings = &self.0.settings;
        let of_code = settings.codes.get(code).filter(|_| !code.is_empty());
        of_code.or_else(|| settings.statuses.get(&status.to_string())).copied()
    }

    fn is_success(&self, status: u32) -> bool {
        let named = &self.0.settings.success;
        if named.is_empty() {
            (200..=299).contains(&status)
        } else {
            named.iter().any(|one| u32::from(*one) == status)
        }
    }
}

impl Gateway for Generic {
    fn call(&self, sms: &Sms<'_>, reader: Reader) -> Result<Call, Refusal> {
        let value = |slot| self.value(slot, sms, reader);
        let headers = self.0.headers.iter().map(|(name, template)| (name.clone(), template.filled(value)));
        Ok(Call {
            method: self.0.method(),
            url: self.0.url.filled(value),
            headers: headers.collect(),
            body: self.0.body.filled(value),
        })
    }

    fn secrets(&self) -> Vec<String> {
        let settings = &self.0.settings;
        let plain = [&settings.password, &settings.token].into_iter().flatten();
        let plain = plain.map(|secret| Reader::Vendor.sees(secret).to_owned()).chain([self.basic()]);
        plain.flat_map(|secret| Escape::ALL.map(|escape| escape.written(&secret))).collect()
    }

    fn report(&self, answer: Answered<'_>, sms: &Sms<'_>, own_sender: bool) -> Report {
        let settings = &self.0.settings;
        let status = answer.plain.code;
        let json: Value = serde_json::from_slice(answer.body).unwrap_or_default();
        let at = |pointer: &Option<String>| {
            let value = pointer.as_deref().and_then(|pointer| json.pointer(pointer));
            value.and_then(pairs::plain).unwrap_or_default()
        };
        let (code, words) = (at(&settings.error_code), at(&settings.error_text));
        let number = code.parse().unwrap_or(status);
        let reason = line(VENDOR, &code, &words);
        match self.word(status, &code).map(settings::Word::meaning) {
            Some(Some(meaning)) => answer.beside(meaning.report(own_sender, reason).code(number)),
            None if !self.is_success(status) => {
                let has_words = !(code.is_empty() && words.is_empty());
                let answer = failed(answer);
                if has_words { answer.coded(number, reason) } else { answer.plain }
            }
            None if !code.is_empty() => {
                let reason = format!("{reason}; this code is not in the account's `codes`");
                answer.beside(Meaning::Later.report(own_sender, reason).code(number).maybe_sent())
            }
            _ => {
                let parts = at(&settings.parts).parse().ok().filter(|parts| *parts > 0);
                let report =
                    Report::delivered().code(status).provider_id(self.called(sms, &at(&settings.id)));
                answer.beside(report.cost(parts.unwrap_or_else(|| sms.text.count())))
            }
        }
    }

    fn receipt(&self, inbound: &Inbound, body: &[u8], _: i64) -> Result<Option<Receipt>, Refusal> {
        match &self.0.settings.receipt {
            Some(receipts) => receipts.read(self.goes_by_id(), inbound, body),
            None => Err(Refusal::new("receipt", "this account takes no receipts")
                .fix("add a table `receipt` to its settings")),
        }
    }
}

/// `answer`, where a success of HTTP is none of this gateway's.
fn failed(mut answer: Answered<'_>) -> Answered<'_> {
    if answer.is_success() {
        let status = answer.plain.code;
        let reason = format!("HTTP status {status} is no success of this gateway's");
        answer.plain = Meaning::Account
            .report(false, reason)
            .code(status)
            .excerpt(std::mem::take(&mut answer.plain.excerpt))
            .maybe_sent();
    }
    answer
}

#[cfg(test)]
mod tests;
