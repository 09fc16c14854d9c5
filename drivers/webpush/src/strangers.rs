//! Bounds what services take up that nobody knows.
//!
//! All projects share the slots of this driver, and anybody may register an endpoint of his own, which takes its time. So
//! services that are not known have a part of the slots, each origin a part of that, and less time.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use nuncio_plugin_sdk::{Report, Scope};

/// The most pushes at a time to one origin.
const OF_ORIGIN: usize = 16;
/// The most pushes at a time to all of them: a quarter of the driver's.
const OF_ALL: usize = 64;
/// When there may be room again.
const SOON: Duration = Duration::from_secs(1);
/// The longest time that one of them has to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// The pushes that are on their way to services that are not known, by their origins.
#[derive(Debug, Default)]
pub(crate) struct Strangers(Mutex<BTreeMap<String, usize>>);

/// A push on its way.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    strangers: &'a Strangers,
    origin: String,
}

impl Strangers {
    /// A place for a push to `origin`, which is free again when it is dropped.
    ///
    /// # Errors
    /// The report of a push that finds none. Nothing of it was sent.
    pub(crate) fn enter(&self, origin: String) -> Result<Place<'_>, Report> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let full = |why: &str| Err(Report::deferred(Scope::Recipient, why).retry_after(SOON));
        if all.get(&origin).is_some_and(|pushes| *pushes >= OF_ORIGIN) {
            return full(
                "as many pushes as its service may have are on their way; \
                `services` of the driver names services that may have more",
            );
        }
        if all.values().sum::<usize>() >= OF_ALL {
            return full("as many pushes as services that are not known may have are on their way");
        }
        *all.entry(origin.clone()).or_default() += 1;
        Ok(Place { strangers: self, origin })
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut all = self.strangers.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pushes) = all.get_mut(&self.origin) {
            *pushes = pushes.saturating_sub(1);
        }
        all.retain(|_, pushes| *pushes > 0);
    }
}

/// How long a service may take that is `known` or not, where so much time is `left`.
pub(crate) fn patience(known: bool, left: Duration) -> Duration {
    if known { left } else { left.min(PATIENCE) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nuncio_plugin_sdk::Outcome;

    #[test]
    fn an_origin_has_its_places_and_all_have_theirs() {
        let strangers = Strangers::default();
        let enter = |origin: usize| strangers.enter(format!("https://{origin}.example"));
        let places: Vec<_> = (0..OF_ORIGIN).map(|_| enter(0).unwrap()).collect();
        let report = enter(0).unwrap_err();
        assert_eq!((report.outcome, report.scope), (Outcome::Deferred, Scope::Recipient));
        assert_eq!((report.retry_after, report.maybe_sent), (Some(SOON), false));
        let others: Vec<_> = (OF_ORIGIN..OF_ALL).map(|origin| enter(origin).unwrap()).collect();
        assert!(enter(OF_ALL).unwrap_err().reason.contains("not known"));
        drop(others);
        assert!(enter(OF_ALL).is_ok() && enter(0).is_err());
        drop(places);
        assert!(enter(0).is_ok() && strangers.0.lock().unwrap().is_empty());
    }

    #[test]
    fn a_stranger_has_less_time() {
        let left = Duration::from_secs(30);
        assert_eq!((patience(true, left), patience(false, left)), (left, PATIENCE));
        assert_eq!(patience(false, Duration::ZERO), Duration::ZERO);
    }
}
