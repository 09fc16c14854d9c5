//! What comes before what in ordered lanes.

use std::collections::{BTreeMap, BTreeSet};

use nuncio_core::{DeliveryKey, LaneId, engine::Job};

use crate::options::Options;

/// The deliveries of one sequence that were accepted under the same rules.
type Sequence = (LaneId, u32, i64);

/// Whether a delivery was scheduled, and which it is. A scheduled one goes alone, some time after it is due; the others
/// go as they were accepted.
type Place = (bool, DeliveryKey);

/// The order in which deliveries must go.
#[derive(Default)]
pub(crate) struct Orders {
    /// How often the order of a lane was changed.
    eras: BTreeMap<LaneId, u32>,
    of: BTreeMap<DeliveryKey, (Sequence, Place)>,
    open: BTreeMap<Sequence, BTreeSet<Place>>,
}

impl Orders {
    /// A delivery was accepted, and scheduled if `due` is not 0.
    pub(crate) fn accepted(&mut self, job: &Job, key: DeliveryKey, due: i64, world: &Options) {
        if world.rules(job.lane).ordered.is_some() {
            let place = (due != 0, key);
            let sequence = (job.lane, self.era(job.lane), job.post);
            self.of.insert(key, (sequence, place));
            self.open.entry(sequence).or_default().insert(place);
        }
    }

    /// The rules of a lane say another order: it holds for what is accepted from now on.
    pub(crate) fn begins_anew(&mut self, lane: LaneId) {
        *self.eras.entry(lane).or_default() += 1;
    }

    /// Whether the rules under which a delivery was accepted still hold.
    pub(crate) fn holds(&self, key: DeliveryKey) -> bool {
        self.of.get(&key).is_some_and(|((lane, era, _), _)| *era == self.era(*lane))
    }

    /// The open deliveries of other messages in the sequence of `key`, with whether each comes before it.
    pub(crate) fn beside(
        &mut self,
        key: DeliveryKey,
        is_open: impl Fn(DeliveryKey) -> bool,
    ) -> Vec<(DeliveryKey, bool)> {
        let Some((sequence, place)) = self.of.get(&key).filter(|_| self.holds(key)) else {
            return Vec::new();
        };
        let Some(open) = self.open.get_mut(sequence) else { return Vec::new() };
        open.retain(|(_, other)| is_open(*other));
        let others = open.iter().filter(|(_, other)| other.message != key.message);
        others.map(|other| (other.1, !place.0 && !other.0 && other < place)).collect()
    }

    /// After a restart everything may be open again.
    pub(crate) fn restarted(&mut self) {
        for (sequence, place) in self.of.values() {
            self.open.entry(*sequence).or_default().insert(*place);
        }
    }

    /// How often the order of a lane was changed.
    pub(crate) fn era(&self, lane: LaneId) -> u32 {
        self.eras.get(&lane).copied().unwrap_or(0)
    }
}
