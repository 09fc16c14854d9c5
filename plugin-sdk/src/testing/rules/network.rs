//! A far side in trouble, whatever its protocol.

use nuncio_core::{Outcome, Scope};

use super::reports::{against, expected, line, unlike};
use crate::testing::{
    bench::Bench,
    finding::{Rule, Verdict},
    server::{Case, Does},
    table::Check,
};

const HOST: &str = "a wrong outcome loses the message or tries for ever; a wrong scope leaves the circuit breaker closed \
                    while the server is down, or opens it because of one recipient";
const MEND: &str = "a failure of the connection is `Report::deferred(Scope::Destination, why)`: it says nothing of the \
                    message, and everything of the server";

const REFUSED: Rule = Rule {
    name: "server-refuses",
    demand: "a refused connection is deferred, scope destination, and not maybe sent",
    host: HOST,
    mend: MEND,
};
const RESET: Rule = Rule {
    name: "server-resets",
    demand: "a reset connection is deferred, scope destination",
    host: HOST,
    mend: MEND,
};
const GARBAGE: Rule = Rule {
    name: "server-garbage",
    demand: "an answer that is not of the protocol is deferred, scope destination",
    host: HOST,
    mend: MEND,
};
const SLOW: Rule = Rule {
    name: "server-slow",
    demand: "an answer that comes byte by byte within the deadline is an answer",
    host: "it would send again what has arrived",
    mend: "read until the answer is whole; one read is not one answer",
};

pub(in crate::testing) const CHECKS: &[Check] =
    &[(REFUSED, refused), (RESET, reset), (GARBAGE, garbage), (SLOW, slow)];

fn trouble(bench: &Bench<'_>, does: Does, case: Case) -> Result<Verdict, String> {
    if let Err(why) = bench.has_server() {
        return Ok(Verdict::Skipped(why));
    }
    let (outcome, scope) = expected(bench, case, (Outcome::Deferred, Scope::Destination));
    let (report, _server, _) = against(bench, does)?;
    let sent = case == Case::Refused && report.maybe_sent;
    let sent = sent.then(|| format!("nothing can have been sent: {}", line(&report)));
    Ok(Verdict::of(
        unlike(&report, outcome, scope).into_iter().chain(sent).map(|seen| format!("{case}: {seen}")),
    ))
}

fn refused(bench: &Bench<'_>) -> Result<Verdict, String> {
    trouble(bench, Does::Refuses, Case::Refused)
}

fn reset(bench: &Bench<'_>) -> Result<Verdict, String> {
    trouble(bench, Does::Resets, Case::Reset)
}

fn garbage(bench: &Bench<'_>) -> Result<Verdict, String> {
    trouble(bench, Does::Garbage, Case::Garbage)
}

fn slow(bench: &Bench<'_>) -> Result<Verdict, String> {
    if let Err(why) = bench.has_server() {
        return Ok(Verdict::Skipped(why));
    }
    let (report, _server, _) = against(bench, Does::Slow)?;
    Ok(Verdict::of((report.outcome != Outcome::Delivered).then(|| line(&report))))
}
