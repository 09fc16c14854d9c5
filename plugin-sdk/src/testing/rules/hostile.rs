//! What a driver makes of URIs and options that are wrong.

use nuncio_core::{Options, Refusal};
use serde_json::{Map, Value, json};

use super::{
    reports::{panicked, wrong},
    settings::put_at,
};
use crate::testing::{
    bench::{Bench, Made},
    finding::{Rule, Verdict},
    garbage,
    kit::placed,
    schema::{properties, wrong_value},
    server::Does,
    table::Check,
};

const REFUSED: Rule = Rule {
    name: "uri-refused",
    demand: "a URI that can never work is refused when somebody subscribes, with the place and the fix",
    host: "it would store a subscription of which every message becomes a dead letter",
    mend: "refuse it in `check`: `Refusal::new(\"path\", \"no topic\").fix(\"write ntfy://HOST/TOPIC\")`",
};
const FUZZ: Rule = Rule {
    name: "uri-fuzz",
    demand: "any text after the scheme is accepted or refused with its place; an accepted one has a canonical form that \
             is accepted as well",
    host: "a stranger could make it panic with a URI, or store what it cannot read again",
    mend: "read the URI without unwrap, index or slice, and refuse the rest by name",
};
const OPTIONS: Rule = Rule {
    name: "options-garbage",
    demand: "no options make the driver panic, and one of a wrong type is refused with its pointer",
    host: "a subscription could make it panic; or somebody's option would be dropped without a word",
    mend: "read options with `read_options` in `check`, and again in `deliver`",
};
const SILENT: Rule = Rule {
    name: "options-silent",
    demand: "a refusal of options never repeats the value of a secret",
    host: "the secret would stand in the answer to the client and in its log",
    mend: "name the secrets in `OPTION_SECRETS` and to `read_options`",
};

pub(in crate::testing) const CHECKS: &[Check] =
    &[(REFUSED, refused), (FUZZ, fuzz), (OPTIONS, options), (SILENT, silent)];

const URIS: u32 = 128;
const CASES: u32 = 64;

fn refused(bench: &Bench<'_>) -> Result<Verdict, String> {
    if bench.kit.refused.is_empty() {
        return Ok(Verdict::skipped("the kit was told no URI to be refused: say `.refuses(\"scheme:...\")`"));
    }
    let server = bench.far_side(Does::Answers);
    let driver = bench.driver(server.address())?;
    let mut seen = Vec::new();
    for uri in &bench.kit.refused {
        let uri = placed(uri, &server.address().to_string());
        match bench.check(&*driver, &uri, &Options::default())? {
            Ok(_) => seen.push(format!("`{uri}` is accepted")),
            Err(refusal) => seen.extend(vague(&uri, &refusal).or_else(|| {
                refusal.fix.is_empty().then(|| format!("`{uri}` is refused without a fix: {refusal}"))
            })),
        }
    }
    Ok(Verdict::of(seen))
}

fn vague(uri: &str, refusal: &Refusal) -> Option<String> {
    let vague = refusal.at.is_empty() || refusal.why.is_empty();
    vague.then(|| format!("`{uri}` is refused without its place or reason: {refusal:?}"))
}

fn fuzz(bench: &Bench<'_>) -> Result<Verdict, String> {
    let server = bench.far_side(Does::Answers);
    let driver = bench.driver(server.address())?;
    let mut uris = bench.uris(&server.address().to_string());
    uris.extend(bench.kit.refused.iter().map(|uri| placed(uri, "example.org")));
    let strange = garbage::uri(uris, bench.manifest.schemes.clone());
    let found = garbage::hunt(
        URIS,
        strange,
        |uri| format!("{uri:?}"),
        |uri| {
            // The host asks each driver for its own schemes alone.
            let scheme = uri.split(':').next().unwrap_or_default().to_ascii_lowercase();
            if !bench.manifest.schemes.contains(&scheme) {
                return Ok(());
            }
            match bench.check(&*driver, uri, &Options::default())? {
                Err(refusal) => panicked(&refusal).or_else(|| vague(uri, &refusal)).map_or(Ok(()), Err),
                Ok(checked) => {
                    let again = bench.check(&*driver, &checked.canonical, &Options::default())?;
                    let same = again.as_ref().is_ok_and(|again| again.canonical == checked.canonical);
                    if same {
                        Ok(())
                    } else {
                        Err(format!("its canonical form `{}` is not one", checked.canonical))
                    }
                }
            }
        },
    );
    Ok(Verdict::of(found))
}

fn options(bench: &Bench<'_>) -> Result<Verdict, String> {
    let schema = &bench.manifest.options;
    let server = bench.far_side(Does::Answers);
    let driver = bench.driver(server.address())?;
    let uri = bench.uris(&server.address().to_string()).swap_remove(0);
    let mut seen = Vec::new();
    for (name, property) in properties(schema) {
        let Some(wrong) = wrong_value(schema, property) else { continue };
        let mut options = bench.kit.options.clone();
        options.insert(name.clone(), wrong.clone());
        let at = format!("/options/{name}");
        match bench.check(&*driver, &uri, &Options(options))? {
            Ok(_) => seen.push(format!("`{at}` was taken as {wrong}")),
            Err(refusal) if refusal.at.starts_with(&at) => {}
            Err(refusal) => seen.push(format!("`{at}` as {wrong} was refused at another place: {refusal}")),
        }
    }
    let mut names: Vec<_> = properties(schema).map(|(name, _)| name.clone()).collect();
    names.extend(["subject", "template", "account", "nuncio_kit_stray"].map(str::to_owned));
    let strange = garbage::object(Map::new(), names);
    let shown = |options: &Map<String, Value>| format!("options {}", Value::Object(options.clone()));
    let found =
        garbage::hunt(CASES, strange, shown, |options| strange_options(bench, &driver, &uri, options));
    Ok(Verdict::of(seen.into_iter().chain(found)))
}

fn strange_options(
    bench: &Bench<'_>,
    driver: &Made,
    uri: &str,
    options: &Map<String, Value>,
) -> Result<(), String> {
    let checked = bench.check(&**driver, uri, &Options(options.clone()))?;
    if let Some(panic) = checked.err().as_ref().and_then(panicked) {
        return Err(panic);
    }
    // What was stored by an older version may be wrong by now: it is delivered all the same.
    let stored = Value::Object(bench.kit.options.clone());
    let letter = bench.letter_to(&**driver, uri, stored)?.options(Value::Object(options.clone()));
    let outcomes = bench.run(letter.outcomes(&**driver))?;
    wrong(&letter, &outcomes).map_or(Ok(()), Err)
}

fn silent(bench: &Bench<'_>) -> Result<Verdict, String> {
    let secrets: Vec<_> =
        bench.manifest.option_secrets.iter().filter_map(|one| one.strip_prefix('/')).collect();
    if secrets.is_empty() {
        return Ok(Verdict::skipped("the manifest lists no secret options"));
    }
    let server = bench.far_side(Does::Answers);
    let driver = bench.driver(server.address())?;
    let uri = bench.uris(&server.address().to_string()).swap_remove(0);
    let mut seen = Vec::new();
    for path in secrets {
        for value in
            [json!(918_273_645), json!(["918273645"]), json!({"a": "918273645"}), json!("918273645\n\0")]
        {
            let mut options = bench.kit.options.clone();
            put_at(&mut options, path, value);
            if let Err(refusal) = bench.check(&*driver, &uri, &Options(options))?
                && refusal.to_string().contains("918273645")
            {
                seen.push(format!("the value of `/options/{path}` stands in: {refusal}"));
            }
        }
    }
    Ok(Verdict::of(seen))
}
