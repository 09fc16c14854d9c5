//! What only this store can do wrong: full disks, bad operations, damaged rows, slices.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use bytes::Bytes;
use nuncio_core::{
    Attributes, Clock, Cursor, Deferred, DeliveryKey, EPOCH_MS, MessageId, Settlement, State, Why,
};
use rusqlite::{Connection, functions::FunctionFlags};
use tokio::sync::mpsc;

use super::{OpenError, Options, Sqlite};
use crate::storage::{
    Accepted, Addressed, Addressee, Asking, Catalog, Committed, Deliveries, DeliveryFilter, Draft, Intake,
    NewSubscription, NewTarget, Post, Purge, Store, StoreError, Wording,
};

struct Turned(AtomicI64);

impl Clock for Turned {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

struct Bench {
    _dir: tempfile::TempDir,
    path: PathBuf,
    store: Arc<Sqlite>,
    _published: mpsc::Receiver<Committed>,
}

fn open(path: &Path) -> Result<(Arc<Sqlite>, mpsc::Receiver<Committed>), OpenError> {
    let (published, receiver) = mpsc::channel(1024);
    let clock = Arc::new(Turned(AtomicI64::new(EPOCH_MS + 1_000)));
    let options =
        Options { path: path.into(), log: 0, key: None, limits: super::Limits::default(), clock, published };
    Ok((Sqlite::open(options)?, receiver))
}

fn bench() -> Bench {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("n.db");
    let (store, published) = open(&path).unwrap();
    Bench { _dir: dir, path, store, _published: published }
}

impl Bench {
    async fn post(&self, count: usize, bytes: usize) -> Result<Accepted, StoreError> {
        let post = Post {
            project: "p".into(),
            to: Addressed::Queue("q".into()),
            kind: nuncio_core::Kind::Notification,
            client: String::new(),
            drafts: vec![draft(bytes); count],
            dedup: None,
        };
        self.store.accept(post).await
    }

    async fn subscribe(&self) {
        self.store.subscribe("p", "q", wish()).await.unwrap();
    }

    /// Lets the file grow by `pages` and no more: what a full disk is to SQLite. `None` for no end.
    async fn room(&self, pages: Option<u32>) {
        let set = move |commit: &mut super::commit::Commit<'_>| {
            let now: u32 = commit.db.pragma_query_value(None, "page_count", |row| row.get(0))?;
            let most = pages.map_or(u32::MAX - 1, |pages| now + pages);
            commit.db.pragma_update_and_check(None, "max_page_count", most, |_| Ok(()))?;
            Ok(())
        };
        self.store.writer.change(0, set).await.unwrap();
    }

    /// Does to the file what nobody should.
    async fn execute(&self, sql: &'static str) {
        let change = move |commit: &mut super::commit::Commit<'_>| Ok(commit.db.execute_batch(sql)?);
        self.store.writer.change(0, change).await.unwrap();
    }

    fn count(&self, sql: &str) -> i64 {
        Connection::open(&self.path).unwrap().query_row(sql, [], |row| row.get(0)).unwrap()
    }
}

fn draft(bytes: usize) -> Draft {
    Draft {
        content_type: String::new(),
        headers: BTreeMap::new(),
        attributes: Attributes::default(),
        body: Bytes::from(vec![b'1'; bytes]),
        ttl: 60,
        delay: None,
        deliver_at: 0,
        deliver_until: 0,
    }
}

fn wish() -> NewSubscription {
    let target = NewTarget {
        driver: "http".into(),
        destination: "a".into(),
        lane_key: String::new(),
        rules: nuncio_core::LaneRules::default(),
        uri: "http://a/".into(),
        redacted: "http://a/".into(),
        addresses: vec!["http://a/".into()],
        options: Default::default(),
    };
    NewSubscription { uri_key: "http://a/".into(), target, ttl: 0, asking: None, bound: false }
}

fn delivered(id: MessageId) -> Settlement {
    let key = DeliveryKey::new(id, 0);
    Settlement::Closed { key, state: State::Delivered, n: 1, at: 7, code: 200, deferred: false }
}

