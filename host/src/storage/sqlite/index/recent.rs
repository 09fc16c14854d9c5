//! What is kept of queues, within a number of bytes: the queue that was not used for longest goes first.

use std::collections::{BTreeMap, HashMap};

use nuncio_core::QueueId;

/// How much memory something takes, about, in bytes.
pub(in crate::storage::sqlite) trait Weight {
    /// Bytes.
    fn weight(&self) -> usize;
}

/// What is kept of queues.
#[derive(Debug)]
pub(in crate::storage::sqlite) struct Recent<V> {
    kept: HashMap<QueueId, Kept<V>>,
    /// The queues by when they were last used.
    order: BTreeMap<u64, QueueId>,
    uses: u64,
    bytes: usize,
    most: usize,
}

#[derive(Debug)]
struct Kept<V> {
    value: V,
    used: u64,
    bytes: usize,
}

impl<V: Default + Weight> Recent<V> {
    /// Keeps at most `most` bytes, and the queue used last in any case.
    pub(in crate::storage::sqlite) fn new(most: usize) -> Self {
        Self { kept: HashMap::new(), order: BTreeMap::new(), uses: 0, bytes: 0, most }
    }

    /// What is kept of a queue, which is in use now.
    pub(in crate::storage::sqlite) fn used(&mut self, queue: QueueId) -> &mut V {
        self.uses += 1;
        let uses = self.uses;
        let kept = self.kept.entry(queue).or_insert_with(|| Kept { value: V::default(), used: 0, bytes: 0 });
        self.order.remove(&kept.used);
        self.order.insert(uses, queue);
        kept.used = uses;
        &mut kept.value
    }

    /// What is kept of a queue, if anything.
    pub(in crate::storage::sqlite) fn kept(&mut self, queue: QueueId) -> Option<&mut V> {
        self.kept.get_mut(&queue).map(|kept| &mut kept.value)
    }

    /// Takes note that what is kept of `queue` has grown or shrunk, and makes room.
    pub(in crate::storage::sqlite) fn weigh(&mut self, queue: QueueId) {
        if let Some(kept) = self.kept.get_mut(&queue) {
            let bytes = size_of::<Kept<V>>() + kept.value.weight();
            self.bytes = self.bytes - kept.bytes + bytes;
            kept.bytes = bytes;
        }
        while self.bytes > self.most && self.kept.len() > 1 {
            let Some((_, oldest)) = self.order.pop_first() else { break };
            self.forget(oldest);
        }
    }

    /// Forgets a queue.
    pub(in crate::storage::sqlite) fn forget(&mut self, queue: QueueId) {
        if let Some(kept) = self.kept.remove(&queue) {
            self.order.remove(&kept.used);
            self.bytes -= kept.bytes;
        }
    }

    /// Forgets all.
    pub(in crate::storage::sqlite) fn clear(&mut self) {
        self.kept.clear();
        self.order.clear();
        self.bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Debug, Default)]
    struct Load(usize);

    impl Weight for Load {
        fn weight(&self) -> usize {
            self.0
        }
    }

    const EACH: usize = 10_000;

    fn load(recent: &mut Recent<Load>, queue: i64, bytes: usize) {
        recent.used(QueueId(queue)).0 = bytes;
        recent.weigh(QueueId(queue));
    }

    fn queues(recent: &Recent<Load>) -> Vec<i64> {
        let mut all: Vec<_> = recent.kept.keys().map(|queue| queue.0).collect();
        all.sort_unstable();
        all
    }

    #[test]
    fn the_queue_that_was_not_used_for_longest_goes_first() {
        let mut recent = Recent::new(3 * EACH + EACH / 2);
        for queue in [1, 2, 3] {
            load(&mut recent, queue, EACH);
        }
        recent.used(QueueId(1));
        load(&mut recent, 4, EACH);
        assert_eq!(queues(&recent), [1, 3, 4]);
    }

    #[test]
    fn the_queue_in_use_stays_however_large() {
        let mut recent = Recent::new(EACH);
        load(&mut recent, 1, EACH / 2);
        load(&mut recent, 2, 100 * EACH);
        assert_eq!(queues(&recent), [2]);
        load(&mut recent, 3, 1);
        assert_eq!(queues(&recent), [3]);
    }

    proptest! {
        #[test]
        fn bytes_are_those_of_what_is_kept(steps in prop::collection::vec((0..4_u8, 0..6_i64, 0..EACH), 0..100)) {
            let mut recent = Recent::new(2 * EACH);
            for (step, queue, bytes) in steps {
                match step {
                    0 => recent.forget(QueueId(queue)),
                    1 => drop(recent.used(QueueId(queue))),
                    _ => load(&mut recent, queue, bytes),
                }
                prop_assert_eq!(recent.bytes, recent.kept.values().map(|kept| kept.bytes).sum::<usize>());
                prop_assert_eq!(recent.order.len(), recent.kept.len());
                prop_assert!(recent.bytes <= 2 * EACH || recent.kept.len() == 1);
            }
            recent.clear();
            prop_assert_eq!((recent.bytes, recent.order.len()), (0, 0));
        }
    }
}
