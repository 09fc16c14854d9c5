//! A vendor's words and codes, as they stand in reports and receipts.

use nuncio_plugin_sdk::{Outcome, Receipt, Report, Scope};

/// The most characters that are kept of a vendor's words.
const LONGEST: usize = 300;

/// What a code means for a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// This number may be tried later.
    Later,
    /// The vendor is busy, or down: for everybody.
    Busy,
    /// Our account must be looked at: a credential, a quota, a sender.
    Account,
    /// The sender is not ours to use. Whose fault that is depends on who named it.
    Sender,
    /// Never to this number.
    Number,
    /// Never this message.
    Message,
    /// Who has this number wants nothing more, or nobody has it.
    Gone,
}

impl Meaning {
    /// The report of it; `own_sender`: the subscription names its own sender.
    pub(crate) fn report(self, own_sender: bool, reason: String) -> Report {
        match self {
            Self::Later => Report::deferred(Scope::Recipient, reason),
            Self::Busy => Report::deferred(Scope::Destination, reason),
            Self::Sender if own_sender => Report::rejected(Scope::Recipient, reason),
            Self::Account | Self::Sender => Report::deferred(Scope::Account, reason),
            Self::Number => Report::rejected(Scope::Recipient, reason),
            Self::Message => Report::rejected(Scope::Message, reason),
            Self::Gone => Report::gone(reason),
        }
    }
}

/// `vendor: code: words` in one line.
pub(crate) fn line(vendor: &str, code: &str, words: &str) -> String {
    let words = clean(words);
    match (code.is_empty(), words.is_empty()) {
        (true, true) => format!("{vendor} said nothing"),
        (true, false) => format!("{vendor}: {words}"),
        (false, true) => format!("{vendor} {}", clean(code)),
        (false, false) => format!("{vendor} {}: {words}", clean(code)),
    }
}

/// `text` in one short line.
pub(crate) fn clean(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST).collect();
    plain.trim().to_owned()
}

/// A receipt of what the vendor calls `id`.
pub(crate) fn receipt(id: &str, outcome: Outcome, code: u32, reason: String) -> Receipt {
    let mut receipt = Receipt::of(id, outcome);
    receipt.code = code;
    receipt.reason = reason;
    receipt
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_vendor_are_one_short_line() {
        assert_eq!(line("Twilio", "21211", "no\nnumber\u{1b}"), "Twilio 21211: no number");
        assert_eq!(line("Twilio", "", ""), "Twilio said nothing");
        assert_eq!(line("Kannel", "", "  Sent. "), "Kannel: Sent.");
        assert_eq!(clean(&"ж".repeat(1000)).chars().count(), LONGEST);
    }

    #[test]
    fn a_wrong_sender_is_the_fault_of_who_named_it() {
        let report = |own| Meaning::Sender.report(own, String::new());
        assert_eq!((report(true).outcome, report(true).scope), (Outcome::Rejected, Scope::Recipient));
        assert_eq!((report(false).outcome, report(false).scope), (Outcome::Deferred, Scope::Account));
    }
}
