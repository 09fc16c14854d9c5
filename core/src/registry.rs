//! The registry: a table of drivers with one `add`, whatever their origin.

use std::{collections::BTreeMap, sync::Arc};

use crate::{Dispatcher, Driver, Entry, Linked, Manifest, Origin, Refused};

/// Why a driver cannot be registered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// Two drivers have one name.
    #[error("two drivers are called `{name}` ({first} and {second}): remove one of them")]
    Name {
        /// The name.
        name: String,
        /// Origin of the one that was there.
        first: String,
        /// Origin of the one that came.
        second: String,
    },
    /// Two drivers claim one scheme.
    #[error(
        "the scheme `{scheme}` is claimed by `{first}` ({first_origin}) and by `{second}` ({second_origin}): choose one \
         with {scheme} = \"{first}\" under [schemes], or remove one of the two"
    )]
    Scheme {
        /// The scheme.
        scheme: String,
        /// The driver that had it.
        first: String,
        /// Its origin.
        first_origin: String,
        /// The driver that claims it too.
        second: String,
        /// Its origin.
        second_origin: String,
    },
    /// What was chosen for a scheme does not serve it.
    #[error("`{chosen}` serves no scheme `{scheme}`: {}", could(.claimants))]
    Choice {
        /// The scheme.
        scheme: String,
        /// The driver that was chosen for it.
        chosen: String,
        /// The drivers that could serve it.
        claimants: Vec<String>,
    },
}

fn could(claimants: &[String]) -> String {
    match claimants {
        [] => "no driver here does; remove the line".to_owned(),
        some => format!("it could be {}", some.join(", ")),
    }
}

/// The drivers of a host while it is put together.
#[derive(Default)]
pub struct Registry {
    entries: Vec<Entry>,
    refused: Vec<Refused>,
    choices: BTreeMap<String, String>,
    /// Who claims a scheme for which there is a choice, the one who lost it too.
    claims: BTreeMap<String, Vec<String>>,
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.entries.iter().map(|entry| &entry.manifest.name)).finish()
    }
}

impl Registry {
    /// A registry in which the schemes of `choices` are served by the drivers named there: others that claim one
    /// are listed without it.
    #[must_use]
    pub fn with_choices(choices: BTreeMap<String, String>) -> Self {
        Self { choices, ..Self::default() }
    }

    /// Whether a driver that says `manifest` of itself could be added: asked before it is made.
    ///
    /// # Errors
    /// When its name or one of its schemes is taken; the error names both.
    pub fn admits(&self, manifest: &Manifest, origin: &Origin) -> Result<(), RegistryError> {
        for other in &self.entries {
            if other.manifest.name == manifest.name {
                let (first, second) = (other.origin.to_string(), origin.to_string());
                return Err(RegistryError::Name { name: manifest.name.clone(), first, second });
            }
            let shared = |scheme: &&String| other.manifest.schemes.contains(scheme);
            if let Some(scheme) = manifest.schemes.iter().filter(|one| self.has(manifest, one)).find(shared) {
                return Err(RegistryError::Scheme {
                    scheme: scheme.clone(),
                    first: other.manifest.name.clone(),
                    first_origin: other.origin.to_string(),
                    second: manifest.name.clone(),
                    second_origin: origin.to_string(),
                });
            }
        }
        Ok(())
    }

    /// Adds one driver, without the schemes that were given to another one.
    ///
    /// # Errors
    /// As [`admits`](Self::admits).
    pub fn add(
        &mut self,
        mut manifest: Manifest,
        origin: Origin,
        driver: Arc<dyn Driver>,
    ) -> Result<(), RegistryError> {
        self.admits(&manifest, &origin)?;
        for scheme in manifest.schemes.iter().filter(|one| self.choices.contains_key(*one)) {
            self.claims.entry(scheme.clone()).or_default().push(manifest.name.clone());
        }
        let mut schemes = std::mem::take(&mut manifest.schemes);
        schemes.retain(|scheme| self.has(&manifest, scheme));
        manifest.schemes = schemes;
        self.entries.push(Entry { manifest: Arc::new(manifest), origin, driver });
        self.entries.sort_by(|a, b| a.manifest.name.cmp(&b.manifest.name));
        Ok(())
    }

    /// Notes a driver that the host runs without.
    pub fn refuse(&mut self, refused: Refused) {
        self.refused.push(refused);
    }

