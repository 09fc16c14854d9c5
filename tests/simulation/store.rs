//! A store in memory that keeps the laws of the real one: what a commit wrote is there, all of it or nothing.

use std::collections::{BTreeMap, BTreeSet};

use nuncio_core::{
    Cursor, Deferred, DeliveryKey, LaneId, MessageId, Order, Settlement, State, TargetId, Why,
    engine::{Event, Job, Open},
};

use crate::options::Options;

#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) post: i64,
    pub(crate) created: i64,
    /// When its deliveries begin; 0 is at once.
    pub(crate) at: i64,
    pub(crate) until: i64,
    pub(crate) bytes: u32,
    /// What keyed order goes by.
    pub(crate) key: u8,
    pub(crate) matched: Vec<TargetId>,
}

#[derive(Default)]
pub(crate) struct Store {
    pub(crate) messages: BTreeMap<MessageId, Message>,
    pub(crate) ended: BTreeMap<DeliveryKey, State>,
    pub(crate) rows: BTreeMap<DeliveryKey, Deferred>,
    pub(crate) dead: BTreeSet<DeliveryKey>,
    attempts: BTreeMap<DeliveryKey, BTreeSet<u32>>,
    /// Accepted, and nothing said of it yet.
    pub(crate) bare: BTreeSet<DeliveryKey>,
    pub(crate) low: Cursor,
    pub(crate) head: MessageId,
}

impl Store {
    /// Accepts a message; a scheduled one gets its rows at once. Returns its deliveries.
    pub(crate) fn accept(&mut self, id: MessageId, message: Message, world: &Options) -> Vec<DeliveryKey> {
        let mut keys = Vec::new();
        for job in jobs_of(id, &message, world) {
            for open in &job.open {
                let key = DeliveryKey::new(id, open.idx);
                keys.push(key);
                if message.at == 0 {
                    self.bare.insert(key);
                } else {
                    self.rows.insert(key, scheduled(&job, open.idx, message.at));
                }
            }
        }
        self.messages.insert(id, message);
        self.head = id;
        keys
    }

    /// Writes a batch.
    pub(crate) fn apply(&mut self, settlements: &[Settlement], low: Cursor) -> Result<(), String> {
        for settlement in settlements {
            self.settle(settlement)?;
        }
        self.low = low;
        match self.bare.first() {
            Some(key) if at(*key) < low => Err(format!("the low watermark {low:?} runs ahead of {key:?}")),
            _ => Ok(()),
        }
    }

    fn settle(&mut self, settlement: &Settlement) -> Result<(), String> {
        let key = settlement.key();
        self.bare.remove(&key);
        let had_row = self.rows.remove(&key).is_some();
        let failure = match settlement {
            Settlement::Closed { state, deferred, .. } => {
                if had_row && !deferred {
                    return Err(format!("{key:?} is closed and its row forgotten"));
                }
                self.ended.insert(key, *state);
                None
            }
            Settlement::Deferred { row, failure } => {
                self.rows.insert(key, row.clone());
                failure.as_ref()
            }
            Settlement::Dead { failure, deferred, .. } => {
                if had_row && !deferred {
                    return Err(format!("{key:?} is buried and its row forgotten"));
                }
                self.dead.insert(key);
                failure.as_ref()
            }
        };
        match failure {
            Some(failure) if !self.attempts.entry(key).or_default().insert(failure.n) => {
                Err(format!("{key:?} has two attempts {}", failure.n))
            }
            _ => Ok(()),
        }
    }

    /// The owner cancels what is not in the engine's memory. Says whether it was open.
    pub(crate) fn cancel(&mut self, key: DeliveryKey) -> bool {
        let open = self.rows.remove(&key).is_some() | self.bare.remove(&key);
        if open {
            self.ended.insert(key, State::Cancelled);
        }
        open
    }

    /// What waits is made due by hand. Says its lane and its place there.
    pub(crate) fn wake(&mut self, key: DeliveryKey, now: i64) -> Option<(LaneId, i64)> {
        let row = self.rows.get_mut(&key)?;
        if row.why == Why::Stopped {
            (row.tries, row.since) = (0, now);
        }
        if row.due != key.message.issued_ms() {
            row.due = row.due.min(now);
        }
        row.since = row.since.min(now);
        (row.not_before, row.why) = (0, Why::Retry);
        Some((row.lane, row.due))
    }

    /// Whether anything waits in a lane.
    pub(crate) fn uses(&self, lane: LaneId, world: &Options) -> bool {
        let leads_there = |key: &DeliveryKey| {
            let jobs =
                self.messages.get(&key.message).into_iter().flat_map(|one| jobs_of(key.message, one, world));
            jobs.filter(|job| job.lane == lane).any(|job| job.open.iter().any(|open| open.idx == key.idx))
        };
        self.rows.values().any(|row| row.lane == lane) || self.bare.iter().any(leads_there)
    }

