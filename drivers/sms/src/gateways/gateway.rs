//! An account at a gateway: one request for each SMS.

use std::{path::Path, sync::Arc, time::Duration};

use nuncio_plugin_sdk::{
    Answer, Clock, Inbound, Receipt, Refusal, Report, Scope, SettingsError, async_trait, http::Client,
    net::Policy,
};

use super::{
    answer::{Answered, plain},
    call::{Call, Reader},
    strike::struck,
};
use crate::{
    account::{Account, Common, Sms},
    settings::{Opening, check_common},
    text::Rules,
};

/// What is a vendor's own.
pub(crate) trait Gateway: Send + Sync {
    /// The request for `sms`, as `reader` is to see it.
    ///
    /// # Errors
    /// What cannot be asked of this vendor.
    fn call(&self, sms: &Sms<'_>, reader: Reader) -> Result<Call, Refusal>;

    /// The account's secrets, in each form in which a request has them.
    fn secrets(&self) -> Vec<String>;

    /// What `answer` means for `sms`; `own_sender`: the subscription named the sender.
    fn report(&self, answer: Answered<'_>, sms: &Sms<'_>, own_sender: bool) -> Report;

    /// What a request of the vendor's says; `None` of what changes nothing.
    ///
    /// # Errors
    /// A request that is not the vendor's, or says nothing that can be read.
    fn receipt(&self, inbound: &Inbound, body: &[u8], now_ms: i64) -> Result<Option<Receipt>, Refusal>;
}

/// An account at the gateway `G`.
pub(crate) struct Desk<G> {
    common: Common,
    gateway: G,
    client: Client,
    clock: Arc<dyn Clock>,
}

/// What all gateways have in their settings.
pub(crate) struct Shared {
    pub(crate) sender: Option<String>,
    pub(crate) max_parts: u16,
    pub(crate) transliterate: bool,
}

impl Shared {
    /// As the driver knows it of every account. Gateways make the parts themselves, with references of 8 bits.
    pub(crate) fn common(self, name: &str) -> Common {
        let Self { sender, max_parts, transliterate } = self;
        let rules = Rules { max_parts, transliterate, wide_reference: false, latin1: false };
        Common { name: name.to_owned(), sender, rules }
    }
}

/// Opens an account, unless something is `wrong` with its settings.
///
/// # Errors
/// Every setting that is wrong.
pub(crate) fn open<G: Gateway + 'static>(
    gateway: G,
    common: Common,
    ca_file: Option<&Path>,
    mut wrong: Vec<Refusal>,
    opening: &Opening<'_>,
) -> Result<Box<dyn Account>, SettingsError> {
    wrong.extend(check_common(&common));
    let client = anywhere().and_then(|policy| {
        Client::new(policy, ca_file).map_err(|error| Refusal::new("/ca_file", error.to_string()))
    });
    match client {
        Ok(client) if wrong.is_empty() => {
            Ok(Box::new(Desk { common, gateway, client, clock: Arc::clone(&opening.context.clock) }))
        }
        Ok(_) => Err(SettingsError(wrong)),
        Err(refusal) => {
            wrong.push(refusal);
            Err(SettingsError(wrong))
        }
    }
}

/// The operator wrote the address, not a subscriber: it may lead into the operator's own network.
fn anywhere() -> Result<Arc<Policy>, Refusal> {
    let all = ["0.0.0.0/0", "::/0"].map(str::to_owned);
    Policy::new(&all, &[]).map(Arc::new).map_err(|error| Refusal::new("/", error.to_string()))
}

#[async_trait]
impl<G: Gateway> Account for Desk<G> {
    fn common(&self) -> &Common {
        &self.common
    }

    async fn send(&self, sms: &Sms<'_>, left: Duration) -> Report {
        let request = match self.gateway.call(sms, Reader::Vendor).and_then(Call::request) {
            Ok(request) => request,
            Err(refusal) => return Report::rejected(Scope::Message, refusal.to_string()),
        };
        let answer = self.client.send(request, left).await.map(|mut answer| {
            answer.body = struck(&answer.body, self.gateway.secrets());
            answer
        });
        let plain = plain(&answer, self.clock.now_ms());
        let Ok(answer) = &answer else { return plain };
        let own_sender = sms.sender.map(ToString::to_string) != self.common.sender;
        let answered = Answered { plain, body: &answer.body, truncated: answer.truncated };
        self.gateway.report(answered, sms, own_sender)
    }

    fn shown(&self, sms: &Sms<'_>) -> String {
        match self.gateway.call(sms, Reader::Person) {
            Ok(call) => call.shown(),
            Err(refusal) => refusal.to_string(),
        }
    }

    async fn receive(&self, inbound: &Inbound, body: &[u8]) -> Result<Answer, Refusal> {
        let receipt = self.gateway.receipt(inbound, body, self.clock.now_ms())?;
        let answer = Answer::status(204);
        Ok(match receipt {
            Some(receipt) => answer.receipt(receipt),
            None => answer,
        })
    }
}
