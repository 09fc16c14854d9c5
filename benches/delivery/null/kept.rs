//! What even a host without storage must hold: who is subscribed, and the messages that are not delivered yet.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use nuncio_core::{
    Cursor, Deferred, DeliveryKey, Fresh, Kind, LaneId, Matched, Message, MessageId, MessageIds, ProjectId,
    QueueId, Settlement, SubscriptionId, TargetId, numbered,
};
use nuncio_host::storage::{
    Accepted, Committed, Draft, LaneRow, Loaded, NewSubscription, QueueRow, Scanned, TargetView,
};
use serde_json::Map;

/// One queue with its subscriptions.
#[derive(Debug)]
struct Queue {
    row: QueueRow,
    matched: Vec<Matched>,
    lanes: Vec<LaneId>,
    shared: Arc<[Matched]>,
}

/// Everything, behind one lock.
#[derive(Debug)]
pub(super) struct Kept {
    ids: MessageIds,
    last: MessageId,
    queues: HashMap<String, Queue>,
    targets: HashMap<TargetId, TargetView>,
    lanes: Vec<LaneRow>,
    /// Messages with the number of their deliveries that are open.
    messages: HashMap<MessageId, (Arc<Message>, usize)>,
    deferred: HashMap<LaneId, BTreeMap<(i64, DeliveryKey), Deferred>>,
    dues: HashMap<DeliveryKey, (LaneId, i64)>,
}

impl Kept {
    pub(super) fn new() -> Self {
        Self {
            ids: MessageIds::new(0, MessageId::NONE),
            last: MessageId::NONE,
            queues: HashMap::new(),
            targets: HashMap::new(),
            lanes: Vec::new(),
            messages: HashMap::new(),
            deferred: HashMap::new(),
            dues: HashMap::new(),
        }
    }

    pub(super) fn queue(&self, name: &str) -> Option<&QueueRow> {
        self.queues.get(name).map(|queue| &queue.row)
    }

    fn ensure(&mut self, name: &str) -> &mut Queue {
        let id = QueueId(self.queues.len() as i64 + 1);
        self.queues.entry(name.to_owned()).or_insert_with(|| Queue {
            row: QueueRow { id, name: name.to_owned(), metadata: Map::new(), version: 1 },
            matched: Vec::new(),
            lanes: Vec::new(),
            shared: Arc::from([]),
        })
    }

    /// Subscribes; what is to be published, with it.
    pub(super) fn subscribe(
        &mut self,
        project: &str,
        queue: &str,
        new: NewSubscription,
    ) -> (SubscriptionId, Committed) {
        let target = new.target;
        let known = self.lanes.iter().find(|lane| lane.destination == target.destination);
        let lane = known.map_or(LaneId(self.lanes.len() as i64 + 1), |lane| lane.id);
        let mut published = Committed::default();
        if known.is_none() {
            let row = LaneRow {
                id: lane,
                project: ProjectId(1),
                driver: target.driver.clone(),
                destination: target.destination.clone(),
                rules: target.rules,
            };
            self.lanes.push(row.clone());
            published.lanes.push(row);
        }
        let id = TargetId(self.targets.len() as i64 + 1);
        let recipients = u32::try_from(target.addresses.len()).unwrap_or(u32::MAX);
        let queue = self.ensure(queue);
        queue.matched.push(Matched { target: id, addresses: recipients });
        queue.lanes.push(lane);
        queue.shared = queue.matched.clone().into();
        let view = TargetView {
            id,
            subscription: SubscriptionId(id.0),
            project: project.to_owned(),
            queue: queue.row.name.clone(),
            queue_metadata: Map::new(),
            ended: false,
            driver: target.driver.clone(),
            uri: target.uri.clone(),
            addresses: target.addresses.clone(),
            newest_uri: target.uri,
            newest_addresses: target.addresses,
            newest_driver: target.driver,
            options: target.options,
            gone: Vec::new(),
            frozen: false,
            consent: Default::default(),
        };
        self.targets.insert(id, view);
        (SubscriptionId(id.0), published)
    }

    pub(super) fn target(&self, id: TargetId) -> Option<TargetView> {
        self.targets.get(&id).cloned()
    }

