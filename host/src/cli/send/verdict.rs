//! What became of each recipient, and the exit code that says it.

use nuncio_core::{Outcome, Report, Scope};
use serde_json::{Value, json};

use crate::cli::{fault::Exit, table::Table};

/// One recipient after the attempt.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) to: String,
    pub(super) address: String,
    pub(super) driver: String,
    pub(super) id: String,
    pub(super) report: Report,
    pub(super) ms: i64,
}

impl Sent {
    pub(super) fn json(&self) -> Value {
        let report = &self.report;
        json!({
            "to": self.to, "address": self.address, "driver": self.driver, "id": self.id,
            "outcome": report.outcome, "scope": report.scope, "code": report.code, "reason": report.reason,
            "excerpt": report.excerpt, "maybe_sent": report.maybe_sent, "ms": self.ms,
        })
    }

    fn exit(&self) -> Exit {
        match (self.report.outcome, self.report.scope) {
            (Outcome::Delivered, _) => Exit::Ok,
            (_, Scope::Account) => Exit::Refused,
            (Outcome::Deferred, _) => Exit::Temporary,
            (Outcome::Rejected | Outcome::Gone, _) => Exit::Unavailable,
        }
    }

    const fn outcome(&self) -> &'static str {
        match self.report.outcome {
            Outcome::Delivered => "delivered",
            Outcome::Deferred => "deferred",
            Outcome::Rejected => "rejected",
            Outcome::Gone => "gone",
        }
    }
}

/// The exit code of the worst: the one that trying again helps least.
pub(super) fn worst(sent: &[Sent]) -> Exit {
    const ORDER: [Exit; 4] = [Exit::Ok, Exit::Temporary, Exit::Unavailable, Exit::Refused];
    let rank = |exit: &Exit| ORDER.iter().position(|one| one == exit);
    sent.iter().map(Sent::exit).max_by_key(rank).unwrap_or(Exit::Ok)
}

/// All recipients for people.
pub(super) fn table(sent: &[Sent]) -> Table {
    let mut table = Table::new(&["outcome", "ms", "driver", "recipient", "reason"]);
    for one in sent {
        let code = if one.report.code == 0 { String::new() } else { format!("{} ", one.report.code) };
        let reason = format!("{code}{}", one.report.reason);
        table.row([one.outcome(), &one.ms.to_string(), &one.driver, &one.address, &reason]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(report: Report) -> Sent {
        let text = String::new;
        Sent { to: text(), address: text(), driver: text(), id: text(), report, ms: 0 }
    }

    #[test]
    fn the_worst_recipient_decides() {
        let (delivered, gone) = (|| sent(Report::delivered()), || sent(Report::gone("")));
        let deferred = |scope| sent(Report::deferred(scope, ""));
        assert_eq!(worst(&[delivered()]), Exit::Ok);
        assert_eq!(worst(&[delivered(), deferred(Scope::Destination)]), Exit::Temporary);
        assert_eq!(worst(&[gone(), deferred(Scope::Recipient)]), Exit::Unavailable);
        assert_eq!(worst(&[deferred(Scope::Account), gone()]), Exit::Refused);
    }
}
