//! The access token: asked for with an assertion, used by all deliveries until shortly before it ends.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use nuncio_plugin_sdk::{
    Clock, Outcome, Report, Scope,
    http::{Bytes, Client, HeaderValue, Request, header::CONTENT_TYPE, report},
};
use serde::Deserialize;
use tokio::{sync::Mutex as Turn, time::timeout};

use crate::assertion::Signer;

/// RFC 7523, section 2.1.
const GRANT: &str = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=";
/// So long before its end a token is not used any more.
const MARGIN_MS: i64 = 5 * 60 * 1000;
/// A token that is refused when it is younger than this is not worth another one.
const YOUNG_MS: i64 = 60 * 1000;
/// So long an attempt that gave no token stands for those that all waited for it.
const REMEMBERED_MS: i64 = 5000;
/// The longest life that is believed, in seconds.
const LONGEST_S: i64 = 24 * 3600;

/// Asks for access tokens, one for all deliveries at a time.
#[derive(Debug)]
pub(crate) struct Bearers {
    signer: Signer,
    url: String,
    last: Mutex<Last>,
    /// Whoever has it asks; the others wait for what becomes of it.
    turn: Turn<()>,
}

/// What the last request for a token came to.
#[derive(Debug, Default)]
enum Last {
    #[default]
    None,
    Given(Bearer),
    /// None was given, at this time in Unix milliseconds.
    Failed(Report, i64),
}

/// An access token.
#[derive(Clone, Debug)]
pub(crate) struct Bearer {
    /// What goes into `authorization`.
    pub(crate) header: HeaderValue,
    made_ms: i64,
    ends_ms: i64,
}

/// RFC 6749, section 5.1.
#[derive(Deserialize)]
struct Granted {
    access_token: String,
    expires_in: i64,
}

/// RFC 6749, section 5.2.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Refused {
    error: String,
    error_description: String,
}

impl Bearers {
    pub(crate) fn new(signer: Signer, url: String) -> Self {
        Self { signer, url, last: Mutex::default(), turn: Turn::default() }
    }

    /// The token to use now, asked for within what is `left` where there is none.
    ///
    /// # Errors
    /// The report of a delivery that gets no token. Nothing of it was sent.
    pub(crate) async fn current(
        &self,
        client: &Client,
        clock: &dyn Clock,
        left: impl Fn() -> Duration,
    ) -> Result<Bearer, Report> {
        if let Some(known) = self.known(clock.now_ms()) {
            return known;
        }
        let Ok(_turn) = timeout(left(), self.turn.lock()).await else {
            let why = "no access token: the one that another delivery asks for did not come in time";
            return Err(Report::deferred(Scope::Destination, why));
        };
        if let Some(known) = self.known(clock.now_ms()) {
            return known;
        }
        let asked = self.ask(client, clock, left()).await;
        *self.last() = match &asked {
            Ok(bearer) => Last::Given(bearer.clone()),
            Err(report) => Last::Failed(report.clone(), clock.now_ms()),
        };
        asked
    }

    /// FCM refuses `bearer`: says whether the next one will be another.
    pub(crate) fn refused(&self, bearer: &Bearer, now_ms: i64) -> bool {
        let mut last = self.last();
        let same = |last: &Last| matches!(last, Last::Given(one) if one.header == bearer.header);
        if same(&last) && now_ms.saturating_sub(bearer.made_ms) >= YOUNG_MS {
            *last = Last::None;
        }
        !same(&last)
    }

    /// What is known at `now_ms` without a request.
    fn known(&self, now_ms: i64) -> Option<Result<Bearer, Report>> {
        match &*self.last() {
            Last::Given(one) if now_ms >= one.made_ms && now_ms < one.ends_ms.saturating_sub(MARGIN_MS) => {
                Some(Ok(one.clone()))
            }
            Last::Failed(report, at) if (0..REMEMBERED_MS).contains(&now_ms.saturating_sub(*at)) => {
                Some(Err(report.clone()))
            }
            _ => None,
        }
    }