    /// A dead letter is tried again by hand.
    pub(crate) fn requeue(&mut self, key: DeliveryKey, now: i64, world: &Options) -> Option<LaneId> {
        if !self.dead.remove(&key) {
            return None;
        }
        let message = self.messages.get(&key.message)?;
        let job = jobs_of(key.message, message, world)
            .find(|job| job.open.iter().any(|open| open.idx == key.idx))?;
        let row = Deferred {
            why: Why::Retry,
            n: self.last_attempt(key),
            since: now,
            ..scheduled(&job, key.idx, now)
        };
        let lane = row.lane;
        self.rows.insert(key, row);
        Some(lane)
    }

    pub(crate) fn last_attempt(&self, key: DeliveryKey) -> u32 {
        self.attempts.get(&key).and_then(|all| all.last().copied()).unwrap_or(0)
    }

    pub(crate) fn is_over(&self, key: DeliveryKey) -> bool {
        !self.rows.contains_key(&key) && (self.ended.contains_key(&key) || self.dead.contains(&key))
    }

    /// The first event of a start.
    pub(crate) fn started(&self) -> Event {
        let mut waiting = BTreeMap::new();
        for row in self.rows.values() {
            let due: &mut i64 = waiting.entry(row.lane).or_insert(row.due);
            *due = row.due.min(*due);
        }
        Event::Started { low: self.low, head: self.head, waiting: waiting.into_iter().collect() }
    }

    /// A page of the backlog.
    pub(crate) fn scan(&self, cursor: Cursor, max: u32, world: &Options) -> Event {
        let (mut jobs, mut left) = (Vec::new(), max);
        for (id, message) in self.messages.range(cursor.message..) {
            for mut job in jobs_of(*id, message, world) {
                job.open.retain(|open| {
                    let key = DeliveryKey::new(*id, open.idx);
                    at(key) >= cursor && self.bare.contains(&key)
                });
                let Some(first) = job.open.first() else { continue };
                if left == 0 {
                    let next = Cursor { message: *id, idx: first.idx };
                    return Event::Scanned { jobs, next, reached: self.head, end: false };
                }
                left = left.saturating_sub(job.open.len() as u32);
                for open in &mut job.open {
                    open.n = self.last_attempt(DeliveryKey::new(*id, open.idx));
                }
                jobs.push(job);
            }
        }
        let next = Cursor { message: MessageId(self.head.0 + 1), idx: 0 };
        Event::Scanned { jobs, next, reached: self.head, end: true }
    }

    /// A page of a lane's rows.
    pub(crate) fn load(
        &self,
        lane: LaneId,
        from: (i64, DeliveryKey),
        until: i64,
        max: u32,
        world: &Options,
    ) -> Event {
        let mut rows: Vec<_> =
            self.rows.values().filter(|row| row.lane == lane && (row.due, row.key) > from).cloned().collect();
        rows.sort_by_key(|row| (row.due, row.key));
        let page = rows.iter().take_while(|row| row.due <= until).take(max as usize).count();
        let next_due = rows.get(page).map(|row| row.due);
        rows.truncate(page);
        let rows = rows.into_iter().map(|row| {
            let policy = world.target(row.target).policy.clone();
            let post = match (&world.rules(lane).ordered, self.messages.get(&row.key.message)) {
                (Some(order), Some(message)) if row.post >= 0 => sequence(order, message),
                _ => row.post,
            };
            (Deferred { post, ..row }, policy)
        });
        Event::Loaded { lane, rows: rows.collect(), next_due }
    }
}

/// The jobs of a message of which nothing is settled.
pub(crate) fn jobs_of<'a>(
    id: MessageId,
    message: &'a Message,
    world: &'a Options,
) -> impl Iterator<Item = Job> + 'a {
    message.matched.iter().scan(0, move |next, target| {
        let target = world.target(*target);
        let first = *next;
        *next += target.addresses;
        let since = if message.at == 0 { message.created } else { message.at };
        let open = |idx| Open { idx, n: 0, tries: 0, since, stored: false };
        Some(Job {
            message: id,
            post: world.rules(target.lane).ordered.as_ref().map_or(message.post, |by| sequence(by, message)),
            target: target.id,
            lane: target.lane,
            first,
            open: (first..*next).map(open).collect(),
            until: message.until,
            bytes: message.bytes,
            policy: target.policy.clone(),
        })
    })
}

/// The sequence of a message, as the host tells it from the body.
pub(crate) fn sequence(order: &Order, message: &Message) -> i64 {
    if order.has_key() { -2 - i64::from(message.key) } else { -1 }
}

fn scheduled(job: &Job, idx: u32, due: i64) -> Deferred {
    Deferred {
        key: DeliveryKey::new(job.message, idx),
        first: job.first,
        target: job.target,
        lane: job.lane,
        due,
        not_before: 0,
        why: Why::Scheduled,
        n: 0,
        tries: 0,
        since: due,
        bytes: job.bytes,
        post: job.post,
        until: job.until,
    }
}

fn at(key: DeliveryKey) -> Cursor {
    Cursor { message: key.message, idx: key.idx }
}
