//! Manifests: JSON that a stranger wrote, read with limits.

use nuncio_core::{Manifest, Refusal};

/// The longest manifest, in bytes: 1 MiB.
pub(super) const MOST_BYTES: usize = 1 << 20;
/// The longest name, scheme or version, in bytes.
const LONGEST_WORD: usize = 64;
/// The most schemes of one driver.
const MOST_SCHEMES: usize = 64;
/// The most notices of one batch.
const MOST_BATCH: u32 = 4096;
/// What a driver may answer beside deliveries.
const METHODS: [&str; 4] = ["check", "disabled", "render", "receive"];

/// Reads a manifest.
///
/// # Errors
/// The first thing that is wrong with it, and what to do.
pub(super) fn read(bytes: &[u8]) -> Result<Manifest, String> {
    let text =
        std::str::from_utf8(bytes).map_err(|error| format!("is not UTF-8 ({error}); write it as UTF-8"))?;
    let manifest: Manifest = serde_json::from_str(text).map_err(|error| {
        format!("cannot be read: {error}; see `The manifest` in docs/writing-a-driver.md")
    })?;
    sound(&manifest)?;
    Ok(manifest)
}

/// Whether the host can work with `manifest`.
///
/// # Errors
/// The first thing that is wrong with it, and what to do.
pub(crate) fn sound(manifest: &Manifest) -> Result<(), String> {
    let Manifest { name, version, schemes, limits, .. } = manifest;
    word("name", name, "-_")?;
    if version.is_empty() || version.len() > LONGEST_WORD {
        return Err(format!("`version` has {} bytes; give it 1 to {LONGEST_WORD}", version.len()));
    }
    if schemes.is_empty() || schemes.len() > MOST_SCHEMES {
        return Err(format!("`schemes` lists {}; list 1 to {MOST_SCHEMES}", schemes.len()));
    }
    for (at, scheme) in schemes.iter().enumerate() {
        // RFC 3986 section 3.1: ALPHA *( ALPHA / DIGIT / "+" / "-" / "." )
        word("schemes", scheme, "+-.")?;
        if schemes.iter().take(at).any(|other| other == scheme) {
            return Err(format!("`schemes` lists `{scheme}` twice; list it once"));
        }
    }
    for (key, value, most) in [
        ("in_flight", limits.in_flight, u32::MAX),
        ("batch", limits.batch, MOST_BATCH),
        ("body_bytes", limits.body_bytes, u32::MAX),
    ] {
        if value == 0 || value > most {
            return Err(format!("`limits.{key}` is {value}; write 1 to {most}"));
        }
    }
    let pointers = manifest.secrets.iter().chain(&manifest.option_secrets);
    if let Some(wrong) = pointers.into_iter().find(|pointer| !pointer.starts_with('/')) {
        return Err(format!("the secret `{wrong}` is no JSON pointer; write `/{wrong}`"));
    }
    Ok(())
}

/// A lower-case letter, then lower-case letters, digits and `others`.
fn word(key: &str, word: &str, others: &str) -> Result<(), String> {
    let plain = word.starts_with(|first: char| first.is_ascii_lowercase())
        && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || others.contains(c));
    if plain && word.len() <= LONGEST_WORD {
        return Ok(());
    }
    let shown: String = word.chars().take(LONGEST_WORD).collect();
    Err(format!(
        "`{key}` has `{}`; use a lower-case letter, then lower-case letters, digits and `{others}`, at most \
         {LONGEST_WORD} bytes",
        shown.escape_debug()
    ))
}

/// What is allowed in a manifest but not wise.
pub(crate) fn remarks(manifest: &Manifest) -> Vec<Refusal> {
    let mut remarks = Vec::new();
    let mut remark = |at: &str, why: String, fix: &str| remarks.push(Refusal::new(at, why).fix(fix));
    if manifest.title.is_empty() {
        remark(
            "/title",
            "there is none, and listings show it".into(),
            "say in one line what the driver does",
        );
    }
    if manifest.license.is_empty() {
        remark("/license", "there is none".into(), "name the licence by its SPDX expression");
    }
    if manifest.settings.is_null() {
        let why = "there is no schema, so that a misspelt setting is found by the driver alone";
        remark(
            "/settings",
            why.into(),
            "give the JSON Schema of the settings, with `additionalProperties: false`",
        );
    } else if manifest.settings.get("additionalProperties").is_none() {
        let why = "the schema allows keys that it does not know, so that a misspelt one is not found";
        remark("/settings", why.into(), "say `additionalProperties: false`");
    }
    if !manifest.has("check") {
        let why = "`check` is not listed, so that any URI of the scheme is accepted when somebody subscribes";
        remark("/methods", why.into(), "answer `check`");
    }
    for method in manifest.methods.iter().filter(|method| !METHODS.contains(&method.as_str())) {
        let why = format!("this host knows no method `{}`", method.escape_debug());
        remark("/methods", why, "leave it out, or use a newer host");
    }
    if manifest.blocking {
        let why = "submit may block, so that each delivery takes a thread";
        remark("/blocking", why.into(), "complete from a thread of the driver's own, if it can");
    }
    remarks
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn refusal(change: impl FnOnce(&mut Value)) -> String {
        let mut manifest = json!({"name": "acme-sms", "version": "1", "schemes": ["acme-sms"]});
        assert!(read(manifest.to_string().as_bytes()).is_ok());
        change(&mut manifest);
        read(manifest.to_string().as_bytes()).unwrap_err()
    }

    #[test]
    fn each_refusal_names_the_key() {
        assert!(refusal(|m| m["name"] = json!("Acme")).contains("`name` has `Acme`"));
        assert!(refusal(|m| m["version"] = json!("")).contains("`version`"));
        assert!(refusal(|m| m["schemes"] = json!([])).contains("`schemes` lists 0"));
        assert!(refusal(|m| m["schemes"] = json!(["sms", "sms"])).contains("`sms` twice"));
        assert!(refusal(|m| m["schemes"] = json!(["SMS"])).contains("lower-case"));
        assert!(refusal(|m| m["schemes"] = json!(["1a"])).contains("`1a`"));
        assert!(refusal(|m| m["limits"] = json!({"batch": 0})).contains("`limits.batch` is 0"));
        assert!(refusal(|m| m["secrets"] = json!(["password"])).contains("`/password`"));
        assert!(refusal(|m| m["schemes"] = json!("sms")).contains("cannot be read"));
    }

    #[test]
    fn what_is_not_text_is_refused_and_what_is_unknown_ignored() {
        assert!(read(b"\xff{}").unwrap_err().contains("UTF-8"));
        assert!(read(br#"{"name":"a","version":"1","schemes":["a"],"later":{}}"#).is_ok());
    }

    #[test]
    fn a_bare_manifest_has_remarks_and_a_full_one_none() {
        let bare = Manifest::new("a", "1", &["a"]);
        let at: Vec<_> = remarks(&bare).into_iter().map(|one| one.at).collect();
        assert_eq!(at, ["/title", "/license", "/settings", "/methods"]);
        let mut full = bare;
        full.title = "A".into();
        full.license = "MIT".into();
        full.settings = json!({"type": "object", "additionalProperties": false});
        full.methods = vec!["check".into()];
        assert_eq!(remarks(&full), []);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(manifest) = read(&bytes) {
                prop_assert!(!manifest.schemes.is_empty());
            }
        }
    }
}