    fn last(&self) -> MutexGuard<'_, Last> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn ask(&self, client: &Client, clock: &dyn Clock, left: Duration) -> Result<Bearer, Report> {
        let now_ms = clock.now_ms();
        let held = |why: &str| Report::deferred(Scope::Account, why);
        let assertion = self.signer.sign(now_ms).ok_or_else(|| held("the assertion cannot be signed"))?;
        let request = Request::post(&self.url)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Bytes::from(format!("{GRANT}{assertion}")))
            .map_err(|_| held("`token_uri` of the service account cannot be requested"))?;
        let mut answer = client.send(request, left).await;
        if let Ok(answer) = &mut answer {
            answer.strike(&assertion);
        }
        let mut report = report(&answer, now_ms);
        // It is the token that may have been asked for: the notification was not sent.
        report.maybe_sent = false;
        let Ok(answer) = answer else { return Err(report) };
        if report.outcome != Outcome::Delivered {
            return Err(refusal(report, answer.status.as_u16(), &answer.body));
        }
        let unread = "the token endpoint answered something that is no access token";
        granted(&answer.body, now_ms).ok_or_else(|| held(unread).code(answer.status.as_u16().into()))
    }
}

fn granted(body: &[u8], now_ms: i64) -> Option<Bearer> {
    let granted: Granted = serde_json::from_slice(body).ok()?;
    let mut header = HeaderValue::from_str(&format!("Bearer {}", granted.access_token)).ok()?;
    header.set_sensitive(true);
    let ends_ms = now_ms.saturating_add(granted.expires_in.clamp(0, LONGEST_S) * 1000);
    Some(Bearer { header, made_ms: now_ms, ends_ms })
}

/// What a token endpoint says that gives none: what is not passing is the account's.
fn refusal(mut report: Report, status: u16, body: &[u8]) -> Report {
    let said: Refused = serde_json::from_slice(body).unwrap_or_default();
    let words: String = [said.error, said.error_description]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(": ")
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(200)
        .collect();
    let passing = status == 429 || status == 408 || status >= 500;
    report.outcome = Outcome::Deferred;
    report.scope = if passing { Scope::Destination } else { Scope::Account };
    report.reason =
        format!("no access token: {}{}{words}", report.reason, if words.is_empty() { "" } else { " " });
    report
}

#[cfg(test)]
mod tests {
    use nuncio_plugin_sdk::serde_json::json;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_wrong_key_holds_the_account_and_an_outage_does_not() {
        let body = br#"{"error":"invalid_grant","error_description":"Invalid JWT Signature."}"#;
        let of = |status: u16, body: &[u8]| {
            refusal(Report::deferred(Scope::Recipient, format!("{status}")), status, body)
        };
        let report = of(400, body);
        assert_eq!((report.outcome, report.scope), (Outcome::Deferred, Scope::Account));
        assert_eq!(report.reason, "no access token: 400 invalid_grant: Invalid JWT Signature.");
        assert_eq!(of(401, b"<html>").scope, Scope::Account);
        assert_eq!(of(503, b"").scope, Scope::Destination);
    }

    /// Reads any answer of a token endpoint: also the body of a fuzz target.
    fn check_any(body: &[u8], now_ms: i64) {
        if let Some(bearer) = granted(body, now_ms) {
            assert!(bearer.ends_ms >= bearer.made_ms && bearer.header.is_sensitive());
        }
        let report = refusal(Report::deferred(Scope::Account, ""), 400, body);
        assert!(report.reason.len() < 1000 && !report.reason.contains('\n'));
    }

    proptest! {
        #[test]
        fn any_answer_is_read(body in proptest::collection::vec(any::<u8>(), 0..200), now_ms in any::<i64>()) {
            check_any(&body, now_ms);
        }

        #[test]
        fn any_grant_is_read(token in ".{0,40}", expires_in in any::<i64>(), now_ms in any::<i64>()) {
            check_any(json!({"access_token": token, "expires_in": expires_in}).to_string().as_bytes(), now_ms);
            check_any(json!({"error": token, "error_description": token}).to_string().as_bytes(), now_ms);
        }
    }
}
