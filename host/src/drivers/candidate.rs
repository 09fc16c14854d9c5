//! A driver that is about to be made: what it says of itself, and how it is made.

use std::{sync::Arc, time::Duration};

use nuncio_core::{Context, Driver, Linked, Manifest, Origin, Refusal, SettingsError, net::Policy};
use nuncio_plugin_loader::{Library, LoadOptions};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroize as _;

use crate::{config::Place, delivery::caught};

/// How long a driver may take to be made.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a driver was made of. Equal ones need no new instance; the settings cannot be had from it.
pub(super) type Digest = [u8; 32];

/// How a driver is made.
#[derive(Clone)]
pub(super) enum Maker {
    /// By its constructor in this program.
    Linked(&'static Linked),
    /// By its library.
    Library(Library, LoadOptions),
}

/// A driver that is about to be made.
#[derive(Clone)]
pub(super) struct Candidate {
    /// What it says of itself.
    pub(super) manifest: Manifest,
    /// Where it comes from.
    pub(super) origin: Origin,
    /// How it is made.
    pub(super) maker: Maker,
    /// Where the configuration asks for it.
    pub(super) place: Place,
}

impl Candidate {
    /// Makes it, beside whatever this host does: a constructor may read files, or hang.
    ///
    /// # Errors
    /// What it refuses of `settings`; or that it panicked, or took too long.
    pub(super) async fn make(
        &self,
        settings: Value,
        context: Context,
    ) -> Result<Arc<dyn Driver>, SettingsError> {
        let (maker, name) = (self.maker.clone(), self.manifest.name.clone());
        let made = tokio::task::spawn_blocking(move || {
            caught(move || match maker {
                Maker::Linked(linked) => (linked.create)(settings, &context),
                Maker::Library(library, options) => library
                    .create(&name, settings, &context, &options)
                    .map(|driver| -> Arc<dyn Driver> { driver }),
            })
        });
        let broken = |why: String| SettingsError(vec![Refusal::new("", why)]);
        match tokio::time::timeout(PATIENCE, made).await {
            Ok(Ok(Ok(made))) => made,
            Ok(Ok(Err(panic))) => Err(broken(format!("its constructor panicked: {panic}"))),
            Ok(Err(error)) => Err(broken(format!("its constructor did not end: {error}"))),
            Err(_) => Err(broken(format!("its constructor took more than {} s", PATIENCE.as_secs()))),
        }
    }

    /// What it would be made of.
    pub(super) fn digest(&self, settings: &Value, network: &Policy, deadline: Duration) -> Digest {
        let threads = match &self.maker {
            Maker::Linked(_) => 0,
            Maker::Library(_, options) => options.threads,
        };
        digest(&self.origin, &self.manifest.name, threads, settings, network, deadline)
    }
}

/// What a driver is made of, as one number.
pub(super) fn digest(
    origin: &Origin,
    name: &str,
    threads: usize,
    settings: &Value,
    network: &Policy,
    deadline: Duration,
) -> Digest {
    let deadline = deadline.as_millis() as u64;
    let parts = json!([origin.to_string(), name, threads, network, deadline]);
    let mut text = settings.to_string();
    let mut hasher = Sha256::new();
    hasher.update(parts.to_string());
    hasher.update([0]);
    hasher.update(&text);
    text.zeroize();
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use nuncio_core::Clock;

    struct Never;
    impl Clock for Never {
        fn now_ms(&self) -> i64 {
            0
        }
    }

    fn candidate(create: nuncio_core::Create) -> Candidate {
        let linked = Box::leak(Box::new(Linked { manifest: Manifest::default, create }));
        Candidate {
            manifest: Manifest::new("odd", "1", &["odd"]),
            origin: Origin::Linked,
            maker: Maker::Linked(linked),
            place: Place::Default,
        }
    }

    fn context() -> Context {
        Context::new(Arc::new(Never), Arc::default(), Duration::from_secs(1))
    }

    #[tokio::test]
    async fn a_constructor_that_panics_is_a_refusal() {
        let odd = candidate(|_, _| panic!("no such luck"));
        let error = odd.make(Value::Null, context()).await.err().unwrap().to_string();
        assert!(error.contains("its constructor panicked: no such luck"), "{error}");
    }

    #[test]
    fn whatever_a_driver_is_made_of_changes_its_digest() {
        let odd = candidate(|_, _| unreachable!());
        let second = Duration::from_secs(1);
        let of = |settings: Value, networks: &[&str], deadline| {
            let networks: Vec<_> = networks.iter().map(|one| (*one).to_owned()).collect();
            odd.digest(&settings, &Policy::new(&networks, &[]).unwrap(), deadline)
        };
        let first = of(json!({"a": 1}), &[], second);
        assert_eq!(first, of(json!({"a": 1}), &[], second));
        assert_ne!(first, of(json!({"a": 2}), &[], second));
        assert_ne!(first, of(json!({"a": 1}), &["10.0.0.0/8"], second));
        assert_ne!(first, of(json!({"a": 1}), &[], 2 * second));
    }
}
