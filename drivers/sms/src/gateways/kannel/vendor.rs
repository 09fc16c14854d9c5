//! The account: its requests, what their answers mean, and delivery reports.

use nuncio_plugin_sdk::{Inbound, Outcome, Receipt, Refusal, Report};

use super::settings::Settings;
use crate::{
    account::Sms,
    gateways::{
        answer::Answered,
        call::{Call, Reader},
        gateway::Gateway,
        pairs::Pairs,
        reference::{NAME, Reference, TOKEN},
        said::{Meaning, clean, line, receipt},
        settings::base,
    },
    text::Encoding,
};

const VENDOR: &str = "Kannel";

/// The final reports: delivered to the phone (1), not delivered (2), refused by the message centre (16).
const DLR_MASK: &str = "19";
/// The parameters that Kannel fills in: the kind of report, the far side's words, and the time in Unix seconds.
const DLR_QUERY: &str = "type=%d&answer=%A&at=%T";

/// A user of Kannel.
pub(crate) struct Kannel(pub(super) Settings);

impl Gateway for Kannel {
    fn call(&self, sms: &Sms<'_>, reader: Reader) -> Result<Call, Refusal> {
        let coding = match sms.text.encoding() {
            Encoding::Gsm => "0",
            Encoding::Ucs2 => "2",
        };
        let mut call = Call::post(self.0.url.as_str())
            .header("content-type", "text/plain; charset=UTF-8")
            .header("x-kannel-username", self.0.username.as_str())
            .header("x-kannel-password", reader.sees(&self.0.password))
            .header("x-kannel-to", sms.to.as_str())
            .header("x-kannel-coding", coding);
        if let Some(sender) = sms.sender {
            call = call.header("x-kannel-from", sender.to_string());
        }
        if let Some(smsc) = &self.0.smsc {
            call = call.header("x-kannel-smsc", smsc.as_str());
        }
        if let (Some(url), Some(secret)) = (&self.0.status_callback, &self.0.receipt_secret) {
            let reference = Reference::new(sms.id, sms.index);
            let token = match reader {
                Reader::Vendor => reference.token(secret)?,
                Reader::Person => "***".to_owned(),
            };
            // A `%` of ours would be one of its escape codes.
            let url = base(url).replace('%', "%%");
            let dlr = format!("{url}?{NAME}={}&{TOKEN}={token}&{DLR_QUERY}", reference.as_str());
            call = call.header("x-kannel-dlr-mask", DLR_MASK).header("x-kannel-dlr-url", dlr);
        }
        call.body = sms.text.whole();
        Ok(call)
    }

    fn secrets(&self) -> Vec<String> {
        vec![Reader::Vendor.sees(&self.0.password).to_owned()]
    }

    fn report(&self, answer: Answered<'_>, sms: &Sms<'_>, own_sender: bool) -> Report {
        if answer.is_success() {
            // Kannel names no id when it takes a message: what its report will name is our own reference.
            let reference = Reference::new(sms.id, sms.index);
            return answer.plain.provider_id(reference.as_str()).cost(sms.text.count());
        }
        let status = answer.plain.code;
        let words = String::from_utf8_lossy(answer.body);
        match meaning(status, &words) {
            Some(meaning) => {
                let reason = line(VENDOR, &status.to_string(), &words);
                answer.beside(meaning.report(own_sender, reason).code(status))
            }
            None => answer.plain,
        }
    }

    fn receipt(&self, inbound: &Inbound, _: &[u8], now_ms: i64) -> Result<Option<Receipt>, Refusal> {
        let Some(secret) = &self.0.receipt_secret else {
            return Err(Refusal::new("receipt_secret", "this account takes no delivery reports")
                .fix("set `receipt_secret`"));
        };
        let query = Pairs::form(inbound.query.as_bytes());
        let refused = || Refusal::new(TOKEN, "it is not the one of this delivery");
        let reference = Reference::read(query.get(NAME)).ok_or_else(refused)?;
        if !reference.vouched(secret, query.get(TOKEN))? {
            return Err(refused());
        }
        told(&query, &reference, now_ms)
    }
}

/// What Kannel's refusals mean; it has words for them alone, no codes.
fn meaning(status: u32, words: &str) -> Option<Meaning> {
    let says = |part: &str| words.contains(part);
    match status {
        503 => Some(Meaning::Busy),
        400..=499 if says("Authorization failed") => Some(Meaning::Account),
        400..=499 if says("Sender missing") => Some(Meaning::Sender),
        400..=499 if says("black-lists") || says("receiver number") => Some(Meaning::Number),
        _ => None,
    }
}

/// What a delivery report says; `None` of one on the way.
fn told(query: &Pairs, reference: &Reference, now_ms: i64) -> Result<Option<Receipt>, Refusal> {
    let kind: u32 = query
        .get("type")
        .parse()
        .map_err(|_| Refusal::new("type", "not a number").fix("let `dlr-url` be as this host made it"))?;
    // Kinds are bits: 34 is a failure by expiry, 66 one whose reason is not known.
    let (outcome, words) = match kind {
        kind if kind & 1 != 0 => (Outcome::Delivered, "delivered"),
        kind if kind & 2 != 0 => (Outcome::Rejected, "not delivered"),
        kind if kind & 16 != 0 => (Outcome::Rejected, "refused by the message centre"),
        _ => return Ok(None),
    };
    let reason = match clean(query.get("answer")) {
        answer if answer.is_empty() => format!("{VENDOR}: {words}"),
        answer => format!("{VENDOR}: {words}, {answer}"),
    };
    let mut receipt = receipt(reference.as_str(), outcome, kind, reason);
    reference.tell(&mut receipt);
    let at: Option<i64> = query.get("at").parse().ok();
    receipt.at_ms = at.and_then(|seconds| seconds.checked_mul(1000)).map_or(0, |at| at.min(now_ms));
    Ok(Some(receipt))
}

#[cfg(test)]
mod tests;
