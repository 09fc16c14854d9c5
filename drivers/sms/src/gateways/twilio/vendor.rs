//! The account: its requests, what their answers mean, and status callbacks.

use nuncio_plugin_sdk::{Inbound, Outcome, Receipt, Refusal, Report, Scope, serde_json};
use serde::Deserialize;

use super::{codes, settings::Settings, signature};
use crate::{
    account::Sms,
    gateways::{
        answer::Answered,
        call::{Call, Reader},
        gateway::Gateway,
        pairs::Pairs,
        reference::{NAME, Reference},
        said::{line, receipt},
        settings::base,
    },
};

const VENDOR: &str = "Twilio";
const HEADER: &str = "x-twilio-signature";

/// An account with Twilio.
pub(crate) struct Twilio(pub(super) Settings);

/// The message resource, or an error; what we want of either.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Said {
    sid: String,
    num_segments: Option<String>,
    error_code: Option<u32>,
    error_message: Option<String>,
    code: Option<u32>,
    message: Option<String>,
}

impl Gateway for Twilio {
    fn call(&self, sms: &Sms<'_>, reader: Reader) -> Result<Call, Refusal> {
        let sender = sms.sender.map(ToString::to_string);
        let text = sms.text.whole();
        let mut pairs = vec![("To", sms.to.as_str()), ("Body", text.as_str())];
        pairs.extend(sender.as_deref().map(|sender| ("From", sender)));
        pairs.extend(self.0.messaging_service.as_deref().map(|sid| ("MessagingServiceSid", sid)));
        let callback = self.0.status_callback.as_ref().map(|url| {
            let reference = Reference::new(sms.id, sms.index);
            format!("{}?{NAME}={}", base(url), reference.as_str())
        });
        pairs.extend(callback.as_deref().map(|url| ("StatusCallback", url)));
        let (user, password) = self.0.credentials();
        let call = Call::post(self.0.messages()).header("authorization", reader.basic(user, password));
        Ok(call.header("accept", "application/json").form(&pairs))
    }

    fn secrets(&self) -> Vec<String> {
        let (user, password) = self.0.credentials();
        vec![Reader::Vendor.sees(password).to_owned(), Reader::Vendor.basic(user, password)]
    }

    fn report(&self, answer: Answered<'_>, sms: &Sms<'_>, own_sender: bool) -> Report {
        let taken = answer.is_success();
        let (code, words) = match serde_json::from_slice(answer.body).ok() {
            Some(Said { error_code: Some(code), error_message, .. }) if taken => (code, error_message),
            Some(said) if taken && !said.sid.is_empty() => {
                // A messaging service splits the text later: then the count is 0.
                let parts = said.num_segments.and_then(|count| count.parse().ok()).filter(|count| *count > 0);
                return answer.plain.provider_id(said.sid).cost(parts.unwrap_or_else(|| sms.text.count()));
            }
            _ if taken => return answer.unreadable(VENDOR, sms.text.count()),
            Some(Said { code: Some(code), message, .. }) => (code, message),
            _ => return answer.plain,
        };
        let reason = line(VENDOR, &code.to_string(), &words.unwrap_or_default());
        match codes::meaning(code) {
            Some(meaning) => answer.beside(meaning.report(own_sender, reason).code(code)),
            None if taken => answer.beside(Report::rejected(Scope::Recipient, reason).code(code)),
            None => answer.coded(code, reason),
        }
    }

    fn receipt(&self, inbound: &Inbound, body: &[u8], _: i64) -> Result<Option<Receipt>, Refusal> {
        let form = Pairs::form(body);
        let refused = |why: &str| Refusal::new(HEADER, why);
        let signature = inbound.headers.get(HEADER).ok_or_else(|| refused("the request is not signed"))?;
        // What we asked to be called is what was signed, whatever a proxy made of it on the way.
        let asked = self.0.status_callback.as_ref().map(|url| match inbound.query.as_str() {
            "" => base(url).to_owned(),
            query => format!("{}?{query}", base(url)),
        });
        let url = asked.as_ref().unwrap_or(&inbound.url);
        if !signature::is_right(signature, url, &form, &self.0.auth_token) {
            let refusal = refused("it is not of this account's auth token and this address");
            return Err(refusal.fix("let `status_callback` be the address that Twilio calls, to the letter"));
        }
        let reference = Pairs::form(inbound.query.as_bytes());
        Ok(told(&form, &reference))
    }
}

/// What a status callback says; `None` of a status on the way.
fn told(form: &Pairs, query: &Pairs) -> Option<Receipt> {
    let [sid, status] = [["MessageSid", "SmsSid"], ["MessageStatus", "SmsStatus"]].map(|names| {
        names.map(|name| form.get(name)).into_iter().find(|value| !value.is_empty()).unwrap_or("")
    });
    let code = form.get("ErrorCode").parse().unwrap_or(0);
    let outcome = match status {
        "delivered" | "read" => Outcome::Delivered,
        "undelivered" | "failed" | "canceled" if code == 21610 => Outcome::Gone,
        "undelivered" | "failed" | "canceled" => Outcome::Rejected,
        _ => return None,
    };
    let reason = match (code, codes::words(code)) {
        (0, _) => format!("{VENDOR}: {status}"),
        (code, "") => format!("{VENDOR} {code}: {status}"),
        (code, words) => format!("{VENDOR} {code}: {status}, {words}"),
    };
    let mut receipt = receipt(sid, outcome, code, reason);
    if let Some(reference) = Reference::read(query.get(NAME)) {
        reference.tell(&mut receipt);
    }
    (!receipt.provider_id.is_empty() || !receipt.delivery.is_empty()).then_some(receipt)
}

#[cfg(test)]
mod tests;
