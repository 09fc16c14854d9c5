//! What is encrypted is nowhere in the files, and comes back to whom it belongs.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use nuncio_core::{Attributes, Clock, EPOCH_MS, Kind, MessageId, Options as Wishes, SubscriptionId};
use rusqlite::Connection;
use serde_json::json;
use tokio::sync::mpsc;

use super::file_of;
use crate::storage::{
    Accepted, Addressed, Catalog, Committed, Deliveries, Draft, Intake, NewSubscription, NewTarget, Post,
    Pull, Pulled, Store, StoreError, Subscribed,
    sqlite::{Limits, OpenError, Options, SealingKey, Sqlite},
};

/// What must not be found in any file.
const SECRETS: [&str; 6] = [
    "body in the clear",
    "attribute in the clear",
    "pa55word",
    "hook-token",
    "signing secret",
    "second body",
];

struct Still;

impl Clock for Still {
    fn now_ms(&self) -> i64 {
        EPOCH_MS + 1_000_000
    }
}

struct Bench {
    dir: tempfile::TempDir,
    store: Arc<Sqlite>,
    published: mpsc::Receiver<Committed>,
}

fn open(
    path: PathBuf,
    key: Option<SealingKey>,
) -> Result<(Arc<Sqlite>, mpsc::Receiver<Committed>), OpenError> {
    let (published, receiver) = mpsc::channel(1024);
    let options = Options { path, log: 0, key, limits: Limits::default(), clock: Arc::new(Still), published };
    Ok((Sqlite::open(options)?, receiver))
}

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (store, published) = open(dir.path().join("n.db"), None).unwrap();
        Self { dir, store, published }
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("n.db")
    }

    async fn encrypts(&self, queue: &str) {
        let metadata = json!({"_enable_encrypt_messages": true}).as_object().unwrap().clone();
        assert!(self.store.queue_put("p", queue, metadata).await.unwrap());
    }

    async fn post(&self, queue: &str, body: &str) -> Accepted {
        let attributes = json!({"kind": "attribute in the clear"}).as_object().unwrap().clone();
        let draft = Draft {
            content_type: "application/json".into(),
            headers: [].into(),
            attributes: Attributes::new(attributes.into_iter().collect()).unwrap(),
            body: Bytes::from(format!("\"{body}\"")),
            ttl: 600,
            delay: None,
            deliver_at: 0,
            deliver_until: 0,
        };
        let post = Post {
            project: "p".into(),
            to: Addressed::Queue(queue.into()),
            kind: Kind::Notification,
            client: String::new(),
            drafts: vec![draft],
            dedup: None,
        };
        self.store.accept(post).await.unwrap()
    }

    async fn pulled(&self, id: MessageId) -> Result<Vec<Pulled>, StoreError> {
        self.store.messages_by_id("p", "q", vec![id]).await
    }

    /// The secrets that are in the files of the database.
    fn found(&self) -> Vec<&'static str> {
        found(self.dir.path())
    }
}

fn found(folder: &Path) -> Vec<&'static str> {
    let files = std::fs::read_dir(folder).unwrap().map(|file| std::fs::read(file.unwrap().path()).unwrap());
    let all: Vec<u8> = files.flatten().collect();
    let holds = |secret: &&str| all.windows(secret.len()).any(|part| part == secret.as_bytes());
    SECRETS.into_iter().filter(holds).collect()
}

const URI: &str = "https://ann:pa55word@hooks.example/hook-token";

async fn subscribed(bench: &Bench, queue: &str) -> SubscriptionId {
    let target = NewTarget {
        driver: "http".into(),
        destination: "https://hooks.example:443".into(),
        lane_key: String::new(),
        rules: nuncio_core::LaneRules::default(),
        uri: URI.into(),
        redacted: "https://***@hooks.example/***".into(),
        addresses: vec![URI.into()],
        options: Wishes(json!({"secret": "signing secret"}).as_object().unwrap().clone()),
    };
    let new = NewSubscription { uri_key: URI.into(), target, ttl: 0, asking: None, bound: false };
    match bench.store.subscribe("p", queue, new).await.unwrap() {
        Subscribed::New(id) | Subscribed::Exists { id, .. } => id,
    }
}

#[tokio::test]
async fn nothing_of_an_encrypted_queue_or_a_subscriber_stands_in_a_file() {
    let mut bench = Bench::new();
    bench.encrypts("q").await;
    let subscription = subscribed(&bench, "q").await;
    let id = bench.post("q", "body in the clear").await.ids[0];
    assert_eq!(bench.found(), Vec::<&str>::new());
    assert_eq!(subscribed(&bench, "q").await, subscription, "the same URI is known by its fingerprint");
    let fresh = loop {
        let committed = bench.published.recv().await.unwrap();
        if let Some(fresh) = committed.fresh.first() {
            break fresh.clone();
        }
    };
    let view = bench.store.target(fresh.target).await.unwrap().unwrap();
    assert_eq!(
        (&*view.uri, &*view.addresses[0], view.options.text("secret")),
        (URI, URI, Some("signing secret"))
    );
    let row = bench.store.subscription("p", "q", subscription).await.unwrap().unwrap();
    assert_eq!((&*row.uri, row.options.text("secret")), (URI, Some("signing secret")));
    let message = bench.store.message(id).await.unwrap().unwrap();
    assert_eq!((&*message.body, message.attributes.is_empty()), (&b"\"body in the clear\""[..], false));
    let pulled = bench.pulled(id).await.unwrap();
    assert_eq!((&pulled[0].body, &pulled[0].attributes), (&message.body, &message.attributes));
    bench.store.close().await;
    assert_eq!(bench.found(), Vec::<&str>::new());
}

