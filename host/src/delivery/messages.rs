//! Messages that were committed a moment ago, so that delivering them does not read them back.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use nuncio_core::{Message, MessageId};

use crate::storage::{Store, StoreError};

/// A cache bounded by bytes: the oldest goes first. What is not in it is read from the store.
pub(super) struct Messages {
    store: Arc<dyn Store>,
    max_bytes: usize,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    by_id: HashMap<MessageId, Arc<Message>>,
    order: VecDeque<MessageId>,
    bytes: usize,
}

impl Kept {
    fn add(&mut self, message: &Arc<Message>, max_bytes: usize) {
        if self.by_id.insert(message.id, Arc::clone(message)).is_some() {
            return;
        }
        self.bytes += weight(message);
        self.order.push_back(message.id);
        while self.bytes > max_bytes {
            let Some(oldest) = self.order.pop_front() else { break };
            if let Some(message) = self.by_id.remove(&oldest) {
                self.bytes -= weight(&message);
            }
        }
    }
}

impl Messages {
    pub(super) fn new(store: Arc<dyn Store>, max_bytes: usize) -> Self {
        Self { store, max_bytes, kept: Mutex::default() }
    }

    pub(super) fn keep(&self, messages: &[Arc<Message>]) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        for message in messages {
            kept.add(message, self.max_bytes);
        }
    }

    pub(super) async fn get(&self, id: MessageId) -> Result<Option<Arc<Message>>, StoreError> {
        let found = self.kept.lock().unwrap_or_else(PoisonError::into_inner).by_id.get(&id).cloned();
        if found.is_some() {
            return Ok(found);
        }
        let read = self.store.message(id).await?;
        if let Some(message) = &read {
            self.keep(std::slice::from_ref(message));
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
            kept.add(&message(id), 3000);
        }
        assert!(!kept.by_id.contains_key(&MessageId(1)) && kept.by_id.contains_key(&MessageId(3)));
        assert_eq!(kept.bytes, 2 * weight(&message(2)));
        assert_eq!(kept.order.len(), 2);
    }
}
