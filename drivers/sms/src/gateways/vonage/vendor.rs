//! The account: its requests, what their answers mean, and receipts.

use nuncio_plugin_sdk::{Inbound, Outcome, Receipt, Refusal, Report, serde_json};
use serde::Deserialize;

use super::{codes, settings::Settings, signature};
use crate::{
    account::Sms,
    gateways::{
        answer::Answered,
        call::{Call, Reader},
        gateway::Gateway,
        pairs::Pairs,
        reference::Reference,
        said::{line, receipt},
        settings::base,
    },
    sender::Sender,
    text::Encoding,
};

const VENDOR: &str = "Vonage";

/// An account with Vonage.
pub(crate) struct Vonage(pub(super) Settings);

/// The answer: a message for each part.
#[derive(Deserialize)]
struct Said {
    messages: Vec<Message>,
}

#[derive(Deserialize)]
struct Message {
    status: String,
    #[serde(default, rename = "message-id")]
    id: String,
    #[serde(default, rename = "error-text")]
    words: String,
}

impl Gateway for Vonage {
    fn call(&self, sms: &Sms<'_>, reader: Reader) -> Result<Call, Refusal> {
        // Numbers without their `+`, and names with their blanks: as they are in Vonage's examples.
        let sender = sms.sender.map(|sender| match sender {
            Sender::International(digits) => digits.clone(),
            other => other.to_string(),
        });
        let text = sms.text.whole();
        let reference = Reference::new(sms.id, sms.index);
        let kind = match sms.text.encoding() {
            Encoding::Gsm => "text",
            Encoding::Ucs2 => "unicode",
        };
        let mut pairs = vec![
            ("api_key", self.0.api_key.as_str()),
            ("api_secret", reader.sees(&self.0.api_secret)),
            ("from", sender.as_deref().unwrap_or_default()),
            ("to", sms.to.digits()),
            ("text", text.as_str()),
            ("type", kind),
            ("client-ref", reference.as_str()),
        ];
        pairs.extend(self.0.status_callback.as_ref().map(|url| ("callback", base(url))));
        Ok(Call::post(self.0.messages()).header("accept", "application/json").form(&pairs))
    }

    fn secrets(&self) -> Vec<String> {
        let secret = Reader::Vendor.sees(&self.0.api_secret);
        vec![secret.to_owned(), url::form_urlencoded::byte_serialize(secret.as_bytes()).collect()]
    }

    fn report(&self, answer: Answered<'_>, sms: &Sms<'_>, own_sender: bool) -> Report {
        if !answer.is_success() {
            return answer.plain;
        }
        let said: Option<Said> = serde_json::from_slice(answer.body).ok();
        let messages = said.map(|said| said.messages).unwrap_or_default();
        if messages.is_empty() {
            return answer.unreadable(VENDOR, sms.text.count());
        }
        let taken = messages.iter().filter(|message| message.status == "0").count();
        if let Some(wrong) = messages.iter().find(|message| message.status != "0") {
            let status = wrong.status.parse().unwrap_or(0);
            let reason = line(VENDOR, &wrong.status, &wrong.words);
            let report = codes::meaning(status).report(own_sender, reason).code(status);
            // Some parts of the text may be on their way.
            return answer.beside(if taken > 0 { report.maybe_sent() } else { report });
        }
        let ids: Vec<_> = messages.iter().map(|message| message.id.as_str()).collect();
        answer.plain.provider_id(ids.join(" ")).cost(u32::try_from(taken).unwrap_or(u32::MAX))
    }

    fn receipt(&self, inbound: &Inbound, body: &[u8], now_ms: i64) -> Result<Option<Receipt>, Refusal> {
        let Some(secret) = &self.0.signature_secret else {
            return Err(Refusal::new("signature_secret", "this account takes no receipts")
                .fix("set `signature_secret`"));
        };
        let method = self.0.signature_method;
        let pairs = signature::said(inbound, body, method)?;
        signature::verify(inbound, body, &pairs, (method, secret), now_ms)?;
        Ok(told(&pairs))
    }
}

/// What a receipt says; `None` of a status on the way.
fn told(pairs: &Pairs) -> Option<Receipt> {
    let (id, status) = (pairs.get("messageId"), pairs.get("status"));
    let code = pairs.get("err-code").parse().unwrap_or(0);
    let outcome = match status {
        "delivered" => Outcome::Delivered,
        "expired" | "failed" | "rejected" => Outcome::Rejected,
        // `accepted` and `buffered` are on the way, and of `unknown` nothing is known.
        _ => return None,
    };
    let reason = match (code, codes::words(code)) {
        (0, _) => format!("{VENDOR}: {status}"),
        (code, "") => format!("{VENDOR} {code}: {status}"),
        (code, words) => format!("{VENDOR} {code}: {status}, {words}"),
    };
    let mut receipt = receipt(id, outcome, code, reason);
    if let Some(reference) = Reference::read(pairs.get("client-ref")) {
        reference.tell(&mut receipt);
    }
    (!receipt.provider_id.is_empty() || !receipt.delivery.is_empty()).then_some(receipt)
}

#[cfg(test)]
mod tests;