#[tokio::test]
async fn a_second_host_is_refused_and_the_first_goes_on() {
    let bench = bench();
    let refused = open(&bench.path).unwrap_err();
    assert!(matches!(&refused, OpenError::InUse { pid, .. } if *pid == std::process::id().to_string()));
    bench.post(1, 1).await.unwrap();
    bench.store.close().await;
    assert!(open(&bench.path).is_ok());
}

#[tokio::test]
async fn on_a_full_disk_nothing_is_acknowledged_and_later_all_goes_on() {
    let bench = bench();
    let before = bench.post(1, 10).await.unwrap().ids[0];
    bench.room(Some(4)).await;
    let refused = bench.post(1, 1 << 20).await.unwrap_err();
    assert!(matches!(&refused, StoreError::NoSpace(_)), "{refused}");
    assert_eq!(bench.store.standing().await.unwrap().head, before);
    bench.room(None).await;
    let after = bench.post(1, 1 << 20).await.unwrap().ids[0];
    assert!(after > before);
    assert_eq!(bench.count("SELECT count(*) FROM queued"), 2);
}

#[tokio::test]
async fn settlements_that_fail_are_tried_again_before_those_after_them() {
    let bench = bench();
    bench.subscribe().await;
    let ids = bench.post(2, 1).await.unwrap().ids;
    bench
        .execute("CREATE TRIGGER broken BEFORE INSERT ON outcome BEGIN SELECT RAISE(ABORT, 'broken'); END")
        .await;
    let (told, mut failures) = mpsc::channel(64);
    let failed = Arc::new(move |why: String| assert!(why.contains("broken") && told.try_send(()).is_ok()));
    let low = |n: usize| Cursor { message: ids[n], idx: 1 };
    let first = bench.store.record(vec![delivered(ids[0])], Vec::new(), low(0), failed.clone());
    let second = bench.store.record(Vec::new(), Vec::new(), low(1), failed.clone());
    let mend = async {
        failures.recv().await.unwrap();
        failures.recv().await.unwrap();
        assert_eq!(bench.store.standing().await.unwrap().low, Cursor::default());
        bench.post(1, 1).await.unwrap();
        bench.execute("DROP TRIGGER broken").await;
    };
    let (first, second, ()) = tokio::join!(first, second, mend);
    assert_eq!((first, second), (Ok(()), Ok(())));
    assert_eq!(bench.store.standing().await.unwrap().low, low(1));
    assert_eq!(bench.count("SELECT count(*) FROM outcome"), 1);
}

#[tokio::test]
async fn one_bad_operation_fails_alone() {
    let bench = bench();
    let bad = bench.store.writer.change(0, |commit| {
        commit.db.execute("INSERT INTO project (name) VALUES ('half')", [])?;
        commit.db.execute("INSERT INTO nowhere VALUES (1)", [])?;
        Ok(())
    });
    let (good, bad, other) = tokio::join!(bench.post(2, 1), bad, bench.post(1, 1));
    assert!(matches!(bad, Err(StoreError::Unavailable(_))));
    assert_eq!((good.unwrap().ids.len(), other.unwrap().ids.len()), (2, 1));
    assert_eq!(bench.count("SELECT count(*) FROM project WHERE name = 'half'"), 0);
    assert_eq!(bench.count("SELECT count(*) FROM message"), 3);
}

#[tokio::test]
async fn an_outcome_that_cannot_be_read_does_not_stop_recovery() {
    let bench = bench();
    bench.subscribe().await;
    let ids = bench.post(3, 1).await.unwrap().ids;
    for id in &ids {
        let failed = Arc::new(|why: String| panic!("{why}"));
        bench.store.record(vec![delivered(*id)], Vec::new(), Cursor::default(), failed).await.unwrap();
    }
    assert_eq!(bench.count("SELECT count(*) FROM outcome"), 3);
    bench.execute("UPDATE outcome SET packed = x'63' WHERE seq = 2").await;
    let page = bench.store.scan(Cursor::default(), 100).await.unwrap();
    assert_eq!(page.fresh.iter().map(|one| one.message).collect::<Vec<_>>(), [ids[1]]);
    assert!(page.end);
}

