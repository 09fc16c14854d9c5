//! Any message, to any number of recipients.

use nuncio_core::{Outcome, notice_json::PartJson, notice_json::RecipientJson};
use serde_json::Value;

use super::reports::{line, wrong};
use crate::testing::{
    bench::Bench,
    finding::{Rule, Verdict},
    letter::Letter,
    server::Does,
    table::Check,
};

const TAKEN: Rule = Rule {
    name: "deliver-taken",
    demand: "a plain message is delivered when the far side takes it",
    host: "it would try again, and in the end bury the message although it arrived",
    mend: "look at what the driver sends and at how it reads the answer; tell the kit what the far side speaks",
};
const MESSAGES: Rule = Rule {
    name: "deliver-any-message",
    demand: "no message makes the driver panic, and each recipient has exactly one report",
    host: "a panic is a failed attempt of every recipient; one without a report counts as deferred and maybe sent, and \
           gets the message twice",
    mend: "look at the message named: nothing in it may be taken for granted. Report each index once",
};
const CROWD: Rule = Rule {
    name: "deliver-recipients",
    demand: "many recipients have one report each, by the index of the notice",
    host: "recipients without a report of their own are tried again although they have it",
    mend: "walk over `notice.recipients`, and use `Recipient::index`, which need not begin at 0",
};

pub(in crate::testing) const CHECKS: &[Check] = &[(TAKEN, taken), (MESSAGES, messages), (CROWD, crowd)];

const CROWD_SIZE: usize = 100;
const WILD: &str = "\0\x01\x1b[31m\r\nBcc: eve@example.org\r\n.\r\n\u{85}\u{2028}\u{7f}";
const WORDS: &str = "Grüße, Ελλάδα, 日本, \u{202e}txt, e\u{301}, 👩\u{200d}🚒 \u{10ffff}";

fn taken(bench: &Bench<'_>) -> Result<Verdict, String> {
    let server = bench.far_side(Does::Answers);
    let driver = bench.driver(server.address())?;
    let letter = bench.letter(&*driver, &server)?;
    let report = bench.run(letter.deliver(&*driver))?;
    Ok(Verdict::of((report.outcome != Outcome::Delivered).then(|| line(&report))))
}

/// The messages, each with its name.
fn all(plain: &Letter) -> Vec<(&'static str, Letter)> {
    let with = |subject: &str, text: &str, html: &str, body: &[u8]| {
        plain.clone().content(subject, text, html).body("text/plain", body)
    };
    let large = format!("{}\n", "x".repeat(1023)).repeat(1024);
    let bytes: Vec<u8> = (0..=255).collect();
    let mut parts = with("Parts", "see below", "<p>see</p>", b"see below");
    parts.notice.parts = [("a.bin", "application/octet-stream"), ("ü\r\n\".png", "image/png"), ("", "")]
        .map(|(name, kind)| PartJson {
            name: name.to_owned(),
            content_type: kind.to_owned(),
            data: bytes.repeat(64),
            ..PartJson::default()
        })
        .to_vec();
    let mut queued = plain.clone().queue(WORDS).body("application/json", *b"{\"a\": [1, null]}");
    queued.notice.headers = [("x-\u{e9}\r\n".to_owned(), WILD.to_owned())].into();
    let mut later = plain.clone().id("").body("", *b"");
    (later.notice.attempt, later.notice.created_ms) = (u32::MAX, i64::MIN);
    vec![
        ("text of many scripts", with(WORDS, WORDS, WORDS, WORDS.as_bytes())),
        ("no subject", with("", "text", "", b"text")),
        ("nothing at all", with("", "", "", b"")),
        ("control characters", with(WILD, WILD, WILD, WILD.as_bytes())),
        ("1 MiB", with("Large", &large, "", large.as_bytes())),
        ("a long subject", with(&"s".repeat(70_000), "text", "", b"text")),
        (
            "a body of any bytes",
            with("Bytes", "", "", &bytes).body("application/octet-stream", bytes.clone()),
        ),
        ("HTML without text", with("Page", "", "<p>&amp;<b>x", b"<p>")),
        ("attachments", parts),
        ("a message of a queue with headers", queued),
        ("neither id nor time", later),
    ]
}

fn messages(bench: &Bench<'_>) -> Result<Verdict, String> {
    let server = bench.far_side(Does::Answers);
    let driver = bench.driver(server.address())?;
    let plain = bench.letter(&*driver, &server)?;
    let mut seen = Vec::new();
    for (name, letter) in all(&plain) {
        let outcomes = bench.run(letter.outcomes(&*driver));
        let wrong = outcomes.map_or_else(Some, |outcomes| wrong(&letter, &outcomes));
        seen.extend(wrong.map(|wrong| format!("{name}: {wrong}")));
    }
    Ok(Verdict::of(seen))
}

fn crowd(bench: &Bench<'_>) -> Result<Verdict, String> {
    let server = bench.far_side(Does::Answers);
    let driver = bench.driver(server.address())?;
    let mut letter = match crowded(bench) {
        Some(uri) => bench.letter_to(&*driver, &uri, Value::Object(bench.kit.options.clone()))?,
        None => bench.letter(&*driver, &server)?,
    };
    // Those that are open on a later attempt.
    for (at, one) in (0_u32..).zip(&mut letter.notice.recipients) {
        one.index = at * 2 + 3;
    }
    letter.notice.attempt = 2;
    let outcomes = bench.run(letter.outcomes(&*driver))?;
    let failed =
        letter.notice.recipients.iter().map(|RecipientJson { index, .. }| (index, outcomes.of(*index)));
    let failed = failed.filter(|(_, report)| report.outcome != Outcome::Delivered);
    let failed = failed.map(|(index, report)| format!("recipient {index}: {}", line(&report)));
    Ok(Verdict::of(wrong(&letter, &outcomes).into_iter().chain(failed)))
}

/// A URI with many recipients, where its scheme has such.
fn crowded(bench: &Bench<'_>) -> Option<String> {
    if let Some(uri) = bench.kit.crowd {
        return Some(uri(CROWD_SIZE));
    }
    let list = |one: fn(usize) -> String| (0..CROWD_SIZE).map(one).collect::<Vec<_>>().join(",");
    match bench.manifest.schemes.first()?.as_str() {
        "mailto" => Some(format!("mailto:{}", list(|n| format!("r{n}@example.org")))),
        "sms" => Some(format!("sms:{}", list(|n| format!("+4915112345{n:03}")))),
        _ => None,
    }
}
