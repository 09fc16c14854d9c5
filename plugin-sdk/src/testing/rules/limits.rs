//! What a driver says that it can bear.

use nuncio_core::{ContentForm, Outcome};

use super::reports::{line, wrong};
use crate::testing::{
    bench::Bench,
    finding::{Rule, Verdict},
    server::Does,
    table::Check,
};

const SANE: Rule = Rule {
    name: "limits-sane",
    demand: "the limits are numbers to work with, and the formats are known",
    host: "with no notice in flight, or no body allowed, it would never deliver anything",
    mend: "in_flight, batch and body_bytes from 1; formats of `subject`, `text`, `html` and `parts`",
};
const TRUE: Rule = Rule {
    name: "limits-true",
    demand: "a message as large as the limits allow is taken",
    host: "it would post messages that the driver then refuses one by one, as dead letters",
    mend: "declare in `limits()` what the channel really carries",
};

pub(in crate::testing) const CHECKS: &[Check] = &[(SANE, sane), (TRUE, hold)];

/// The largest body that is tried, in bytes.
const MOST_TRIED: u32 = 16 << 20;

fn sane(bench: &Bench<'_>) -> Result<Verdict, String> {
    let limits = &bench.manifest.limits;
    let mut seen = Vec::new();
    for (name, number) in
        [("in_flight", limits.in_flight), ("batch", limits.batch), ("body_bytes", limits.body_bytes)]
    {
        if number == 0 {
            seen.push(format!("`{name}` is 0"));
        }
    }
    if limits.text_chars == Some(0) {
        seen.push("`text_chars` is 0".to_owned());
    }
    let known = ["subject", "text", "html", "parts"];
    let strange = limits.formats.iter().filter(|one| !known.contains(&one.as_str()));
    seen.extend(strange.map(|one| format!("the format `{one}` is not known")));
    Ok(Verdict::of(seen))
}

fn hold(bench: &Bench<'_>) -> Result<Verdict, String> {
    let limits = &bench.manifest.limits;
    if limits.body_bytes > MOST_TRIED {
        let why = format!(
            "bodies of {} bytes are larger than what the kit tries ({MOST_TRIED})",
            limits.body_bytes
        );
        return Ok(Verdict::skipped(why));
    }
    let server = bench.far_side(Does::Answers);
    let driver = bench.driver(server.address())?;
    let bytes = usize::try_from(limits.body_bytes).unwrap_or_default();
    let characters =
        limits.text_chars.map_or(bytes, |most| bytes.min(usize::try_from(most).unwrap_or(bytes)));
    let mut letter = bench.letter(&*driver, &server)?.body("text/plain", "x".repeat(bytes));
    letter.notice.text = match bench.manifest.content {
        ContentForm::Raw => String::new(),
        _ => lines(characters),
    };
    let outcomes = bench.run(letter.outcomes(&*driver))?;
    if let Some(wrong) = wrong(&letter, &outcomes) {
        return Err(wrong);
    }
    let first = letter.notice.recipients.first().map_or(0, |one| one.index);
    let report = outcomes.of(first);
    let refused = report.outcome == Outcome::Rejected;
    Ok(Verdict::of(refused.then(|| format!("a message of {bytes} bytes: {}", line(&report)))))
}

/// Text of so many characters, as people write it: in lines.
fn lines(characters: usize) -> String {
    let line = format!("{}\n", "x".repeat(71));
    let mut text = line.repeat(characters / line.len());
    text.push_str(&"x".repeat(characters % line.len()));
    text
}
