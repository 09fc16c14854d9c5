//! Deliveries that the far side took and may say more of: remembered from the driver's word to the commit of the outcome.

use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use nuncio_core::{DeliveryKey, Manifest, Outcome, Report, Settlement, State};

use crate::storage::Sent;

/// The most that is kept of what the far side calls a delivery, bytes: about a hundred parts.
const LONGEST: usize = 8 << 10;

/// What drivers that take receipts have just delivered.
#[derive(Default)]
pub(super) struct Handed {
    /// Whether there is anything in it: where no driver takes receipts, nothing is looked for.
    any: AtomicBool,
    sent: Mutex<HashMap<DeliveryKey, Sent>>,
}

impl Handed {
    /// A driver said this of a delivery.
    pub(super) fn saw(&self, key: DeliveryKey, manifest: &Manifest, report: &Report) {
        if report.outcome != Outcome::Delivered || !manifest.has("receive") {
            return;
        }
        let ids = &report.provider_id;
        let provider_id = ids.get(..ids.floor_char_boundary(LONGEST)).unwrap_or_default().to_owned();
        let mut sent = self.lock();
        sent.insert(key, Sent { key, driver: manifest.name.clone(), provider_id });
        self.any.store(true, Ordering::Release);
    }

    /// Takes out those that are about to be written down. A settlement that lets a delivery wait is of an attempt that failed,
    /// and the next one may have been taken before that is written: what is here is of the next.
    pub(super) fn take(&self, settlements: &[Settlement]) -> Vec<Sent> {
        if !self.any.load(Ordering::Acquire) {
            return Vec::new();
        }
        let mut sent = self.lock();
        let ended = settlements.iter().filter(|one| !matches!(one, Settlement::Deferred { .. }));
        let taken = ended.filter_map(|one| {
            let known = sent.remove(&one.key())?;
            matches!(one, Settlement::Closed { state: State::Delivered, .. }).then_some(known)
        });
        let taken = taken.collect();
        self.any.store(!sent.is_empty(), Ordering::Release);
        taken
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<DeliveryKey, Sent>> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nuncio_core::{Deferred, LaneId, MessageId, TargetId, Why};

    fn manifest(receives: bool) -> Manifest {
        let mut manifest = Manifest::new("sms", "1", &["sms"]);
        manifest.methods.extend(receives.then(|| "receive".to_owned()));
        manifest
    }

    fn closed(message: i64, state: State) -> Settlement {
        let key = DeliveryKey::new(MessageId(message), 0);
        Settlement::Closed { key, state, n: 1, at: 1, code: 0, deferred: false }
    }

    #[test]
    fn what_was_taken_goes_with_its_settlement_and_nothing_stays() {
        let handed = Handed::default();
        let key = |message| DeliveryKey::new(MessageId(message), 0);
        for message in 1..=2 {
            handed.saw(key(message), &manifest(true), &Report::delivered().provider_id("a b"));
        }
        let taken = handed.take(&[
            closed(1, State::Delivered),
            closed(2, State::Cancelled),
            closed(3, State::Delivered),
        ]);
        assert_eq!(taken, [Sent { key: key(1), driver: "sms".to_owned(), provider_id: "a b".to_owned() }]);
        assert!(handed.lock().is_empty() && !handed.any.load(Ordering::Relaxed));
    }

    fn waits(message: i64) -> Settlement {
        let row = Deferred {
            key: DeliveryKey::new(MessageId(message), 0),
            first: 0,
            target: TargetId(1),
            lane: LaneId(1),
            due: 1,
            not_before: 0,
            why: Why::Retry,
            n: 1,
            tries: 1,
            since: 0,
            bytes: 1,
            post: 0,
            until: 9,
        };
        Settlement::Deferred { row, failure: None }
    }

    #[test]
    fn what_a_retry_handed_over_outlasts_the_word_of_the_attempt_before() {
        let handed = Handed::default();
        let key = DeliveryKey::new(MessageId(1), 0);
        let saw = || handed.saw(key, &manifest(true), &Report::delivered().provider_id("a"));
        saw();
        assert_eq!(handed.take(&[waits(1)]), []);
        assert_eq!(handed.take(&[closed(1, State::Delivered)]).len(), 1);
        saw();
        assert_eq!(handed.take(&[waits(1), closed(1, State::Delivered)]).len(), 1);
        assert!(handed.lock().is_empty());
    }

    #[test]
    fn of_a_driver_without_receipts_and_of_a_failure_nothing_is_kept() {
        let handed = Handed::default();
        let key = DeliveryKey::new(MessageId(1), 0);
        handed.saw(key, &manifest(false), &Report::delivered().provider_id("a"));
        handed.saw(key, &manifest(true), &Report::gone("it is gone").provider_id("a"));
        assert!(handed.lock().is_empty() && !handed.any.load(Ordering::Relaxed));
    }
}
