//! Sections `[drivers.NAME]` and `[schemes]` against the drivers that are there, and what drivers refuse as problems
//! with their places.

use nuncio_core::{Refusal, Registry, SettingsError, closest, registry::RegistryError};

use crate::config::{Config, Problem};

/// Why a section or a rate is for nobody.
const NOBODY: &str = "no driver of this name is in this host";

/// The sections and rates that belong to none of the drivers `known`.
pub(super) fn unknown(config: &Config, known: &[&str]) -> Vec<Problem> {
    let strange = |name: &&String| !known.contains(&name.as_str());
    let sections = config
        .drivers
        .keys()
        .filter(strange)
        .map(|name| section(config, name, NOBODY).fix(meant(name, known, "section")));
    let rates = config.rates.iter().filter(|(name, _)| strange(name)).map(|(name, rate)| {
        Problem::new(rate.place.clone(), &format!("rates.{name}"), NOBODY).fix(meant(name, known, "rate"))
    });
    sections.chain(rates).collect()
}

/// What to do about a `what` for `name`.
fn meant(name: &str, known: &[&str], what: &str) -> String {
    match closest(name, known.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!(
            "it has {}: remove the {what}, add the driver under [[libraries]] or [[exec]], or build the host with it",
            known.join(", ")
        ),
    }
}

/// A problem of the section of `driver` as a whole.
fn section(config: &Config, driver: &str, why: impl Into<String>) -> Problem {
    let place = config.settings.at(driver, "").map(|setting| setting.place.clone()).unwrap_or_default();
    Problem { key: format!("[drivers.{driver}]"), ..Problem::new(place, "", why) }
}

/// The choices under `[schemes]` that name nobody: the name, and the problem.
pub(super) fn vain_choices(config: &Config, registry: &Registry) -> Vec<(String, Problem)> {
    let placed = |error: RegistryError| {
        let why = error.to_string();
        let RegistryError::Choice { scheme, chosen, .. } = error else { return None };
        let place = config.schemes.get(&scheme).map(|choice| choice.place.clone());
        Some((chosen, Problem::new(place.unwrap_or_default(), &format!("schemes.{scheme}"), why)))
    };
    registry.vain_choices().into_iter().filter_map(placed).collect()
}

/// What `driver` refuses of its settings, each with its place.
pub(super) fn refused(config: &Config, driver: &str, error: &SettingsError) -> Vec<Problem> {
    let problem = |refusal: &Refusal| {
        let pointer = refusal.at.strip_prefix(&format!("/drivers/{driver}")).unwrap_or(&refusal.at);
        let key = pointer.trim_matches('/').replace('/', ".");
        if key.is_empty() {
            return section(config, driver, &refusal.why).fix(&refusal.fix);
        }
        let setting = config.settings.at(driver, pointer);
        let place = setting.map(|setting| setting.place.clone()).unwrap_or_default();
        Problem::new(place, &format!("drivers.{driver}.{key}"), &refusal.why).fix(&refusal.fix)
    };
    error.0.iter().map(problem).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ConfigError;

    fn load(text: &str) -> Config {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("n.toml");
        std::fs::write(&file, text).unwrap();
        Config::load(Some(&file), std::iter::empty()).unwrap()
    }

    #[test]
    fn a_section_of_no_driver_is_named_with_its_place() {
        let config = load("[drivers.pigeon]\nloft = 1\n[drivers.mialto]\na = 1\n[drivers.log]");
        let told = ConfigError(unknown(&config, &["log", "mailto"])).to_string();
        let lines: Vec<_> = told.lines().collect();
        assert!(lines[0].contains("n.toml:3:10: [drivers.mialto]: no driver"), "{told}");
        assert!(lines[0].contains("did you mean `mailto`?"), "{told}");
        assert!(lines[1].contains("n.toml:1:10: [drivers.pigeon]: no driver of this name"), "{told}");
        assert!(lines[1].contains("it has log, mailto: remove") && lines.len() == 2, "{told}");
    }

    #[test]
    fn a_rate_of_no_driver_is_named_with_its_place() {
        let told = ConfigError(unknown(&load("[rates]\nhtpp = \"1/s\""), &["http"])).to_string();
        assert!(told.contains("n.toml:2:8: [rates] htpp: no driver of this name"), "{told}");
        assert!(told.contains("did you mean `http`?"), "{told}");
    }

    #[test]
    fn what_a_driver_refuses_has_its_place() {
        let config = load("[drivers.acme]\nurl = 7\n");
        let error = SettingsError(vec![
            Refusal::new("/url", "not a URL").fix("write one"),
            Refusal::new("", "no account"),
            Refusal::new("/drivers/acme/url/x", "deep"),
        ]);
        let told: Vec<_> = refused(&config, "acme", &error).iter().map(ToString::to_string).collect();
        assert!(told[0].ends_with("n.toml:2:7: [drivers.acme] url: not a URL; write one"), "{told:?}");
        assert!(told[1].ends_with("n.toml:1:10: [drivers.acme]: no account"), "{told:?}");
        assert!(told[2].contains("n.toml:2:7: [drivers.acme.url] x: deep"), "{told:?}");
    }
}
