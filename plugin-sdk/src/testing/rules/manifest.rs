//! What a driver says of itself.

use nuncio_core::Manifest;
use nuncio_plugin_loader::validate;
use serde_json::{Value, json};

use crate::{
    read::secrets,
    testing::{
        bench::Bench,
        finding::{Rule, Verdict},
        made::linked,
        schema::{is_described, leads, properties},
        table::Check,
    },
};

const NAMES: Rule = Rule {
    name: "manifest-names",
    demand: "name, schemes and version can be written in a configuration and in a URI",
    host: "no `[drivers.NAME]` and no URI would reach the driver, or it would refuse to start",
    mend: "lower-case letters, digits and `-` in NAME; RFC 3986 schemes in lower case; a version like 1.2.3",
};
const SCHEMAS: Rule = Rule {
    name: "manifest-schemas",
    demand: "settings and options are described by valid JSON Schema 2020-12, each property with a description",
    host: "`nuncio drivers show` would leave the operator alone with a bare name, and wrong settings would pass",
    mend: "derive `JsonSchema` and write a doc comment over each field",
};
const SECRETS: Rule = Rule {
    name: "manifest-secrets",
    demand: "the secrets that the manifest lists are in the schema, and each `writeOnly` setting is listed",
    host: "it would show the value in `drivers show`, in errors and in logs, since it does not know it as secret",
    mend: "make the field a `Secret`; name secret options in `OPTION_SECRETS` as `/name`",
};
const SAME: Rule = Rule {
    name: "manifest-same",
    demand: "the driver says the same of itself linked and loaded",
    host: "an operator would read other settings and limits than those that hold",
    mend: "make nothing in the manifest depend on the process or on a feature",
};

pub(in crate::testing) const CHECKS: &[Check] =
    &[(NAMES, names), (SCHEMAS, schemas), (SECRETS, listed), (SAME, same)];

fn names(bench: &Bench<'_>) -> Result<Verdict, String> {
    let manifest = &bench.manifest;
    let mut seen = Vec::new();
    if !is_word(&manifest.name, "-") {
        seen.push(format!("the name is `{}`", manifest.name));
    }
    if manifest.schemes.is_empty() {
        seen.push("there is no scheme".to_owned());
    }
    seen.extend(
        manifest.schemes.iter().filter(|one| !is_word(one, "+-.")).map(|one| format!("a scheme is `{one}`")),
    );
    for (at, scheme) in manifest.schemes.iter().enumerate() {
        if manifest.schemes.iter().skip(at + 1).any(|other| other == scheme) {
            seen.push(format!("the scheme `{scheme}` is listed twice"));
        }
    }
    if !is_version(&manifest.version) {
        seen.push(format!("the version is `{}`", manifest.version));
    }
    Ok(Verdict::of(seen))
}

fn is_word(text: &str, more: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || more.contains(c);
    text.starts_with(|c: char| c.is_ascii_lowercase()) && text.chars().all(fits)
}

/// Three numbers, and maybe more behind `-` or `+`.
fn is_version(text: &str) -> bool {
    let numbers = text.split(['-', '+']).next().unwrap_or_default();
    let digits = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
    numbers.split('.').count() == 3 && numbers.split('.').all(digits)
}

fn schemas(bench: &Bench<'_>) -> Result<Verdict, String> {
    let manifest = &bench.manifest;
    let mut seen = Vec::new();
    for (what, schema) in [("settings", &manifest.settings), ("options", &manifest.options)] {
        match schema {
            Value::Null => continue,
            Value::Object(_) => {}
            other => seen.push(format!("the schema of the {what} is `{other}`, not an object")),
        }
        // Whether an empty object is valid is not asked: only whether the schema can be read at all.
        let unreadable =
            validate(&json!({}), schema, &[]).err().filter(|_| validate(&json!(null), schema, &[]).is_err());
        if let Some(error) = unreadable.filter(|error| error.0.iter().any(|one| one.why.contains("schema"))) {
            seen.push(format!("the schema of the {what}: {error}"));
        }
        let bare = properties(schema).filter(|(_, property)| !is_described(schema, property));
        seen.extend(bare.map(|(name, _)| format!("`{name}` of the {what} has no description")));
    }
    Ok(Verdict::of(seen))
}

fn listed(bench: &Bench<'_>) -> Result<Verdict, String> {
    let manifest = &bench.manifest;
    let mut seen = Vec::new();
    for (what, schema, pointers) in [
        ("settings", &manifest.settings, &manifest.secrets),
        ("options", &manifest.options, &manifest.option_secrets),
    ] {
        let astray = pointers.iter().filter(|pointer| !leads(schema, pointer));
        seen.extend(astray.map(|pointer| format!("`{pointer}` is no property of the {what}")));
        let open = secrets(schema).into_iter().filter(|pointer| !pointers.contains(pointer));
        seen.extend(
            open.map(|pointer| format!("`{pointer}` of the {what} is `writeOnly` and not listed as secret")),
        );
    }
    Ok(Verdict::of(seen))
}

fn same(bench: &Bench<'_>) -> Result<Verdict, String> {
    if bench.linked().is_some() {
        return Ok(Verdict::skipped("the driver is looked at as it is linked"));
    }
    let Some(linked) = linked(&bench.kit.name) else {
        return Ok(Verdict::skipped("the driver is not linked into this test"));
    };
    differences(&(linked.manifest)(), &bench.manifest).map(Verdict::of)
}

/// The members in which a driver says another thing of itself when it is loaded.
fn differences(linked: &Manifest, loaded: &Manifest) -> Result<Vec<String>, String> {
    let [linked, loaded] = [linked, loaded].map(serde_json::to_value);
    let (linked, loaded) = (linked.map_err(|e| e.to_string())?, loaded.map_err(|e| e.to_string())?);
    let members = linked.as_object().into_iter().flatten();
    let other = members.filter(|(name, value)| loaded.get(name) != Some(value));
    let told = other.map(|(name, value)| {
        format!("`{name}` is {value} linked and {} loaded", loaded.get(name).unwrap_or(&Value::Null))
    });
    Ok(told.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_that_changes_with_the_packaging_is_told_by_its_members() {
        let linked = Manifest::new("acme", "1.2.3", &["acme"]);
        let mut loaded = linked.clone();
        assert_eq!(differences(&linked, &loaded), Ok(Vec::new()));
        loaded.version = "1.2.4".to_owned();
        let told = differences(&linked, &loaded).unwrap();
        assert_eq!(told, ["`version` is \"1.2.3\" linked and \"1.2.4\" loaded"]);
    }

    #[test]
    fn versions_and_names_are_told_from_other_text() {
        assert!(
            is_version("1.2.3") && is_version("0.1.0-rc.1+5") && !is_version("1.2") && !is_version("1..3")
        );
        assert!(is_word("acme-sms", "-") && !is_word("acme.sms", "-") && !is_word("-acme", "-"));
    }
}
