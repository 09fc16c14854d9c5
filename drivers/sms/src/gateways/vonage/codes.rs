//! Vonage's codes: of an answer's `status` (<https://developer.vonage.com/en/messaging/sms/guides/troubleshooting-sms>) and
//! of a receipt's `err-code` (<https://developer.vonage.com/en/messaging/sms/guides/delivery-receipts>).

use super::super::said::Meaning;

/// What the `status` of a message means, which is not 0.
pub(super) const fn meaning(status: u32) -> Meaning {
    match status {
        // Throttled; an internal error; too many binds; no connection.
        1 | 5 | 10 | 13 => Meaning::Busy,
        // Credentials; the account is barred, out of credit, not enabled for HTTP, or not for this; a wrong signature; the
        // callback's address; a signature beside a secret.
        4 | 8 | 9 | 11 | 14 | 19 | 23 | 32 => Meaning::Account,
        // The sender is not ours to use, in general or in this country.
        15 | 39 | 41 => Meaning::Sender,
        // A parameter that is wrong; no route to the number; barred; a wrong network; not on the list of a demo account.
        3 | 6 | 7 | 22 | 29 => Meaning::Number,
        // Nobody has the number any more.
        33 => Meaning::Gone,
        // A parameter is missing; too long; a wrong time to live or class.
        2 | 12 | 16 | 20 => Meaning::Message,
        _ => Meaning::Later,
    }
}

/// What the `err-code` of a receipt says, in our words: Vonage sends the number alone.
pub(super) const fn words(code: u32) -> &'static str {
    match code {
        2 | 3 => "the phone cannot be reached",
        4 => "the phone refuses SMS",
        5 => "the number is being taken to another network",
        6 => "taken for spam",
        7 => "the phone is busy",
        8 => "the network failed",
        9 => "not a number of that network",
        10 => "the message is not allowed",
        11 => "no route to the number",
        12 => "the network cannot be reached",
        13 => "an age is asked for",
        14 => "the carrier blocks the number",
        15 => "the subscriber has no credit",
        50..=53 => "a filter stopped it",
        54 => "a regulation forbids it",
        99 => "no reason given",
        _ => "",
    }
}