#[tokio::test]
async fn targets_that_cannot_be_read_do_not_stop_recovery() {
    let bench = bench();
    bench.subscribe().await;
    let ids = bench.post(3, 1).await.unwrap().ids;
    bench
        .execute("UPDATE message SET matched = x'' WHERE id = (SELECT id FROM message LIMIT 1 OFFSET 1)")
        .await;
    let page = bench.store.scan(Cursor::default(), 100).await.unwrap();
    assert_eq!(page.fresh.iter().map(|one| one.message).collect::<Vec<_>>(), [ids[0], ids[2]]);
    let error = bench.store.message(ids[1]).await.unwrap_err();
    assert!(matches!(error, StoreError::Corrupt(_)), "{error}");
}

#[tokio::test]
async fn a_waiting_row_that_cannot_be_read_is_buried_and_holds_up_nothing() {
    let bench = bench();
    bench.subscribe().await;
    let accepted = bench.post(3, 1).await.unwrap();
    let lane = bench.store.standing().await.unwrap().lanes[0].id;
    let wait = |id: &MessageId| Settlement::Deferred {
        row: Deferred {
            key: DeliveryKey::new(*id, 0),
            first: 0,
            target: accepted.matched[0][0].target,
            lane,
            due: 500,
            not_before: 0,
            why: Why::Retry,
            n: 1,
            tries: 1,
            since: 1,
            bytes: 1,
            post: 0,
            until: 0,
        },
        failure: None,
    };
    let failed = Arc::new(|why: String| panic!("{why}"));
    let low = Cursor { message: MessageId(i64::MAX), idx: 0 };
    bench.store.record(accepted.ids.iter().map(wait).collect(), Vec::new(), low, failed).await.unwrap();
    bench
        .execute(
            "UPDATE deferred SET why = 99 WHERE message = (SELECT max(message) FROM deferred);
             UPDATE deferred SET idx = -7 WHERE message = (SELECT min(message) FROM deferred)",
        )
        .await;
    let beginning = (i64::MIN, DeliveryKey::new(MessageId::NONE, 0));
    for _ in 0..2 {
        let page = bench.store.load(lane, beginning, i64::MAX, 10).await.unwrap();
        assert_eq!(page.rows.iter().map(|row| row.key.message).collect::<Vec<_>>(), [accepted.ids[1]]);
    }
    let buried = bench.store.delivery("p", DeliveryKey::new(accepted.ids[2], 0)).await.unwrap().unwrap();
    assert_eq!(buried.state, State::Dead);
    assert!(buried.reason.contains("deferred.why is 99"), "{}", buried.reason);
    assert_eq!(bench.store.gauges().await.unwrap().tally.dead, 1);
    assert_eq!(bench.count("SELECT count(*) FROM deferred"), 1);
}

#[tokio::test]
async fn a_damaged_page_fails_what_needs_it_and_is_told() {
    let bench = bench();
    bench.post(1, 1).await.unwrap();
    let page = bench.count("SELECT rootpage FROM sqlite_schema WHERE name = 'dead_project'");
    bench.store.close().await;
    spoil(&bench.path, page);
    let (store, _published) = open(&bench.path).unwrap();
    let dead = DeliveryFilter { state: Some(State::Dead), limit: 1, ..DeliveryFilter::default() };
    let error = store.deliveries("p", dead).await.unwrap_err();
    assert!(matches!(error, StoreError::Damaged(_)), "{error}");
    assert_eq!(store.gauges().await.unwrap().ailments, [error.to_string()]);
    assert!(store.check().await.is_ok());
}

#[tokio::test]
async fn after_a_crash_a_damaged_page_is_found_at_the_start() {
    let bench = bench();
    bench.post(1, 1).await.unwrap();
    let page = bench.count("SELECT rootpage FROM sqlite_schema WHERE name = 'dead_project'");
    bench.execute("UPDATE log SET last_id = last_id").await;
    let crashed = bench.path.with_file_name("crashed.db");
    Connection::open(&bench.path)
        .unwrap()
        .query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
        .unwrap();
    bench.post(1, 1).await.unwrap();
    std::fs::copy(&bench.path, &crashed).unwrap();
    std::fs::copy(bench.path.with_file_name("n.db-wal"), bench.path.with_file_name("crashed.db-wal"))
        .unwrap();
    spoil(&crashed, page);
    let refused = open(&crashed).unwrap_err();
    assert!(matches!(refused, OpenError::Damaged { .. }), "{refused}");
    assert!(refused.to_string().contains("restore a backup"), "{refused}");
}

