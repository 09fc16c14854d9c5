//! What the answers of HTTP mean.

use std::time::Duration;

use nuncio_core::{Outcome, Scope};

use super::reports::{against, expected, line, unlike};
use crate::testing::{
    bench::Bench,
    finding::{Rule, Verdict},
    server::{Case, Does, Peer},
    table::Check,
};

const ANSWERS: Rule = Rule {
    name: "http-answers",
    demand: "each class of HTTP answer has the outcome and scope that `http::report` gives it, or that the author expects",
    host: "it would retry what never works, give up what works later, or keep writing to an address that is gone",
    mend: "hand the answer to `http::report`, and change its report where your service differs; tell the kit so: \
           `.expect(401, Outcome::Deferred, Scope::Account)`",
};
const WAIT: Rule = Rule {
    name: "http-retry-after",
    demand: "the wish of a 429 for a later try is passed on",
    host: "it would come back too early, and be refused for longer",
    mend: "set `Report::retry_after` from the `Retry-After` of the answer, as `http::report` does",
};
const ONCE: Rule = Rule {
    name: "http-once",
    demand: "one delivery is one request: nothing is retried, no redirect is followed",
    host: "its own retries would multiply with the driver's, and a redirect leads past the address policy",
    mend: "send once and report what came",
};

pub(in crate::testing) const CHECKS: &[Check] = &[(ANSWERS, answers), (WAIT, wait), (ONCE, once)];

/// The table of `http::report`.
const TABLE: [(u16, Outcome, Scope); 13] = [
    (200, Outcome::Delivered, Scope::Recipient),
    (201, Outcome::Delivered, Scope::Recipient),
    (204, Outcome::Delivered, Scope::Recipient),
    (301, Outcome::Deferred, Scope::Recipient),
    (400, Outcome::Rejected, Scope::Recipient),
    (401, Outcome::Rejected, Scope::Recipient),
    (403, Outcome::Rejected, Scope::Recipient),
    (404, Outcome::Rejected, Scope::Recipient),
    (410, Outcome::Gone, Scope::Recipient),
    (413, Outcome::Rejected, Scope::Message),
    (429, Outcome::Deferred, Scope::Destination),
    (500, Outcome::Deferred, Scope::Recipient),
    (503, Outcome::Deferred, Scope::Destination),
];

/// Why the rules of HTTP do not apply.
fn speaks_http(bench: &Bench<'_>) -> Result<(), String> {
    bench.has_server()?;
    match bench.kit.peer {
        Some(Peer::Http { .. }) => Ok(()),
        _ => Err("the far side does not speak HTTP".to_owned()),
    }
}

fn answers(bench: &Bench<'_>) -> Result<Verdict, String> {
    if let Err(why) = speaks_http(bench) {
        return Ok(Verdict::Skipped(why));
    }
    let more = bench.kit.expected.iter().filter_map(|(case, (outcome, scope))| match case {
        Case::Status(status) if !TABLE.iter().any(|(one, _, _)| one == status) => {
            Some((*status, *outcome, *scope))
        }
        _ => None,
    });
    let server = bench.far_side(Does::Answers);
    let driver = bench.driver(server.address())?;
    let letter = bench.letter(&*driver, &server)?;
    let mut seen = Vec::new();
    for (status, outcome, scope) in TABLE.into_iter().chain(more) {
        let (outcome, scope) = expected(bench, Case::Status(status), (outcome, scope));
        server.does(Does::Status(status));
        let report = bench.run(letter.deliver(&*driver));
        let wrong = report.map_or_else(Some, |report| unlike(&report, outcome, scope));
        seen.extend(wrong.map(|wrong| format!("an answer of {status}: {wrong}")));
    }
    Ok(Verdict::of(seen))
}

fn wait(bench: &Bench<'_>) -> Result<Verdict, String> {
    if let Err(why) = speaks_http(bench) {
        return Ok(Verdict::Skipped(why));
    }
    let (report, _server, _) = against(bench, Does::Status(429))?;
    let kept = report.outcome != Outcome::Deferred || report.retry_after == Some(Duration::from_secs(17));
    Ok(Verdict::of((!kept).then(|| format!("`Retry-After: 17` became {:?}", report.retry_after))))
}

fn once(bench: &Bench<'_>) -> Result<Verdict, String> {
    if let Err(why) = speaks_http(bench) {
        return Ok(Verdict::Skipped(why));
    }
    let server = bench.far_side(Does::Answers);
    let driver = bench.driver(server.address())?;
    let letter = bench.letter(&*driver, &server)?;
    let mut seen = Vec::new();
    for status in [301, 429, 500, 503] {
        server.does(Does::Status(status));
        let before = server.requests();
        let report = bench.run(letter.deliver(&*driver))?;
        let requests = server.requests() - before;
        if requests > 1 {
            seen.push(format!("an answer of {status}: {requests} requests, and {}", line(&report)));
        }
    }
    Ok(Verdict::of(seen))
}