    pub(super) fn message(&self, id: MessageId) -> Option<Arc<Message>> {
        self.messages.get(&id).map(|(message, _)| Arc::clone(message))
    }

    /// Gives the drafts ids and matches them.
    pub(super) fn accept(
        &mut self,
        now: i64,
        queue: &str,
        client: &str,
        drafts: Vec<Draft>,
    ) -> (Accepted, Committed) {
        let queue = self.ensure(queue);
        let (id, matched, lanes) = (queue.row.id, Arc::clone(&queue.shared), queue.lanes.clone());
        let ids: Vec<_> = drafts.iter().map(|_| self.ids.issue(now)).collect();
        self.last = ids.last().copied().unwrap_or(self.last);
        let train = if ids.len() > 1 { ids[0].0 } else { 0 };
        let mut published = Committed::default();
        for (message, draft) in ids.iter().zip(drafts) {
            let message = Arc::new(Message {
                id: *message,
                post: train,
                kind: Kind::Notification,
                project: ProjectId(1),
                queue: id,
                created: now,
                deliver_at: 0,
                deliver_until: 0,
                ttl: draft.ttl,
                delay: draft.delay,
                client: client.to_owned(),
                content_type: draft.content_type,
                headers: draft.headers,
                body: draft.body,
                attributes: draft.attributes,
                matched: Arc::clone(&matched),
            });
            published.fresh.extend(fresh(&message, &lanes));
            let open = matched.iter().map(|one| one.addresses as usize).sum();
            self.messages.insert(message.id, (Arc::clone(&message), open));
            published.messages.push(message);
        }
        let matched = vec![matched; ids.len()];
        (Accepted { ids, matched, duplicate: false }, published)
    }

    /// Lets go what has ended, and remembers what must wait.
    pub(super) fn settle(&mut self, settlement: Settlement) {
        let key = settlement.key();
        if let Some((lane, due)) = self.dues.remove(&key)
            && let Some(rows) = self.deferred.get_mut(&lane)
        {
            rows.remove(&(due, key));
        }
        if let Settlement::Deferred { row, .. } = settlement {
            self.dues.insert(key, (row.lane, row.due));
            self.deferred.entry(row.lane).or_default().insert((row.due, key), row);
        } else if let Some((_, open)) = self.messages.get_mut(&key.message) {
            *open -= 1;
            if *open == 0 {
                self.messages.remove(&key.message);
            }
        }
    }

    /// The end of the backlog; `None` where there is one. It is asked for once, at the start: the load generator owes
    /// less than the engine keeps in memory.
    pub(super) fn scan(&self, cursor: Cursor) -> Option<Scanned> {
        let none = self.messages.keys().all(|message| *message < cursor.message);
        let next = Cursor { message: MessageId(self.last.0 + 1), idx: 0 };
        none.then(|| Scanned { fresh: Vec::new(), next, reached: self.last, end: true })
    }

    /// What waits in a lane after `from`, due up to `until`.
    pub(super) fn load(&self, lane: LaneId, from: (i64, DeliveryKey), until: i64, max: u32) -> Loaded {
        let Some(rows) = self.deferred.get(&lane) else { return Loaded::default() };
        let after = rows.range((std::ops::Bound::Excluded(from), std::ops::Bound::Unbounded));
        let mut after = after.map(|(_, row)| row).peekable();
        let mut page = Loaded::default();
        while let Some(row) = after.next_if(|row| row.due <= until && page.rows.len() < max as usize) {
            page.rows.push(row.clone());
        }
        page.next_due = after.peek().map(|row| row.due);
        page
    }
}

fn fresh<'a>(message: &'a Message, lanes: &'a [LaneId]) -> impl Iterator<Item = Fresh> + 'a {
    numbered(&message.matched).zip(lanes).map(|((first, one), lane)| Fresh {
        message: message.id,
        post: message.post,
        target: one.target,
        lane: *lane,
        first,
        open: (first..first + one.addresses).collect(),
        created: message.created,
        until: message.deliver_until,
        bytes: u32::try_from(message.body.len()).unwrap_or(u32::MAX),
    })
}
