//! Twilio's error codes: <https://www.twilio.com/docs/api/errors>.

use super::super::said::Meaning;

/// What a code means for a message, of those that sending one and its later fate can bring; `None` of any other.
pub(super) const fn meaning(code: u32) -> Option<Meaning> {
    Some(match code {
        // Account and credentials: not active, wrong, not allowed, suspended, no such account, daily limit.
        10001 | 20003 | 20005 | 20006 | 20008 | 20403 | 20404 | 20426 | 30002 | 63038 => Meaning::Account,
        // Too many requests, too many at once, queues that are full.
        14107 | 20429 | 20500 | 20503 | 21611 | 30001 | 30022 | 30023 => Meaning::Busy,
        // The sender: not a number, not of this account, not for SMS, a messaging service without one.
        21212 | 21603 | 21606 | 21607 | 21659 | 21660 | 21661 | 21701..=21705 | 21711 | 21712 => {
            Meaning::Sender
        }
        // The callback's address, which stands in the settings.
        21609 => Meaning::Account,
        // The number: not one, not reachable, not verified on a trial, a region that is not permitted, no route, a
        // landline, a short code, the sender itself, premium.
        21211 | 21214 | 21215 | 21216 | 21217 | 21219 | 21265 | 21266 | 21408 | 21604 | 21608 | 21612
        | 21614 | 21635 | 21655 => Meaning::Number,
        // Who has it answered STOP.
        21610 => Meaning::Gone,
        // The message: empty, too long, content that is refused.
        21602 | 21605 | 21617 | 21618 | 21619 | 30019 | 30038 | 30039 => Meaning::Message,
        _ => return None,
    })
}

/// What a receipt's code says, in our words: Twilio sends the number alone.
pub(super) const fn words(code: u32) -> &'static str {
    match code {
        30001 => "its queue is full",
        30002 => "the account is suspended",
        30003 => "the phone cannot be reached",
        30004 => "the message is blocked",
        30005 => "the phone is unknown",
        30006 => "a landline, or a carrier that cannot be reached",
        30007 => "the carrier filtered the message",
        30008 => "the carrier gave no reason",
        30032 => "the toll-free number is not verified",
        30034 => "the sender is not registered (A2P 10DLC)",
        30036 => "its validity ended",
        30410 => "the carrier did not answer in time",
        _ => "",
    }
}
