//! What a message centre answers: `command_status` (SMPP 3.4 section 5.1.3), and what each says of a delivery.

use nuncio_plugin_sdk::{Outcome, Scope};

/// It is well.
pub(super) const OK: u32 = 0;
/// The sender is not one that the account may use.
pub(super) const INVALID_SOURCE: u32 = 0x0A;
/// Its type or plan of numbers is none; both follow from the sender where the settings do not name them.
pub(super) const INVALID_SOURCE_TON: u32 = 0x48;
pub(super) const INVALID_SOURCE_NPI: u32 = 0x49;
/// A command that this client does not have.
pub(super) const INVALID_COMMAND: u32 = 0x03;

use Outcome::{Deferred, Rejected};
use Scope::{Account, Destination, Message, Recipient};

/// The statuses that a client meets: code, name, meaning, and what they say of a submitted SMS.
const KNOWN: &[(u32, &str, &str, Outcome, Scope)] = &[
    (0x01, "ESME_RINVMSGLEN", "invalid message length", Rejected, Message),
    (0x02, "ESME_RINVCMDLEN", "invalid command length", Rejected, Message),
    (0x03, "ESME_RINVCMDID", "invalid command", Deferred, Account),
    (0x04, "ESME_RINVBNDSTS", "not bound for this command", Deferred, Destination),
    (0x05, "ESME_RALYBND", "already bound", Deferred, Destination),
    (0x06, "ESME_RINVPRTFLG", "invalid priority", Deferred, Account),
    (0x07, "ESME_RINVREGDLVFLG", "invalid registered_delivery", Deferred, Account),
    (0x08, "ESME_RSYSERR", "system error", Deferred, Destination),
    (0x0A, "ESME_RINVSRCADR", "invalid source address", Deferred, Account),
    (0x0B, "ESME_RINVDSTADR", "invalid destination address", Rejected, Recipient),
    (0x0D, "ESME_RBINDFAIL", "bind failed", Deferred, Account),
    (0x0E, "ESME_RINVPASWD", "invalid password", Deferred, Account),
    (0x0F, "ESME_RINVSYSID", "invalid system id", Deferred, Account),
    (0x14, "ESME_RMSGQFUL", "message queue full", Deferred, Destination),
    (0x15, "ESME_RINVSERTYP", "invalid service type", Deferred, Account),
    (0x43, "ESME_RINVESMCLASS", "invalid esm_class", Deferred, Account),
    (0x45, "ESME_RSUBMITFAIL", "submit failed", Deferred, Recipient),
    (0x48, "ESME_RINVSRCTON", "invalid source TON", Deferred, Account),
    (0x49, "ESME_RINVSRCNPI", "invalid source NPI", Deferred, Account),
    (0x50, "ESME_RINVDSTTON", "invalid destination TON", Deferred, Account),
    (0x51, "ESME_RINVDSTNPI", "invalid destination NPI", Deferred, Account),
    (0x53, "ESME_RINVSYSTYP", "invalid system type", Deferred, Account),
    (0x58, "ESME_RTHROTTLED", "throttled", Deferred, Destination),
    (0x62, "ESME_RINVEXPIRY", "invalid validity period", Deferred, Account),
    (0x64, "ESME_RX_T_APPN", "temporary application error", Deferred, Recipient),
    (0x65, "ESME_RX_P_APPN", "permanent application error", Rejected, Recipient),
    (0x66, "ESME_RX_R_APPN", "application rejects the message", Rejected, Recipient),
    (0xC0, "ESME_RINVOPTPARSTREAM", "invalid optional parameters", Deferred, Account),
    (0xC1, "ESME_ROPTPARNOTALLWD", "optional parameter not allowed", Deferred, Account),
    (0xC2, "ESME_RINVPARLEN", "invalid parameter length", Rejected, Message),
    (0xC3, "ESME_RMISSINGOPTPARAM", "optional parameter missing", Deferred, Account),
    (0xC4, "ESME_RINVOPTPARAMVAL", "invalid optional parameter", Deferred, Account),
    (0xFE, "ESME_RDELIVERYFAILURE", "delivery failure", Rejected, Recipient),
    (0xFF, "ESME_RUNKNOWNERR", "unknown error", Deferred, Recipient),
];

/// What `status` says of a submitted SMS. One that the standard has not may be the centre's own; it may pass.
pub(super) fn judged(status: u32) -> (Outcome, Scope) {
    KNOWN
        .iter()
        .find(|(code, ..)| *code == status)
        .map_or((Deferred, Recipient), |(.., outcome, scope)| (*outcome, *scope))
}

/// `status` for a person: `0x0B ESME_RINVDSTADR (invalid destination address)`.
pub(super) fn named(status: u32) -> String {
    match KNOWN.iter().find(|(code, ..)| *code == status) {
        Some((_, name, meaning, ..)) => format!("0x{status:02X} {name} ({meaning})"),
        None => format!("0x{status:02X} (not in SMPP 3.4)"),
    }
}

/// Whether `status` asks for less: the window is narrowed.
pub(super) const fn is_throttling(status: u32) -> bool {
    matches!(status, 0x14 | 0x58)
}

/// Whether a bind that ends in `status` is the account's matter: a wrong password, and what else only its settings mend.
pub(super) const fn is_credentials(status: u32) -> bool {
    matches!(status, 0x0D..=0x0F | 0x53)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_has_its_code_its_name_and_its_meaning() {
        assert_eq!(named(0x0B), "0x0B ESME_RINVDSTADR (invalid destination address)");
        assert_eq!(named(0x58), "0x58 ESME_RTHROTTLED (throttled)");
        assert_eq!(named(0x410), "0x410 (not in SMPP 3.4)");
    }

    #[test]
    fn each_status_says_whom_it_is_about() {
        for (status, judgement) in [
            (0x0B, (Rejected, Recipient)),
            (0x58, (Deferred, Destination)),
            (0x14, (Deferred, Destination)),
            (0x0E, (Deferred, Account)),
            (0x01, (Rejected, Message)),
            (0x410, (Deferred, Recipient)),
        ] {
            assert_eq!(judged(status), judgement, "{status:#x}");
        }
        assert!(is_throttling(0x58) && is_throttling(0x14) && !is_throttling(0x08));
        assert!(
            is_credentials(0x0D) && is_credentials(0x0E) && is_credentials(0x0F) && !is_credentials(0x08)
        );
    }
}
