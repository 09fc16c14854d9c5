//! FCM's answers (Firebase's "FCM error codes").

use nuncio_plugin_sdk::{
    Outcome, Report, Scope,
    http::{Answer, HttpError, report},
};
use serde::Deserialize;
use serde_json::Value;

const FCM_ERROR: &str = "type.googleapis.com/google.firebase.fcm.v1.FcmError";
const APNS_ERROR: &str = "type.googleapis.com/google.firebase.fcm.v1.ApnsError";

/// The body of an answer that is not 200.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    error: Failure,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Failure {
    message: String,
    status: String,
    details: Vec<Value>,
}

/// What of an answer decides.
#[derive(Default)]
struct Said {
    /// FCM's own code, as `UNREGISTERED`; else empty.
    code: String,
    /// Google's general one, as `NOT_FOUND`; else empty.
    status: String,
    message: String,
    /// Fields of the request that are wrong.
    fields: Vec<String>,
    /// What Apple said, where FCM hands it on.
    apple: String,
    /// The quota of one device is used up, not that of the project.
    of_device: bool,
}

impl Said {
    /// What `body` says; nothing where it is not FCM's (a 502 may be a page of HTML).
    fn read(body: &[u8]) -> Self {
        let Failure { message, status, details } =
            serde_json::from_slice::<Body>(body).unwrap_or_default().error;
        let mut said = Self { message, status, ..Self::default() };
        for detail in &details {
            let text = |name: &str| detail.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            match detail.get("@type").and_then(Value::as_str) {
                Some(FCM_ERROR) => said.code = text("errorCode"),
                Some(APNS_ERROR) => said.apple = text("reason"),
                _ => {}
            }
            let each = |name: &str| detail.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
            let field = |one: &Value| one.get("field").and_then(Value::as_str).map(str::to_owned);
            said.fields.extend(each("fieldViolations").iter().filter_map(field));
            said.of_device |= each("violations").iter().any(|one| {
                ["subject", "description"].iter().any(|name| {
                    one.get(name)
                        .and_then(Value::as_str)
                        .is_some_and(|text| text.to_lowercase().contains("device"))
                })
            });
        }
        said
    }

    /// Whether it is the token that is wrong: its field is named, or FCM itself says so and names no field.
    fn of_token(&self) -> bool {
        if self.fields.is_empty() {
            return self.code == "INVALID_ARGUMENT" && self.message.contains("registration token");
        }
        self.fields.iter().all(|field| field == "message.token")
    }
}

/// What an answer means.
pub(crate) struct Meaning {
    pub(crate) report: Report,
    /// The access token was refused.
    pub(crate) unauthenticated: bool,
}

/// What `answer` means for the device with `token`.
pub(crate) fn meaning(mut answer: Result<Answer, HttpError>, token: &str, now_ms: i64) -> Meaning {
    if let Ok(answer) = &mut answer {
        // It may repeat what was asked, and the `:` of a token in some other writing.
        let parts = token.split(':').filter(|part| part.len() >= 8);
        std::iter::once(token).chain(parts).for_each(|part| answer.strike(part));
    }
    let mut report = report(&answer, now_ms);
    let Ok(answer) = answer else { return Meaning { report, unauthenticated: false } };
    if report.outcome == Outcome::Delivered {
        let name = serde_json::from_slice::<Value>(&answer.body).ok();
        let name = name.and_then(|body| body.get("name")?.as_str().map(printable)).unwrap_or_default();
        return Meaning { report: report.provider_id(name), unauthenticated: false };
    }
    let said = Said::read(&answer.body);
    let status = answer.status.as_u16();
    let (outcome, scope, words) = ruling(status, &said, report.scope);
    (report.outcome, report.scope) = (outcome, scope);
    let code = if said.code.is_empty() { &said.status } else { &said.code };
    if !code.is_empty() {
        let parts = [said.fields.join(", "), said.message.clone(), said.apple.clone(), words.to_owned()];
        let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        report.reason = printable(&format!("{status} {code}: {}", parts.join("; ")));
    } else if !words.is_empty() {
        report.reason.push_str(&format!(": {words}"));
    }
    Meaning { report, unauthenticated: status == 401 && said.code.is_empty() }
}

/// Outcome, scope, and what to add for a person. `usual` is the scope of a failure that says no more than its status.
fn ruling(status: u16, said: &Said, usual: Scope) -> (Outcome, Scope, &'static str) {
    use Outcome::{Deferred, Gone, Rejected};
    match (status, said.code.as_str(), said.status.as_str()) {
        (_, "UNREGISTERED", _) => (Gone, Scope::Recipient, "the app is not on the device any more"),
        (_, "SENDER_ID_MISMATCH", _) => (
            Rejected,
            Scope::Recipient,
            "the token is of another Firebase project; register the device with that project's account",
        ),
        // The tokens of Android know nothing of those keys.
        (_, "THIRD_PARTY_AUTH_ERROR", _) => {
            (Deferred, Scope::Recipient, "correct the APNs key or the Web Push key in the Firebase console")
        }
        (_, "INVALID_ARGUMENT", _) | (400, _, _) if said.of_token() => {
            (Gone, Scope::Recipient, "no token of FCM's")
        }
        (_, "QUOTA_EXCEEDED", _) if said.of_device => {
            (Deferred, Scope::Recipient, "too many for this device")
        }
        (_, "QUOTA_EXCEEDED" | "UNAVAILABLE" | "INTERNAL", _) => (Deferred, Scope::Destination, ""),
        (401, _, _) => (Deferred, Scope::Account, "the access token is refused"),
        (403, _, _) => {
            (Deferred, Scope::Account, "the service account may not send for the project, or the API is off")
        }
        (404 | 410, _, _) => (Deferred, Scope::Account, "is the project's id right?"),
        (400 | 413, _, _) | (_, "INVALID_ARGUMENT", _) => (Rejected, Scope::Message, ""),
        (429 | 502..=504, _, _) => (Deferred, Scope::Destination, ""),
        (300..=399 | 408 | 425 | 500.., _, _) => (Deferred, usual, ""),
        _ => (Rejected, Scope::Recipient, ""),
    }
}

/// One line of at most 400 characters.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(400).collect()
}

#[cfg(test)]
mod tests;
