//! What every kind of account does: the seam between the driver and the kinds.

use std::time::Duration;

use nuncio_plugin_sdk::{Answer, Inbound, Refusal, Report, async_trait};

use crate::{
    number::Number,
    sender::Sender,
    text::{Rules, Text},
};

/// What all kinds of accounts have.
#[derive(Clone, Debug)]
pub(crate) struct Common {
    /// Its name in the settings.
    pub(crate) name: String,
    /// The setting `sender`: who its SMS are from where no option says it.
    pub(crate) sender: Option<String>,
    /// How it wants its texts.
    pub(crate) rules: Rules,
}

/// What the host is told of the far side's `ids`, which have blanks between: each with the `account` before it, for two
/// accounts may count alike.
pub(crate) fn named(account: &str, ids: &str) -> String {
    ids.split_whitespace().map(|id| format!("{account}/{id}")).collect::<Vec<_>>().join(" ")
}

/// One SMS to one number, planned.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sms<'a> {
    /// The delivery id of the notice's first recipient: the same on every attempt. With several numbers they share it, so
    /// that a key of idempotency is this and the number.
    pub(crate) id: &'a str,
    /// Which of the notice's recipients it is for; the delivery id above is that of number 0.
    pub(crate) index: u32,
    /// Who it goes to.
    pub(crate) to: &'a Number,
    /// Who it is from; `None` leaves it to the far side.
    pub(crate) sender: Option<&'a Sender>,
    /// The text, its encoding and its parts.
    pub(crate) text: &'a Text,
}

/// An account: a way to the phones.
#[async_trait]
pub(crate) trait Account: Send + Sync {
    /// What it has in common with the others.
    fn common(&self) -> &Common;

    /// One try within `left`. The report's `provider_id` is the far side's id, or the ids of the parts in order with a
    /// blank between, as [`named`] takes them; its `cost` the number of parts.
    ///
    /// Cancel-safe: the future may be dropped at any time.
    async fn send(&self, sms: &Sms<'_>, left: Duration) -> Report;

    /// What `send` would send, for a dry run, with secrets masked: some lines. The plan of the text is shown beside it.
    fn shown(&self, sms: &Sms<'_>) -> String;

    /// Answers a request of the far side to `/v2/inbound/sms/{account}`: receipts, with
    /// the far side's ids. Checks that it is the far side's.
    ///
    /// # Errors
    /// A refusal when it is not, or the account takes none.
    async fn receive(&self, inbound: &Inbound, body: &[u8]) -> Result<Answer, Refusal> {
        let _: &[u8] = body;
        Err(Refusal::new("account", format!("the account `{}` takes no inbound requests", inbound.account)))
    }

    /// Why it cannot deliver as it is configured.
    fn disabled(&self) -> Option<String> {
        None
    }

    /// Lets go of connections within `grace`.
    async fn shutdown(&self, grace: Duration) {
        let _: Duration = grace;
    }
}