/// Overwrites a page of the file.
fn spoil(path: &Path, page: i64) {
    use std::io::{Seek, SeekFrom, Write};
    let mut file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
    file.seek(SeekFrom::Start((page.unsigned_abs() - 1) * 4096)).unwrap();
    file.write_all(&[0xa5; 4096]).unwrap();
}

#[tokio::test]
async fn the_rows_of_an_emptied_queue_go_in_slices() {
    let bench = bench();
    bench.post(2500, 1).await.unwrap();
    bench.store.queue_purge("p", "q", Purge { messages: true, subscriptions: false }).await.unwrap();
    bench.post(1, 1).await.unwrap();
    while bench.count("SELECT count(*) FROM queue WHERE sweep = 1") > 0 {
        bench.store.check().await.unwrap();
    }
    assert_eq!(bench.count("SELECT count(*) FROM queued"), 1);
}

#[tokio::test]
async fn asking_many_within_a_second_looks_at_each_a_few_times() {
    const MANY: usize = 200;
    let bench = bench();
    let looks = Arc::new(AtomicI64::new(0));
    let counted = Arc::clone(&looks);
    let count = move |commit: &mut super::commit::Commit<'_>| {
        let fingerprint = move |call: &rusqlite::functions::Context<'_>| {
            counted.fetch_add(1, Ordering::SeqCst);
            call.get::<String>(0)
        };
        Ok(commit.db.create_scalar_function("fingerprint", 1, FunctionFlags::SQLITE_UTF8, fingerprint)?)
    };
    bench.store.writer.change(0, count).await.unwrap();
    let one = |n: usize| Addressee {
        address: format!("{n}@a.example"),
        counted: format!("{n}@a.example"),
        most: (1, "most"),
        target: None,
    };
    let wording = Wording::new(|_| Some(draft(1)));
    let asking =
        Asking { of: (0..MANY).map(one).collect(), wording: Some(wording), ttl: 60, period_ms: 60_000 };
    bench.store.subscribe("p", "q", NewSubscription { asking: Some(asking), ..wish() }).await.unwrap();
    assert_eq!(bench.count("SELECT count(DISTINCT expires) FROM asked"), MANY as i64);
    let looks = looks.load(Ordering::SeqCst);
    assert!(looks < 10 * MANY as i64, "{looks} fingerprints for {MANY} questions");
}

#[tokio::test]
async fn a_thousand_successes_are_one_row() {
    let bench = bench();
    bench.subscribe().await;
    let ids = bench.post(1000, 1).await.unwrap().ids;
    let failed = Arc::new(|why: String| panic!("{why}"));
    bench
        .store
        .record(ids.iter().map(|id| delivered(*id)).collect(), Vec::new(), Cursor::default(), failed)
        .await
        .unwrap();
    let blocks: std::collections::BTreeSet<_> = ids.iter().map(|id| id.block()).collect();
    assert_eq!(bench.count("SELECT count(*) FROM outcome"), blocks.len() as i64);
    assert!(bench.store.scan(Cursor::default(), 10).await.unwrap().fresh.is_empty());
}

#[tokio::test]
async fn a_post_that_cannot_be_written_whole_is_not_written_at_all() {
    let bench = bench();
    bench.post(1, 10).await.unwrap();
    bench.execute("CREATE TRIGGER t BEFORE INSERT ON queued BEGIN SELECT raise(ABORT, 'no'); END").await;
    assert!(matches!(bench.post(2, 10).await, Err(StoreError::Unavailable(_))));
    assert_eq!(bench.count("SELECT count(*) FROM message"), 1);
    bench.execute("DROP TRIGGER t").await;
    bench.post(2, 10).await.unwrap();
    assert_eq!(bench.count("SELECT count(*) FROM queued"), 3);
}

#[tokio::test]
async fn a_queue_that_is_made_again_takes_messages_of_its_own() {
    let bench = bench();
    bench.post(1, 10).await.unwrap();
    bench.store.queue_delete("p", "q").await.unwrap();
    bench.post(1, 10).await.unwrap();
    assert_eq!(bench.count("SELECT count(DISTINCT queue) FROM message"), 2);
}