#[tokio::test]
async fn a_queue_that_does_not_ask_is_not_encrypted_and_what_it_holds_stays_readable() {
    let bench = Bench::new();
    let clear = bench.post("q", "body in the clear").await.ids[0];
    assert_eq!(bench.found(), ["body in the clear", "attribute in the clear"]);
    let row = bench.store.queue("p", "q").await.unwrap().unwrap();
    let metadata = json!({"_enable_encrypt_messages": true}).as_object().unwrap().clone();
    bench.store.queue_metadata("p", "q", row.version, metadata).await.unwrap();
    let sealed = bench.post("q", "second body").await.ids[0];
    assert!(!bench.found().contains(&"second body"));
    for (id, body) in [(clear, "\"body in the clear\""), (sealed, "\"second body\"")] {
        assert_eq!(bench.pulled(id).await.unwrap()[0].body, body);
    }
}

#[tokio::test]
async fn what_was_moved_to_another_row_does_not_open() {
    let bench = Bench::new();
    bench.encrypts("q").await;
    let ids =
        [bench.post("q", "body in the clear").await.ids[0], bench.post("q", "second body").await.ids[0]];
    let swap = move |commit: &mut crate::storage::sqlite::commit::Commit<'_>| {
        let sql = "UPDATE message SET body = (SELECT body FROM message WHERE id = ?1) WHERE id = ?2";
        commit.db.execute(sql, [ids[0].0, ids[1].0])?;
        Ok(())
    };
    bench.store.writer.change(0, swap).await.unwrap();
    assert!(bench.pulled(ids[0]).await.is_ok());
    let refused = bench.pulled(ids[1]).await.unwrap_err();
    assert!(matches!(refused, StoreError::Corrupt(_)), "{refused}");
}

#[cfg(unix)]
#[tokio::test]
async fn the_key_is_made_once_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let bench = Bench::new();
    let key = file_of(&bench.path());
    let made = std::fs::read(&key).unwrap();
    assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    bench.store.close().await;
    let (store, _published) = open(bench.path(), None).unwrap();
    store.close().await;
    assert_eq!(std::fs::read(&key).unwrap(), made);
    let names = std::fs::read_dir(bench.dir.path()).unwrap().map(|one| one.unwrap().file_name());
    assert!(names.into_iter().all(|name| !name.to_string_lossy().ends_with(".new")));
}

#[tokio::test]
async fn a_database_without_its_key_is_refused_with_what_to_do() {
    let bench = Bench::new();
    bench.store.close().await;
    let (path, key) = (bench.path(), file_of(&bench.path()));
    let own = std::fs::read_to_string(&key).unwrap();
    std::fs::remove_file(&key).unwrap();
    let missing = open(path.clone(), None).unwrap_err().to_string();
    assert!(missing.contains("n.db.key") && missing.contains("encryption_key"), "{missing}");
    assert!(!key.exists(), "no other key is made");
    let other = SealingKey::parse(&"ab".repeat(32));
    let wrong = open(path.clone(), other).unwrap_err().to_string();
    assert!(wrong.contains("[storage] encryption_key is not that of"), "{wrong}");
    std::fs::write(&key, "cd".repeat(32)).unwrap();
    assert!(matches!(open(path.clone(), None), Err(OpenError::KeyWrong { .. })));
    std::fs::write(&key, "no key").unwrap();
    assert!(matches!(open(path.clone(), None), Err(OpenError::KeyUnreadable { .. })));
    let (store, _published) = open(path, SealingKey::parse(&own)).unwrap();
    store.close().await;
}

#[tokio::test]
async fn what_an_earlier_version_left_is_sealed_at_the_first_start() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("n.db");
    let old = Connection::open(&path).unwrap();
    for script in [include_str!("../schema.sql"), include_str!("../schema_2.sql")] {
        old.execute_batch(script).unwrap();
    }
    old.execute_batch(&format!(
        "PRAGMA user_version = 2; PRAGMA application_id = 0x4e756e63;
         INSERT INTO log (id, low_message, low_idx, last_id) VALUES (0, 0, 0, 0);
         INSERT INTO project VALUES (1, 'p'); INSERT INTO queue VALUES (1, 1, 'q', '{{}}', 1, 0, 0, 0, 0);
         INSERT INTO lane (id, project, driver, destination, key) VALUES (1, 1, 'http', 'd', '');
         INSERT INTO target (id, subscription, project, driver, lane, uri, redacted, recipients, addresses, options, born)
             VALUES (1, 1, 1, 'http', 1, '{URI}', 'r', 1, '[\"{URI}\"]', '{{\"secret\": \"signing secret\"}}', 0);
         INSERT INTO subscription (id, project, queue, uri_key, ttl, since, expires, confirmed, target, state, moving)
             VALUES (1, 1, 1, '{URI}', 0, 0, 0, 0, 1, 0, 0);
         INSERT INTO gone VALUES (1, '{URI}', 5);"
    ))
    .unwrap();
    drop(old);
    assert!(!found(dir.path()).is_empty());
    let (store, published) = open(path, None).unwrap();
    let bench = Bench { dir, store, published };
    assert_eq!(subscribed(&bench, "q").await, SubscriptionId(1), "it is the same subscriber");
    let view = bench.store.target(nuncio_core::TargetId(1)).await.unwrap().unwrap();
    assert_eq!((&*view.uri, &view.gone[..]), (URI, &[URI.to_owned()][..]));
    assert_eq!(view.options.text("secret"), Some("signing secret"));
    bench.store.close().await;
    assert_eq!(bench.found(), Vec::<&str>::new());
}