    /// The choices that name a driver which does not claim the scheme.
    #[must_use]
    pub fn vain_choices(&self) -> Vec<RegistryError> {
        let claimants = |scheme: &String| self.claims.get(scheme).cloned().unwrap_or_default();
        self.choices
            .iter()
            .map(|(scheme, chosen)| (scheme, chosen, claimants(scheme)))
            .filter(|(_, chosen, claimants)| !claimants.contains(chosen))
            .map(|(scheme, chosen, claimants)| RegistryError::Choice {
                scheme: scheme.clone(),
                chosen: chosen.clone(),
                claimants,
            })
            .collect()
    }

    /// The names of the drivers so far, sorted.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        self.entries.iter().map(|entry| entry.manifest.name.as_str()).collect()
    }

    /// The finished table.
    #[must_use]
    pub fn into_dispatcher(self) -> Dispatcher {
        Dispatcher::new(self.entries, self.refused)
    }

    fn has(&self, manifest: &Manifest, scheme: &str) -> bool {
        self.choices.get(scheme).is_none_or(|chosen| *chosen == manifest.name)
    }
}

/// The manifests of the linked drivers, sorted by name: `inventory` promises no order.
#[must_use]
pub fn linked_manifests() -> Vec<(Manifest, &'static Linked)> {
    let mut all: Vec<_> = inventory::iter::<Linked>().map(|linked| ((linked.manifest)(), linked)).collect();
    all.sort_by(|(a, _), (b, _)| a.name.cmp(&b.name));
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Notice, Outcome, Outcomes};

    struct Silent;

    #[async_trait::async_trait]
    impl Driver for Silent {
        async fn deliver(&self, _: &Notice<'_>) -> Outcomes {
            Outcome::Delivered.into()
        }
    }

    fn add(registry: &mut Registry, name: &str, schemes: &[&str], origin: Origin) -> Result<(), String> {
        let added = registry.add(Manifest::new(name, "1", schemes), origin, Arc::new(Silent));
        added.map_err(|error| error.to_string())
    }

    fn chosen(scheme: &str, name: &str) -> Registry {
        Registry::with_choices(BTreeMap::from([(scheme.to_owned(), name.to_owned())]))
    }

    #[test]
    fn a_second_claimant_is_refused_naming_both_with_their_origins() {
        let mut registry = Registry::default();
        add(&mut registry, "a", &["x"], Origin::Linked).unwrap();
        let origin = Origin::Library { path: "/lib/b.so".into(), abi: (1, 0) };
        let error = add(&mut registry, "b", &["y", "x"], origin).unwrap_err();
        assert!(
            error.contains("`x`")
                && error.contains("`a` (linked)")
                && error.contains("`b` (library /lib/b.so)"),
            "{error}"
        );
        assert!(error.contains("x = \"a\" under [schemes]"), "{error}");
        let error = add(&mut registry, "a", &["z"], Origin::Host).unwrap_err();
        assert!(error.contains("called `a` (linked and host)"), "{error}");
        assert_eq!(registry.into_dispatcher().schemes(), ["x"]);
    }

    #[test]
    fn a_choice_decides_and_the_loser_stays_listed_without_the_scheme() {
        for order in [["old", "new"], ["new", "old"]] {
            let mut registry = chosen("x", "new");
            for name in order {
                add(&mut registry, name, &["x"], Origin::Host).unwrap();
            }
            assert_eq!(registry.vain_choices(), []);
            let dispatcher = registry.into_dispatcher();
            assert_eq!(dispatcher.by_scheme("x").unwrap().manifest.name, "new");
            assert!(dispatcher.by_name("old").unwrap().manifest.schemes.is_empty());
        }
    }

    #[test]
    fn a_choice_that_names_nobody_says_who_could() {
        let mut registry = chosen("x", "nobody");
        for name in ["a", "b"] {
            add(&mut registry, name, &["x"], Origin::Host).unwrap();
        }
        let error = registry.vain_choices()[0].to_string();
        assert_eq!(error, "`nobody` serves no scheme `x`: it could be a, b");
        assert!(chosen("q", "a").vain_choices()[0].to_string().contains("no driver here does"));
    }

    #[test]
    fn drivers_are_listed_by_name() {
        let mut registry = Registry::default();
        for name in ["m", "z", "a"] {
            add(&mut registry, name, &[name], Origin::Linked).unwrap();
        }
        assert_eq!(registry.names(), ["a", "m", "z"]);
        let dispatcher = registry.into_dispatcher();
        assert_eq!(dispatcher.schemes(), ["a", "m", "z"]);
        assert!(dispatcher.by_scheme("q").is_none() && dispatcher.by_name("m").is_some());
    }
}
