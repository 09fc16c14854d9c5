//! What must never be shown.

use nuncio_core::{Outcomes, SubscriberUri, pointer};
use serde_json::{Map, Value};

use super::{
    settings::put_at,
    uri::{PASSWORD, with_userinfo},
};
use crate::testing::{
    bench::{Bench, LOOPBACK, Made},
    finding::{Rule, Verdict},
    kit::filled,
    letter::Letter,
    server::{Does, Server},
    table::Check,
    watch::Watch,
};

const HIDDEN: Rule = Rule {
    name: "secrets-hidden",
    demand: "no secret of the settings, the options or the URI stands in a report, a dry run or the log",
    host: "it masks what it knows as secret wherever it writes, but a driver's own log, and every part or encoding of a \
           secret, goes past it",
    mend: "keep secrets in `Secret`, mask them in `render`, and name a URI by `redacted()` only",
};

pub(in crate::testing) const CHECKS: &[Check] = &[(HIDDEN, hidden)];

/// Shorter ones are found in any text.
const SHORTEST: usize = 4;
const CANARY: &str = "nuncio-kit-canary";

fn hidden(bench: &Bench<'_>) -> Result<Verdict, String> {
    let server = bench.far_side(Does::Answers);
    let address = server.address();
    // Its own in every run, so that runs beside this one do not find each other's.
    let canary = format!("{CANARY}-{}", address.port());
    let settings = bench.settings(address);
    let settings = planted(&settings, &bench.manifest.secrets, &canary, |with| {
        bench.make(with.clone(), LOOPBACK).is_ok_and(|made| made.is_ok())
    });
    let made = bench.make_in(&bench.host(&address.to_string()), settings.clone(), LOOPBACK)?;
    let driver = made.map_err(|error| format!("the kit's settings are refused: {error}"))?;
    let uri = bench.uris(&address.to_string()).swap_remove(0);
    let options = filled(&Value::Object(bench.kit.options.clone()), address);
    let options = planted(&options, &bench.manifest.option_secrets, &canary, |with| {
        bench.letter_to(&*driver, &uri, with.clone()).is_ok()
    });
    let mut secrets = texts(&settings, &bench.manifest.secrets);
    secrets.extend(texts(&options, &bench.manifest.option_secrets));
    secrets
        .extend(bench.device_secrets(&address.to_string()).into_iter().filter(|text| text.len() >= SHORTEST));
    let mut uris = vec![uri];
    let credentialed = with_userinfo(bench, &address.to_string());
    uris.extend(
        credentialed.into_iter().filter(|uri| bench.letter_to(&*driver, uri, options.clone()).is_ok()),
    );
    if uris.len() > 1 {
        secrets.push(PASSWORD.to_owned());
    }
    if secrets.is_empty() {
        return Ok(Verdict::skipped("there is no secret in the settings, the options or the URIs"));
    }
    let Some(watch) = Watch::begin(&secrets) else {
        return Err("the test has a `tracing` subscriber of its own, so that the log cannot be watched: set none in the \
                    test that runs the kit"
            .to_owned());
    };
    let mut seen = said(bench, &driver, &server, &uris, &options)?;
    seen.retain(|text| secrets.iter().any(|secret| text.contains(secret)));
    seen.extend(watch.found().into_iter().map(|line| format!("the log: {line}")));
    Ok(Verdict::of(seen))
}

/// All that the driver says while the far side answers well and badly.
fn said(
    bench: &Bench<'_>,
    driver: &Made,
    server: &Server,
    uris: &[String],
    options: &Value,
) -> Result<Vec<String>, String> {
    let mut all = vec![driver.disabled().unwrap_or_default()];
    for does in [Does::Answers, Does::Status(401), Does::Status(500), Does::Resets, Does::Garbage] {
        server.does(does);
        for uri in uris {
            let Ok(parsed) = SubscriberUri::parse(uri) else { continue };
            let letter = Letter::of(&parsed).options(options.clone());
            all.extend(texts_of(&letter, &bench.run(letter.outcomes(&**driver))?));
            match bench.run(letter.render(&**driver))? {
                Ok(shown) => all.push(format!("the dry run: {shown}")),
                Err(refusal) => all.push(format!("the dry run is refused: {refusal}")),
            }
        }
    }
    Ok(all)
}

fn texts_of(letter: &Letter, outcomes: &Outcomes) -> Vec<String> {
    let reports = letter.notice.recipients.iter().map(|one| outcomes.of(one.index));
    let texts = |report: nuncio_core::Report| {
        [("reason", report.reason), ("excerpt", report.excerpt), ("provider id", report.provider_id)]
    };
    reports.flat_map(texts).map(|(name, text)| format!("the {name}: {text}")).collect()
}

/// `value` with `canary` at each of `pointers` where it has nothing yet and the driver takes it.
fn planted(value: &Value, pointers: &[String], canary: &str, takes: impl Fn(&Value) -> bool) -> Value {
    let mut planted = match value {
        Value::Object(map) => map.clone(),
        _ => Map::new(),
    };
    for path in pointers.iter().filter(|pointer| pointer::all(value, pointer).is_empty()) {
        let mut with = planted.clone();
        put_at(&mut with, path.trim_start_matches('/'), Value::from(canary));
        let with = Value::Object(with);
        if takes(&with)
            && let Value::Object(map) = with
        {
            planted = map;
        }
    }
    Value::Object(planted)
}

/// The texts at `pointers`, those in lists too.
fn texts(value: &Value, pointers: &[String]) -> Vec<String> {
    let found = pointers.iter().flat_map(|pointer| pointer::all(value, pointer));
    let texts = found.flat_map(|one| match one {
        Value::String(text) => vec![text.clone()],
        Value::Array(list) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    });
    texts.filter(|text| text.len() >= SHORTEST).collect()
}
