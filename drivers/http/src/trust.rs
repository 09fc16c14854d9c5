//! `trust+http:` and `trust+https:`: a webhook with a token of whoever subscribed, which the host gets by a trust.

use std::time::Duration;

use nuncio_plugin_sdk::{
    NoToken, Notice, Report, Scope, Token, TokenCall,
    http::{HeaderName, HeaderValue},
    time_left,
};

use crate::{driver::Webhook, plan::Plan, render::Letter};

const X_AUTH_TOKEN: HeaderName = HeaderName::from_static("x-auth-token");
/// What a receiver says of a token that it does not take.
const UNAUTHORIZED: u32 = 401;
/// So much of a token is taken for the token, where a receiver repeats it; the beginning is the same for many.
const TELLING_BYTES: usize = 24;
/// After how long a token is asked for again, where nobody could give one.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// Sends `letter` with a token; once more with another one where the receiver does not take the first: whoever answers
/// 401 has done nothing with what was sent.
pub(crate) async fn deliver(driver: &Webhook, notice: &Notice<'_>, plan: &Plan, letter: Letter) -> Report {
    let Some(trust) = plan.wanted.trust.as_deref() else {
        let why = "the subscription has no trust, so there is no token to send: subscribe again";
        return Report::rejected(Scope::Recipient, why);
    };
    let call = || TokenCall::new(notice.meta.project, trust, time_left(notice, &*driver.clock) / 2);
    let first = match driver.host.token(call()).await {
        Ok(token) => token,
        Err(no) => return without(no),
    };
    let report = send(driver, notice, plan, letter.clone(), &first).await;
    if report.code != UNAUTHORIZED {
        return report;
    }
    match driver.host.token(call().instead_of(first.clone())).await {
        Ok(other) if other != first => send(driver, notice, plan, letter, &other).await,
        Ok(_) => report,
        Err(no) => without(no),
    }
}

/// What a dry run shows of the token.
pub(crate) fn sketch(letter: &mut Letter) {
    letter.headers.insert(X_AUTH_TOKEN, HeaderValue::from_static("***"));
}

async fn send(
    driver: &Webhook,
    notice: &Notice<'_>,
    plan: &Plan,
    mut letter: Letter,
    token: &Token,
) -> Report {
    let Ok(mut value) = HeaderValue::from_str(token.expose()) else {
        return Report::rejected(Scope::Recipient, "the token of the trust cannot stand in a header");
    };
    value.set_sensitive(true);
    letter.headers.insert(X_AUTH_TOKEN, value);
    let mut report = driver.post(notice, plan, letter).await;
    hide(&mut report.excerpt, token.expose());
    report
}

/// Cuts `excerpt` where a receiver repeats the token, whole or the beginning of it.
fn hide(excerpt: &mut String, token: &str) {
    let telling: String = token.chars().take(TELLING_BYTES).collect();
    if let Some(at) = excerpt.find(&telling).filter(|_| !telling.is_empty()) {
        excerpt.truncate(at);
        excerpt.push_str("***");
    }
}

fn without(no: NoToken) -> Report {
    match no {
        NoToken::Away(why) => Report::deferred(Scope::Account, why).retry_after(LOOK_AGAIN),
        NoToken::Gone(why) => Report::gone(why),
        NoToken::Refused(why) => Report::rejected(Scope::Recipient, why),
        _ => Report::deferred(Scope::Account, "the host gives no token"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn no_token_says_what_becomes_of_the_delivery() {
        use nuncio_plugin_sdk::Outcome::{Deferred, Gone, Rejected};
        for (no, outcome, scope) in [
            (NoToken::Away("w".into()), Deferred, Scope::Account),
            (NoToken::Gone("w".into()), Gone, Scope::Recipient),
            (NoToken::Refused("w".into()), Rejected, Scope::Recipient),
        ] {
            let report = without(no);
            assert_eq!((report.outcome, report.scope, report.reason.as_str()), (outcome, scope, "w"));
        }
    }

    proptest! {
        #[test]
        fn what_is_kept_of_an_answer_has_no_token(
            before in "\\PC{0,20}", after in "\\PC{0,20}", token in "[a-zA-Z0-9_-]{24,60}", cut in 24_usize..60,
        ) {
            let repeated: String = token.chars().take(cut).collect();
            let mut excerpt = format!("{before}{repeated}{after}");
            hide(&mut excerpt, &token);
            let telling: String = token.chars().take(TELLING_BYTES).collect();
            prop_assert!(!excerpt.contains(&telling));
            let mut other = format!("{before}{after}");
            let whole = other.clone();
            hide(&mut other, &token);
            prop_assert!(other == whole || whole.contains(&telling));
        }
    }
}
