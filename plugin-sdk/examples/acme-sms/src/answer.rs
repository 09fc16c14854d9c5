//! What the vendor's answer means.

use nuncio_plugin_sdk::{
    Deserialize, Outcome, Report, Scope,
    http::{Answer, HttpError, report},
    serde_json,
};

/// `202`: it will be sent.
#[derive(Deserialize)]
#[serde(crate = "nuncio_plugin_sdk::serde")]
struct Taken {
    id: String,
    parts: Option<u32>,
}

/// `400`: it will not.
#[derive(Deserialize)]
#[serde(crate = "nuncio_plugin_sdk::serde")]
struct Refused {
    code: u32,
    message: String,
}

/// The report of one message, whose text makes `parts`: what HTTP says, and where this vendor says more than that.
pub(crate) fn meaning(answer: &Result<Answer, HttpError>, parts: u32, now_ms: i64) -> Report {
    let report = report(answer, now_ms);
    let Ok(answer) = answer else { return report };
    match report.code {
        200..=299 => match serde_json::from_slice::<Taken>(&answer.body) {
            Ok(taken) => report.provider_id(taken.id).cost(taken.parts.unwrap_or(parts)),
            // It is on its way all the same.
            Err(_) => report.cost(parts),
        },
        400 => match serde_json::from_slice::<Refused>(&answer.body) {
            Ok(refused) => refusal(&refused),
            Err(_) => report,
        },
        // The key is wrong, or there is no credit left: a matter of ours, not of the recipient's.
        401..=403 => {
            let mut report = report;
            report.outcome = Outcome::Deferred;
            report.scope = Scope::Account;
            report
        }
        _ => report,
    }
}

fn refusal(refused: &Refused) -> Report {
    let why = refused.message.as_str();
    let report = match refused.code {
        21 => Report::rejected(Scope::Recipient, why),
        22 => Report::gone(why),
        30 => Report::rejected(Scope::Message, why),
        _ => Report::rejected(Scope::Recipient, why),
    };
    report.code(refused.code)
}
