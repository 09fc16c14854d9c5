//! How a driver takes its settings, and how it refuses them.

use nuncio_core::SettingsError;
use serde_json::{Map, Value, json};

use super::reports::panicked;
use crate::testing::{
    bench::{Bench, LOOPBACK, Made},
    finding::{Rule, Verdict},
    garbage::{hunt, object},
    schema::{properties, wrong_value},
    table::Check,
};

const ACCEPTED: Rule = Rule {
    name: "settings-accepted",
    demand: "the driver can be made with the kit's settings, and says that it can deliver",
    host: "it would not start, or hold every delivery",
    mend: "tell the kit settings that work: `.settings(json!({..}))`, or `.server(|address| json!({..}))`",
};
const UNKNOWN: Rule = Rule {
    name: "settings-unknown",
    demand: "a key that the driver does not know is refused, with its pointer",
    host: "a misspelt key would be ignored without a word, and the operator would wonder",
    mend: "put `#[serde(deny_unknown_fields)]` over the settings",
};
const TYPE: Rule = Rule {
    name: "settings-type",
    demand: "a value of a wrong type is refused, with its pointer",
    host: "the operator would not learn which line of the configuration is wrong",
    mend: "give each setting the type that it needs; refuse in `new` with `Refusal::new(\"/name\", why)`",
};
const GARBAGE: Rule = Rule {
    name: "settings-garbage",
    demand: "no settings make the constructor panic",
    host: "it would end at start with a backtrace instead of the line that is wrong",
    mend: "return a `SettingsError` wherever the settings can be wrong: no unwrap, no index, no slice",
};
const SILENT: Rule = Rule {
    name: "settings-silent",
    demand: "an error in the settings never repeats the value of a secret",
    host: "the secret would stand in the terminal and in the log of the service",
    mend: "make secrets `Secret`, and keep values out of refusals",
};

pub(in crate::testing) const CHECKS: &[Check] =
    &[(ACCEPTED, accepted), (UNKNOWN, unknown), (TYPE, types), (GARBAGE, garbage), (SILENT, silent)];

const CASES: u32 = 64;
const STRAY: &str = "nuncio_kit_stray";

/// What comes of `settings`: a panic is an error, and so is one that a library's host tells as a refusal.
fn put(bench: &Bench<'_>, settings: Map<String, Value>) -> Result<Result<Made, SettingsError>, String> {
    let made = bench.make(Value::Object(settings), LOOPBACK)?;
    match made.as_ref().err().and_then(|error| error.0.iter().find_map(panicked)) {
        Some(panic) => Err(panic),
        None => Ok(made),
    }
}

fn accepted(bench: &Bench<'_>) -> Result<Verdict, String> {
    match put(bench, bench.plain_settings())? {
        Err(error) => Err(format!("they are refused: {error}")),
        Ok(driver) => {
            let (_, reason) = bench.run(async { ((), driver.disabled()) })?;
            Ok(Verdict::of(reason.map(|reason| format!("`disabled` says: {reason}"))))
        }
    }
}

fn unknown(bench: &Bench<'_>) -> Result<Verdict, String> {
    let mut settings = bench.plain_settings();
    settings.insert(STRAY.to_owned(), json!(1));
    Ok(Verdict::of(match put(bench, settings)? {
        Ok(_) => Some(format!("the key `{STRAY}` was taken")),
        Err(error) if error.0.iter().any(|one| one.at == format!("/{STRAY}")) => None,
        Err(error) => Some(format!("the key `{STRAY}` was refused without its pointer: {error}")),
    }))
}

fn types(bench: &Bench<'_>) -> Result<Verdict, String> {
    let schema = &bench.manifest.settings;
    if properties(schema).next().is_none() {
        return Ok(Verdict::skipped("the driver has no settings"));
    }
    let mut seen = Vec::new();
    for (name, property) in properties(schema) {
        let Some(wrong) = wrong_value(schema, property) else { continue };
        let mut settings = bench.plain_settings();
        settings.insert(name.clone(), wrong.clone());
        let at = format!("/{name}");
        match put(bench, settings)? {
            Ok(_) => seen.push(format!("`{at}` was taken as {wrong}")),
            Err(error) if error.0.iter().any(|one| one.at.starts_with(&at)) => {}
            Err(error) => seen.push(format!("`{at}` as {wrong} was refused without its pointer: {error}")),
        }
    }
    Ok(Verdict::of(seen))
}

fn garbage(bench: &Bench<'_>) -> Result<Verdict, String> {
    let names = properties(&bench.manifest.settings).map(|(name, _)| name.clone()).collect();
    let settings = object(bench.plain_settings(), names);
    let shown = |settings: &Map<String, Value>| format!("settings {}", Value::Object(settings.clone()));
    let found = hunt(CASES, settings, shown, |settings| put(bench, settings.clone()).map(|_| ()));
    Ok(Verdict::of(found))
}

fn silent(bench: &Bench<'_>) -> Result<Verdict, String> {
    let secrets: Vec<_> = bench.manifest.secrets.iter().filter_map(|one| one.strip_prefix('/')).collect();
    if secrets.is_empty() {
        return Ok(Verdict::skipped("the manifest lists no secret settings"));
    }
    let mut seen = Vec::new();
    for path in secrets {
        for value in
            [json!(918_273_645), json!(["918273645"]), json!({"evn": "918273645"}), json!("918273645\n\0")]
        {
            let mut settings = bench.plain_settings();
            put_at(&mut settings, path, value);
            settings.insert(STRAY.to_owned(), json!(1));
            if let Err(error) = put(bench, settings)?
                && error.to_string().contains("918273645")
            {
                seen.push(format!("the value of `/{path}` stands in: {error}"));
            }
        }
    }
    Ok(Verdict::of(seen))
}

/// Puts `value` at `path` (`proxy/password`), making objects on the way. `*` is every member that there is.
pub(super) fn put_at(settings: &mut Map<String, Value>, path: &str, value: Value) {
    match path.split_once('/') {
        None => {
            settings.insert(path.to_owned(), value);
        }
        Some(("*", rest)) => {
            for member in settings.values_mut().filter_map(Value::as_object_mut) {
                put_at(member, rest, value.clone());
            }
        }
        Some((head, rest)) => {
            let inner = settings.entry(head).or_insert_with(|| json!({}));
            if let Value::Object(inner) = inner {
                put_at(inner, rest, value);
            }
        }
    }
}
