//! The registry: a table of drivers with one `add`, whatever their origin.

use std::sync::Arc;

use serde_json::Value;

use crate::{Context, Dispatcher, Driver, Entry, Linked, Manifest, Origin, SettingsError};

/// Why a driver cannot be registered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// Two drivers have one name.
    #[error(
        "two drivers are called `{name}` ({first} and {second}): remove one of them from the import list"
    )]
    Name {
        /// The name.
        name: String,
        /// Origin of the one that was there.
        first: Origin,
        /// Origin of the one that came.
        second: Origin,
    },
    /// Two drivers claim one scheme.
    #[error(
        "the scheme `{scheme}` is claimed by `{first}` ({first_origin}) and by `{second}` ({second_origin}): \
         remove one of the two drivers"
    )]
    Scheme {
        /// The scheme.
        scheme: String,
        /// The driver that had it.
        first: String,
        /// Its origin.
        first_origin: Origin,
        /// The driver that claims it too.
        second: String,
        /// Its origin.
        second_origin: Origin,
    },
    /// A driver refuses its settings.
    #[error("[drivers.{driver}] {error}")]
    Settings {
        /// The driver.
        driver: String,
        /// What it refuses.
        error: SettingsError,
    },
}

/// The drivers of a host while it is put together.
#[derive(Default)]
pub struct Registry {
    entries: Vec<Entry>,
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.entries.iter().map(|entry| &entry.manifest.name)).finish()
    }
}

impl Registry {
    /// Makes every linked driver with its settings, in the order of their names.
    ///
    /// `inventory` promises no order, so they are sorted first.
    ///
    /// # Errors
    /// The first conflict, or the first driver that refuses its settings.
    pub fn linked(mut settings: impl FnMut(&str) -> Value, context: &Context) -> Result<Self, RegistryError> {
        let mut registry = Self::default();
        for (manifest, linked) in linked_manifests() {
            let driver = (linked.create)(settings(&manifest.name), context)
                .map_err(|error| RegistryError::Settings { driver: manifest.name.clone(), error })?;
            registry.add(manifest, Origin::Linked, driver)?;
        }
        Ok(registry)
    }

    /// Adds one driver.
    ///
    /// # Errors
    /// When its name or one of its schemes is taken; the error names both.
    pub fn add(
        &mut self,
        manifest: Manifest,
        origin: Origin,
        driver: Arc<dyn Driver>,
    ) -> Result<(), RegistryError> {
        for other in &self.entries {
            if other.manifest.name == manifest.name {
                let (first, second) = (other.origin.clone(), origin);
                return Err(RegistryError::Name { name: manifest.name, first, second });
            }
            if let Some(scheme) = manifest.schemes.iter().find(|one| other.manifest.schemes.contains(one)) {
                return Err(RegistryError::Scheme {
                    scheme: scheme.clone(),
                    first: other.manifest.name.clone(),
                    first_origin: other.origin.clone(),
                    second: manifest.name,
                    second_origin: origin,
                });
            }
        }
        self.entries.push(Entry { manifest: Arc::new(manifest), origin, driver });
        self.entries.sort_by(|a, b| a.manifest.name.cmp(&b.manifest.name));
        Ok(())
    }

    /// The finished table.
    #[must_use]
    pub fn into_dispatcher(self) -> Dispatcher {
        Dispatcher::new(self.entries)
    }
}

/// The manifests of the linked drivers, sorted by name.
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

    fn manifest(name: &str, scheme: &str) -> Manifest {
        serde_json::from_value(serde_json::json!({"name": name, "version": "1", "schemes": [scheme]}))
            .unwrap()
    }

    #[test]
    fn a_second_claimant_is_refused_naming_both() {
        let mut registry = Registry::default();
        registry.add(manifest("a", "x"), Origin::Linked, Arc::new(Silent)).unwrap();
        let error = registry.add(manifest("b", "x"), Origin::Host, Arc::new(Silent)).unwrap_err().to_string();
        assert!(
            error.contains("`x`") && error.contains("`a` (linked)") && error.contains("`b` (host)"),
            "{error}"
        );
        let error = registry.add(manifest("a", "y"), Origin::Host, Arc::new(Silent)).unwrap_err().to_string();
        assert!(error.contains("called `a`"), "{error}");
    }

    #[test]
    fn drivers_are_listed_by_name() {
        let mut registry = Registry::default();
        for name in ["m", "z", "a"] {
            registry.add(manifest(name, name), Origin::Linked, Arc::new(Silent)).unwrap();
        }
        let dispatcher = registry.into_dispatcher();
        assert_eq!(dispatcher.schemes(), ["a", "m", "z"]);
        assert!(dispatcher.by_scheme("q").is_none() && dispatcher.by_name("m").is_some());
    }
}
