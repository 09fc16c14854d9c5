//! The table: every rule, in the order in which it is told.

use super::{
    bench::Bench,
    caught::caught,
    finding::{Finding, Rule, Verdict},
    rules,
};

/// A rule with what tries it. An error is what was seen of a driver that breaks it.
pub(super) type Check = (Rule, fn(&Bench<'_>) -> Result<Verdict, String>);

/// Before all others: without a driver there is nothing to try.
pub(super) const THERE: Rule = Rule {
    name: "there",
    demand: "the driver is there, and the kit is told enough of it",
    host: "it would not know the driver, and refuse its schemes",
    mend: "write `use my_driver as _;` into the test, `register_driver!(MyDriver);` into the crate, and name the driver \
           and a URI in the kit",
};

/// Before all others of a library.
pub(super) const LOADS: Rule = Rule {
    name: "loads",
    demand: "the driver's crate builds as a dynamic library that a host loads",
    host: "it refuses the library at start, with what was seen as its reason",
    mend: "run the command, and `nuncio drivers doctor PATH` on what it makes",
};

const CHECKS: &[&[Check]] = &[
    rules::manifest::CHECKS,
    rules::limits::CHECKS,
    rules::settings::CHECKS,
    rules::uri::CHECKS,
    rules::hostile::CHECKS,
    rules::content::CHECKS,
    rules::time::CHECKS,
    rules::network::CHECKS,
    rules::http::CHECKS,
    rules::guard::CHECKS,
    rules::secrets::CHECKS,
    rules::shown::CHECKS,
    rules::more::CHECKS,
    rules::devices::CHECKS,
];

/// What comes of every rule.
pub(super) fn all(bench: &Bench<'_>) -> Vec<Finding> {
    let found = CHECKS.iter().copied().flatten();
    let mut all: Vec<_> =
        found.map(|(rule, check)| Finding { rule: *rule, verdict: one(bench, *rule, *check) }).collect();
    let unknown = bench.kit.without.keys().filter(|name| !all.iter().any(|one| one.rule.name == **name));
    let unknown: Vec<_> = unknown.map(|name| format!("`.without(\"{name}\", ..)` names no rule")).collect();
    all.push(Finding { rule: THERE, verdict: Verdict::of(unknown) });
    all
}

fn one(bench: &Bench<'_>, rule: Rule, check: fn(&Bench<'_>) -> Result<Verdict, String>) -> Verdict {
    if let Some(why) = bench.kit.without.get(rule.name) {
        return Verdict::skipped(format!("left out by the author: {why}"));
    }
    // A panic of the driver that a rule did not expect is what was seen of that rule.
    match caught(|| check(bench)) {
        Ok(Ok(verdict)) => verdict,
        Ok(Err(seen)) | Err(seen) => Verdict::of([seen]),
    }
}
