//! A store in a temporary directory, with a clock that tests turn.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use bytes::Bytes;
use nuncio_core::{
    Attributes, Clock, Cursor, Deferred, DeliveryKey, EPOCH_MS, Failure, Fresh, Kind, LaneId, MessageId,
    Options, Outcome, Scope, Settlement, State, SubscriptionId, TargetId, Why,
};
use serde_json::json;
use tempfile::TempDir;
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::storage::{
    Accepted, Addressed, Catch, Committed, DeliveryView, Draft, JobFilter, JobId, JobRow, NewJob,
    NewSubscription, NewTarget, Post, Search, Store, StoreError, Subscribed, Verb,
    sqlite::{self, Limits},
};

/// A clock that stands still until it is turned.
pub(super) struct Turned(AtomicI64);

impl Clock for Turned {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// A store with what it publishes.
pub(super) struct Bench {
    dir: TempDir,
    limits: Limits,
    clock: Arc<Turned>,
    pub(super) store: Arc<dyn Store>,
    pub(super) published: mpsc::Receiver<Committed>,
}

pub(crate) const PROJECT: &str = "shop";
pub(crate) const QUEUE: &str = "orders";

impl Bench {
    pub(super) async fn new() -> Self {
        Self::with(Limits::default()).await
    }

    /// With queues that hold `max_messages`.
    pub(super) async fn with_room(max_messages: u64) -> Self {
        Self::with(Limits { max_messages, ..Limits::default() }).await
    }

    /// With these limits.
    pub(super) async fn with(limits: Limits) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(Turned(AtomicI64::new(EPOCH_MS + 1_000_000)));
        let (store, published) = open(&dir, "n.db", &clock, &limits);
        Self { dir, limits, clock, store, published }
    }

    /// The time.
    pub(super) fn now(&self) -> i64 {
        self.clock.now_ms()
    }

    /// Turns the clock on by `ms`.
    pub(super) fn turn(&self, ms: i64) {
        self.clock.0.fetch_add(ms, Ordering::SeqCst);
    }

    /// Closes the store and opens it again.
    pub(super) async fn reopen(&mut self) {
        self.store.close().await;
        (self.store, self.published) = open(&self.dir, "n.db", &self.clock, &self.limits);
    }

    /// Closes the store and opens it again with other limits.
    pub(super) async fn reopen_with(&mut self, limits: Limits) {
        self.limits = limits;
        self.reopen().await;
    }

    /// Opens what a power cut at this moment would leave: the files as they are, nobody closed them.
    pub(super) fn cut_power(&mut self) {
        for file in ["n.db", "n.db-wal", "n.db.key"] {
            let (from, to) = (self.dir.path().join(file), self.dir.path().join(format!("cut-{file}")));
            std::fs::copy(from, to).unwrap();
        }
        (self.store, self.published) = open(&self.dir, "cut-n.db", &self.clock, &self.limits);
    }

    /// What is in the files of the database.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let read = |name| std::fs::read(self.dir.path().join(name)).unwrap_or_default();
        ["n.db", "n.db-wal"].into_iter().flat_map(read).collect()
    }

    /// How many rows a table has.
    pub(super) fn rows(&self, table: &str) -> i64 {
        let db = rusqlite::Connection::open(self.dir.path().join("n.db")).unwrap();
        db.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    }

    /// Posts bodies to the queue.
    pub(super) async fn post(&self, bodies: &[&str]) -> Accepted {
        self.store.accept(post(bodies)).await.unwrap()
    }

    /// Subscribes `uri` for ever.
    pub(super) async fn subscribe(&self, uri: &str) -> SubscriptionId {
        match self.store.subscribe(PROJECT, QUEUE, subscription(uri, 0)).await.unwrap() {
            Subscribed::New(id) => id,
            other => panic!("{other:?}"),
        }
    }

    /// The next commit that brought messages.
    pub(super) async fn brought(&mut self) -> Committed {
        loop {
            let committed = self.published.recv().await.unwrap();
            if !committed.messages.is_empty() {
                return committed;
            }
        }
    }

    /// What the next commit that brought messages handed over.
    pub(super) async fn fresh(&mut self) -> Vec<Fresh> {
        self.brought().await.fresh
    }

    /// The next commit that scheduled deliveries.
    pub(super) async fn scheduled(&mut self) -> Vec<(LaneId, i64)> {
        loop {
            let committed = self.published.recv().await.unwrap();
            if !committed.scheduled.is_empty() {
                return committed.scheduled;
            }
        }
    }

    /// Records settlements; the watermark stays at the beginning.
    pub(super) async fn record(&self, settlements: Vec<Settlement>) {
        self.store
            .record(settlements, Vec::new(), Cursor::default(), Arc::new(|why| panic!("{why}")))
            .await
            .unwrap();
    }

    /// The delivery, which is there.
    pub(super) async fn delivery(&self, key: DeliveryKey) -> DeliveryView {
        self.store.delivery(PROJECT, key).await.unwrap().unwrap()
    }

    /// How a delivery stands.
    pub(super) async fn state(&self, key: DeliveryKey) -> State {
        self.delivery(key).await.state
    }

    /// Begins a job with room for another.
    pub(super) async fn begin(&self, verb: Verb, filter: JobFilter) -> JobRow {
        self.store.job_begin(self.job(verb, filter)).await.unwrap().job
    }

    /// A job that is to begin.
    pub(super) fn job(&self, verb: Verb, filter: JobFilter) -> NewJob {
        let id = JobId(Uuid::new_v4());
        NewJob { id, project: PROJECT.into(), verb, filter, total: 0, key: None, most: 16 }
    }

    /// What a job takes next, at most `most`.
    pub(super) async fn catch(&self, job: &JobRow, most: u64) -> Catch {
        let search = Search {
            project: job.project.clone(),
            verb: job.verb,
            filter: job.filter.clone(),
            died_by: job.created,
            newest: job.newest,
            after: job.cursor,
            most: most.min(job.room()),
            stalled: Vec::new(),
        };
        self.store.search(search).await.unwrap()
    }

    /// The open deliveries of the whole backlog, page by page of `max`.
    pub(super) async fn backlog(&self, max: u32) -> Vec<DeliveryKey> {
        let (mut cursor, mut open) = (Cursor::default(), Vec::new());
        loop {
            let page = self.store.scan(cursor, max).await.unwrap();
            for fresh in &page.fresh {
                open.extend(fresh.open.iter().map(|idx| DeliveryKey::new(fresh.message, *idx)));
            }
            if page.end {
                return open;
            }
            assert!(page.next > cursor, "{cursor:?} {page:?}");
            cursor = page.next;
        }
    }
}

