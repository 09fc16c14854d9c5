//! What may be wrong with any report.

use nuncio_core::{Outcome, Outcomes, Refusal, Report, Scope};

use crate::testing::{
    bench::Bench,
    letter::Letter,
    server::{Case, Does, Server},
};

/// How a host tells the panic of a library.
const PANICKED: &str = "panicked";

/// What is wrong with `outcomes` as the answer to `letter`, whatever they say.
pub(super) fn wrong(letter: &Letter, outcomes: &Outcomes) -> Option<String> {
    let (all, each) = outcomes.parts();
    let told = all.into_iter().chain(each.iter().map(|(_, report)| report));
    if let Some(report) = told.into_iter().find(|report| report.reason.contains(PANICKED)) {
        return Some(report.reason.clone());
    }
    if all.is_some() {
        return None;
    }
    let known = |index: u32| letter.notice.recipients.iter().any(|one| one.index == index);
    if let Some((index, _)) = each.iter().find(|(index, _)| !known(*index)) {
        return Some(format!("there is a report on recipient {index}, who is not of the notice"));
    }
    letter.notice.recipients.iter().map(|one| one.index).find_map(|index| {
        match each.iter().filter(|(one, _)| *one == index).count() {
            1 => None,
            0 => Some(format!("there is no report on recipient {index}")),
            count => Some(format!("there are {count} reports on recipient {index}")),
        }
    })
}

/// A panic that a library's host told as a refusal.
pub(super) fn panicked(refusal: &Refusal) -> Option<String> {
    refusal.why.contains(PANICKED).then(|| refusal.why.clone())
}

/// A report in one line.
pub(super) fn line(report: &Report) -> String {
    let sent = if report.maybe_sent { ", maybe sent" } else { "" };
    let reason = if report.reason.is_empty() { String::new() } else { format!(" ({})", report.reason) };
    format!("{:?}/{:?}{sent}{reason}", report.outcome, report.scope)
}

/// What is wrong with `report` where `outcome` and `scope` are expected. The scope of a success says nothing.
pub(super) fn unlike(report: &Report, outcome: Outcome, scope: Scope) -> Option<String> {
    let same = report.outcome == outcome
        && (report.scope == scope || matches!(outcome, Outcome::Delivered | Outcome::Gone));
    (!same).then(|| format!("{} instead of {outcome:?}/{scope:?}", line(report)))
}

/// One try against a far side that does this: the report, and the far side.
pub(super) fn against(bench: &Bench<'_>, does: Does) -> Result<(Report, Server, Letter), String> {
    let server = bench.far_side(does);
    let driver = bench.driver(server.address())?;
    let letter = bench.letter(&*driver, &server)?;
    let outcomes = bench.run(letter.outcomes(&*driver))?;
    match wrong(&letter, &outcomes) {
        Some(wrong) => Err(wrong),
        None => {
            let first = letter.notice.recipients.first().map_or(0, |one| one.index);
            Ok((outcomes.of(first), server, letter))
        }
    }
}

/// What is expected of `case`: the author's word, or `usual`.
pub(super) fn expected(bench: &Bench<'_>, case: Case, usual: (Outcome, Scope)) -> (Outcome, Scope) {
    bench.kit.expected.get(&case).copied().unwrap_or(usual)
}
