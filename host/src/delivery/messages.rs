//! Messages that were committed a moment ago, so that delivering them does not read them back. One goes with the last of
//! its deliveries: what is used again is in the processor's caches still.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use nuncio_core::{Fresh, Message, MessageId};

use crate::storage::{Store, StoreError};

/// So many that have gone are left in the order at least before it is cleaned.
const SPARE: usize = 64;

/// How many deliveries of a message that was read back are still to come is not known: it goes when it is the oldest.
const UNKNOWN: u32 = u32::MAX;

/// A cache bounded by bytes: the oldest goes first. What is not in it is read from the store.
pub(super) struct Messages {
    store: Arc<dyn Store>,
    max_bytes: usize,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    by_id: HashMap<MessageId, One>,
    /// Those that are here in the order in which they came, and some that have gone.
    order: VecDeque<MessageId>,
    bytes: usize,
}

struct One {
    message: Arc<Message>,
    /// Notices of it that are not over.
    open: u32,
}

impl Kept {
    fn add(&mut self, message: &Arc<Message>, open: u32, max_bytes: usize) {
        let one = One { message: Arc::clone(message), open };
        if self.by_id.insert(message.id, one).is_some() {
            return;
        }
        self.bytes += weight(message);
        self.order.push_back(message.id);
        while self.bytes > max_bytes {
            let Some(oldest) = self.order.pop_front() else { break };
            self.remove(oldest);
        }
        if self.order.len() > 2 * self.by_id.len() + SPARE {
            self.order.retain(|id| self.by_id.contains_key(id));
        }
    }

    fn over(&mut self, id: MessageId) {
        let Some(one) = self.by_id.get_mut(&id).filter(|one| one.open != UNKNOWN) else { return };
        one.open = one.open.saturating_sub(1);
        if one.open == 0 {
            self.remove(id);
        }
    }

    fn remove(&mut self, id: MessageId) {
        if let Some(one) = self.by_id.remove(&id) {
            self.bytes -= weight(&one.message);
        }
    }
}

impl Messages {
    pub(super) fn new(store: Arc<dyn Store>, max_bytes: usize) -> Self {
        Self { store, max_bytes, kept: Mutex::default() }
    }

    /// Keeps those of `messages` of which notices are among `fresh`; both are in the order of their ids.
    pub(super) fn keep(&self, messages: &[Arc<Message>], fresh: &[Fresh]) {
        let mut kept = self.lock();
        let mut fresh = fresh.iter().peekable();
        for message in messages {
            let mut open = 0;
            while let Some(one) = fresh.next_if(|one| one.message <= message.id) {
                open += u32::from(one.message == message.id);
            }
            if open > 0 {
                kept.add(message, open, self.max_bytes);
            }
        }
    }

    /// A notice of `id` is over and does not come back.
    pub(super) fn over(&self, id: MessageId) {
        self.lock().over(id);
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn get(&self, id: MessageId) -> Result<Option<Arc<Message>>, StoreError> {
        let found = self.lock().by_id.get(&id).map(|one| Arc::clone(&one.message));
        if found.is_some() {
            return Ok(found);
        }
        let read = self.store.message(id).await?;
        if let Some(message) = &read {
            self.lock().add(message, UNKNOWN, self.max_bytes);
        }
        Ok(read)
    }
}

fn weight(message: &Message) -> usize {
    message.body.len() + message.matched.len() * 16 + message.attributes.bytes() + 256
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn message(id: i64) -> Arc<Message> {
        Arc::new(Message {
            id: MessageId(id),
            post: 0,
            kind: nuncio_core::Kind::Notification,
            project: nuncio_core::ProjectId(1),
            queue: nuncio_core::QueueId::NONE,
            created: 0,
            deliver_at: 0,
            deliver_until: 0,
            ttl: 60,
            delay: None,
            client: String::new(),
            content_type: String::new(),
            headers: Default::default(),
            attributes: Default::default(),
            body: Bytes::from(vec![0; 1000]),
            matched: Arc::from([]),
        })
    }

    #[test]
    fn the_oldest_go_first_and_a_repeat_weighs_once() {
        let mut kept = Kept::default();
        for id in [1, 1, 2, 3] {
            kept.add(&message(id), 1, 3000);
        }
        assert!(!kept.by_id.contains_key(&MessageId(1)) && kept.by_id.contains_key(&MessageId(3)));
        assert_eq!(kept.bytes, 2 * weight(&message(2)));
        assert_eq!(kept.order.len(), 2);
    }

    #[test]
    fn one_goes_with_the_last_of_its_notices_and_leaves_nothing_behind() {
        let mut kept = Kept::default();
        kept.add(&message(1), 2, 1 << 20);
        kept.add(&message(2), UNKNOWN, 1 << 20);
        for id in [1, 2, 2, 9].map(MessageId) {
            kept.over(id);
        }
        assert!(kept.by_id.contains_key(&MessageId(1)) && kept.by_id.contains_key(&MessageId(2)));
        kept.over(MessageId(1));
        assert_eq!((kept.by_id.len(), kept.bytes), (1, weight(&message(2))));
        for id in 3..10_000 {
            kept.add(&message(id), 1, 1 << 20);
            kept.over(MessageId(id));
        }
        assert!(kept.order.len() <= 2 + SPARE, "{}", kept.order.len());
    }
}