fn open(
    dir: &TempDir,
    name: &str,
    clock: &Arc<Turned>,
    limits: &Limits,
) -> (Arc<dyn Store>, mpsc::Receiver<Committed>) {
    let (published, receiver) = mpsc::channel(1024);
    let path = dir.path().join(name);
    let options =
        sqlite::Options { path, log: 0, key: None, limits: limits.clone(), clock: clock.clone(), published };
    (sqlite::Sqlite::open(options).unwrap(), receiver)
}

pub(crate) fn post(bodies: &[&str]) -> Post {
    Post {
        project: PROJECT.into(),
        to: Addressed::Queue(QUEUE.into()),
        kind: Kind::Notification,
        client: "producer".into(),
        drafts: bodies.iter().map(|body| draft(body)).collect(),
        dedup: None,
    }
}

pub(super) fn draft(body: &str) -> Draft {
    Draft {
        content_type: "application/json".into(),
        headers: BTreeMap::from([("x".into(), "y".into())]),
        attributes: Attributes::default(),
        body: Bytes::copy_from_slice(body.as_bytes()),
        ttl: 3600,
        delay: None,
        deliver_at: 0,
        deliver_until: 0,
    }
}

pub(crate) fn subscription(uri: &str, ttl: i64) -> NewSubscription {
    NewSubscription { uri_key: uri.into(), target: target(uri), ttl, asking: None, bound: false }
}

/// A target with one recipient for each comma-separated part; what stands before `/` is the destination.
pub(super) fn target(uri: &str) -> NewTarget {
    let options = json!({"subject": uri}).as_object().unwrap().clone();
    NewTarget {
        driver: "http".into(),
        destination: uri.split('/').next().unwrap().into(),
        lane_key: String::new(),
        rules: nuncio_core::LaneRules::default(),
        uri: uri.into(),
        redacted: format!("{uri}?***"),
        addresses: uri.split(',').map(str::to_owned).collect(),
        options: Options(options),
    }
}

pub(super) const fn key(message: MessageId, idx: u32) -> DeliveryKey {
    DeliveryKey::new(message, idx)
}

pub(super) fn closed(key: DeliveryKey, state: State, deferred: bool) -> Settlement {
    Settlement::Closed { key, state, n: 1, at: 77, code: 200, deferred }
}

pub(super) fn failure(n: u32) -> Failure {
    Failure {
        n,
        at: 70,
        ms: 7,
        outcome: Outcome::Deferred,
        scope: Scope::Destination,
        code: 503,
        reason: "busy".into(),
        excerpt: "try later".into(),
    }
}

pub(super) fn waits(key: DeliveryKey, lane: LaneId, target: TargetId, due: i64, why: Why) -> Settlement {
    let row = Deferred {
        key,
        first: key.idx,
        target,
        lane,
        due,
        not_before: 0,
        why,
        n: 1,
        tries: 1,
        since: 60,
        bytes: 3,
        post: 0,
        until: 0,
    };
    Settlement::Deferred { row, failure: (why == Why::Retry).then(|| failure(1)) }
}

pub(super) fn dead(key: DeliveryKey, lane: LaneId, target: TargetId, deferred: bool) -> Settlement {
    Settlement::Dead {
        key,
        first: key.idx,
        target,
        lane,
        at: 99,
        attempts: 2,
        reason: "destination down".into(),
        failure: Some(failure(2)),
        deferred,
    }
}

/// Whether an error says that a limit was reached.
pub(super) fn is_full(error: &StoreError, name: &str) -> bool {
    matches!(error, StoreError::Full { limit, .. } if *limit == name)
}

/// Whether an error says that more is asked for than a limit will ever allow.
pub(super) fn is_too_many(error: &StoreError, name: &str) -> bool {
    matches!(error, StoreError::TooMany { limit, .. } if *limit == name)
}
