//! Apple's answers (its "Handling notification responses from APNs").

use std::time::Duration;

use nuncio_plugin_sdk::{
    Device, Outcome, Report, Scope,
    http::{Answer, HttpError, report},
};
use serde::Deserialize;

use crate::account::Account;

/// Apple: after 15 minutes a request may be repeated whose answer began with 5.
const AFTER_5XX: Duration = Duration::from_secs(15 * 60);
/// Apple: no token is made anew more often.
const AFTER_TOKENS: Duration = Duration::from_secs(20 * 60);

/// The body of an answer that is not 200.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Said {
    reason: String,
    /// With 410: when the token was known to be no more, in Unix milliseconds.
    timestamp: Option<i64>,
}

impl Said {
    /// What `body` says; nothing where it is not Apple's.
    fn read(body: &[u8]) -> Self {
        serde_json::from_slice(body).unwrap_or_default()
    }
}

/// What an answer means.
pub(crate) struct Meaning {
    pub(crate) report: Report,
    /// The provider token has expired.
    pub(crate) expired: bool,
}

/// What was sent, and to whom.
#[derive(Clone, Copy)]
pub(crate) struct Sent<'a> {
    pub(crate) device: &'a Device,
    pub(crate) account: &'a Account,
    /// Its `apns-id`.
    pub(crate) id: &'a str,
    /// Its type is one that the subscription chose.
    pub(crate) typed: bool,
}

/// What `answer` means for what was `sent`.
pub(crate) fn meaning(mut answer: Result<Answer, HttpError>, sent: Sent<'_>, now_ms: i64) -> Meaning {
    if let Ok(answer) = &mut answer {
        // A proxy may repeat the path, which has the token in it.
        answer.strike(&sent.device.address);
    }
    let mut report = report(&answer, now_ms);
    let Ok(answer) = answer else { return Meaning { report, expired: false } };
    if report.outcome == Outcome::Delivered {
        let given = answer.headers.get("apns-id").and_then(|value| value.to_str().ok());
        return Meaning { report: report.provider_id(given.unwrap_or(sent.id)), expired: false };
    }
    let said = Said::read(&answer.body);
    let status = answer.status.as_u16();
    let (outcome, scope, words) = ruling(status, &said, sent);
    let words = if words.is_empty() { String::new() } else { format!(": {words}") };
    if !said.reason.is_empty() {
        report.reason = format!("{status} {}{words}", printable(&said.reason));
    } else if !words.is_empty() {
        report.reason.push_str(&words);
    }
    (report.outcome, report.scope) = (outcome, scope);
    let wait = match said.reason.as_str() {
        "InternalServerError" | "ServiceUnavailable" => Some(AFTER_5XX),
        "TooManyProviderTokenUpdates" => Some(AFTER_TOKENS),
        _ => None,
    };
    report.retry_after = report.retry_after.or(wait);
    Meaning { report, expired: said.reason == "ExpiredProviderToken" }
}

/// Outcome, scope, and what to add for a person.
fn ruling(status: u16, said: &Said, sent: Sent<'_>) -> (Outcome, Scope, &'static str) {
    use Outcome::{Deferred, Rejected};
    let Sent { device, account, typed, .. } = sent;
    let of_device = device.attributes.contains_key("topic");
    match (status, said.reason.as_str()) {
        (_, "Unregistered" | "ExpiredToken") | (410, _) => dead(said, device),
        (_, "BadDeviceToken") => bad_token(device, account),
        (_, "PayloadTooLarge" | "PayloadEmpty") | (413, _) => (Rejected, Scope::Message, ""),
        // Many types want a topic of their own: whoever chooses one says nothing about the others' notifications.
        (_, "BadTopic" | "TopicDisallowed" | "MissingTopic") if !of_device && typed => (
            Deferred,
            Scope::Recipient,
            "does `push_type` want a topic of its own, like com.example.app.voip? Give it to the device",
        ),
        (_, "BadTopic" | "TopicDisallowed" | "MissingTopic") if !of_device => {
            (Deferred, Scope::Account, "correct `topic` of the account")
        }
        (_, "DeviceTokenNotForTopic") => {
            (Rejected, Scope::Recipient, "the token is of another app than the topic")
        }
        (_, "ExpiredProviderToken") => (Deferred, Scope::Recipient, "the provider token is made anew"),
        (_, "TooManyProviderTokenUpdates") => {
            (Deferred, Scope::Account, "does another server use this key with tokens of its own?")
        }
        (_, "BadEnvironmentKeyIdInToken" | "BadEnvironmentKeyInToken" | "BadCertificateEnvironment") => {
            (Deferred, Scope::Account, "the key or certificate is not of the account's `environment`")
        }
        (403, _) => {
            (Deferred, Scope::Account, "correct `team_id`, `key_id`, `key` or `certificate` of the account")
        }
        (_, "TooManyRequests") => (Deferred, Scope::Recipient, "too many for this device"),
        (_, "IdleTimeout" | "Shutdown" | "ServiceUnavailable" | "InternalServerError") => {
            (Deferred, Scope::Destination, "")
        }
        (429 | 502..=504, _) => (Deferred, Scope::Destination, ""),
        (300..=399 | 408 | 425 | 500.., _) => (Deferred, Scope::Recipient, ""),
        _ => (Rejected, Scope::Recipient, ""),
    }
}

fn dead(said: &Said, device: &Device) -> (Outcome, Scope, &'static str) {
    if said.timestamp.is_some_and(|at| device.registered_ms > at) {
        return (Outcome::Deferred, Scope::Recipient, "but the device was registered again after that");
    }
    (Outcome::Gone, Scope::Recipient, "the app is not on the device any more")
}

/// A bad token may be a good one of the other environment, and a wrong setting must not end devices.
fn bad_token(device: &Device, account: &Account) -> (Outcome, Scope, &'static str) {
    match device.attributes.get("environment") {
        Some(environment) if environment == account.environment.name() => {
            (Outcome::Gone, Scope::Recipient, "the token is none of the account's environment")
        }
        Some(_) => (
            Outcome::Rejected,
            Scope::Recipient,
            "the device is of the other environment than its account; register it with the right account",
        ),
        None => (
            Outcome::Rejected,
            Scope::Recipient,
            "the token is bad, or of the other environment (production, sandbox); register it with its `environment`",
        ),
    }
}

/// Apple's reasons are words of letters; anything else is not shown.
fn printable(reason: &str) -> String {
    reason.chars().filter(char::is_ascii_alphanumeric).take(64).collect()
}

#[cfg(test)]
mod tests;
