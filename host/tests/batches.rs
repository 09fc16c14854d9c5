//! A linked driver that takes batches, in a whole host: what is ready together reaches it together, and each item ends
//! in its own way.

// The lint knows test functions, not what helps them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard},
};

use futures_util::future::join_all;
use nuncio_host::{app::Host, config::Config};
use nuncio_plugin_sdk::{
    Batch, Context, Driver, Limits, Notice, Outcome, Outcomes, Plugin, Report, Scope, SettingsError,
    async_trait, register_driver, serde_json::json,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::Notify,
};

static SIZES: Mutex<Vec<usize>> = Mutex::new(Vec::new());
static PANIC: Notify = Notify::const_new();

/// Does what its URI says: `obey:ok`, `obey:retry`, `obey:sleep`, `obey:panic`.
struct Obey;

#[async_trait]
impl Driver for Obey {
    async fn deliver(&self, _: &Notice<'_>) -> Outcomes {
        Report::rejected(Scope::Message, "asked for one alone").into()
    }

    async fn deliver_batch(&self, batch: &Batch<'_>) {
        sizes().push(batch.notices().len());
        join_all(batch.notices().iter().enumerate().map(|(position, notice)| async move {
            match notice.uri.canonical() {
                "obey:ok" => batch.settle(position, Outcome::Delivered),
                "obey:retry" => batch.settle(position, Report::deferred(Scope::Recipient, "busy")),
                "obey:panic" => {
                    PANIC.notified().await;
                    panic!("as told");
                }
                _ => std::future::pending().await,
            }
        }))
        .await;
    }
}

impl Plugin for Obey {
    const NAME: &'static str = "obey";
    const SCHEMES: &'static [&'static str] = &["obey"];
    const TITLE: &'static str = "Does as it is told";
    type Settings = ();

    fn limits() -> Limits {
        Limits::default().batch(8)
    }

    fn new((): (), _: &Context) -> Result<Self, SettingsError> {
        Ok(Self)
    }
}

register_driver!(Obey);

fn sizes() -> MutexGuard<'static, Vec<usize>> {
    SIZES.lock().unwrap()
}

/// A notification to `to`, whose failures are tried again much later.
async fn notify(host: &Host, to: serde_json::Value) {
    let options = json!({"retry": {"schedule": ["1h"]}});
    let body = json!({"to": to, "content": "x", "options": options}).to_string();
    let mut stream = TcpStream::connect(host.address()).await.unwrap();
    let head = format!(
        "POST /v2/notifications HTTP/1.1\r\nhost: localhost\r\nx-project-id: p\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
}

#[tokio::test]
async fn each_item_of_a_mixed_batch_ends_in_its_own_way() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config::default();
    config.storage.url = format!("sqlite:{}", folder.path().join("nuncio.db").display());
    config.http.listen = "127.0.0.1:0".parse().unwrap();
    let host = Host::start(config).await.unwrap();
    let mut observed = host.observe();
    let sleep = json!({"uri": "obey:sleep", "options": {"deadline": "1s"}});
    notify(&host, json!(["obey:ok", sleep, "obey:panic", "obey:retry"])).await;
    let mut ends = BTreeMap::new();
    while ends.len() < 4 {
        let one = observed.recv().await.unwrap();
        if one.uri == "obey:sleep" {
            // The panic comes last: it must not reach those that have their outcome.
            PANIC.notify_one();
        }
        ends.insert(one.uri, (one.outcome, one.reason));
    }
    let expected = [
        ("obey:ok", Outcome::Delivered, ""),
        ("obey:panic", Outcome::Deferred, "the driver panicked: as told"),
        ("obey:retry", Outcome::Deferred, "busy"),
        ("obey:sleep", Outcome::Deferred, "no answer within 1000 ms"),
    ];
    let expected = expected.map(|(uri, outcome, reason)| (uri.to_owned(), (outcome, reason.to_owned())));
    assert_eq!(ends, BTreeMap::from(expected));
    assert_eq!(*sizes(), [4]);
    host.stop().await;
}
