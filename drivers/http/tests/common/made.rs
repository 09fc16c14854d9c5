//! The driver as a host makes it, and what a host gives it.

use std::{sync::Arc, time::Duration};

use nuncio_driver_http as _;
use nuncio_plugin_sdk::{
    Clock, Content, Context, Driver, Meta, Notice, Options, Recipient, Report, SubscriberUri,
    core::{Linked, inventory, net::Policy},
    serde_json::Value,
};

/// A clock that stands at a time of the Standard Webhooks reference vector.
struct Stopped;

impl Clock for Stopped {
    fn now_ms(&self) -> i64 {
        NOW_MS
    }
}

pub const NOW_MS: i64 = 1_614_265_330_000;

pub fn driver(settings: Value, networks: &[&str]) -> Result<Arc<dyn Driver>, String> {
    let networks: Vec<_> = networks.iter().map(ToString::to_string).collect();
    let context = Context {
        clock: Arc::new(Stopped),
        network: Arc::new(Policy::new(&networks, &[]).unwrap()),
        deadline: Duration::from_secs(30),
    };
    let linked = inventory::iter::<Linked>.into_iter().find(|one| (one.manifest)().name == "http").unwrap();
    (linked.create)(settings, &context).map_err(|error| error.to_string())
}

pub fn on_loopback() -> Arc<dyn Driver> {
    driver(Value::Null, &["127.0.0.0/8"]).unwrap()
}

/// A notice to be delivered, with what a test wants otherwise.
pub struct Letter {
    pub uri: SubscriberUri,
    pub options: Options,
    pub meta: Meta,
    pub content: Content,
    pub body: &'static str,
    pub content_type: &'static str,
    pub patience_ms: i64,
}

impl Letter {
    /// `{"k": "v"}`, posted to the queue `q` with a ttl of 120 s.
    pub fn to(uri: &str) -> Self {
        let mut meta = Meta::default();
        meta.queue = "q".into();
        meta.ttl = 120;
        Self {
            uri: SubscriberUri::parse(uri).unwrap(),
            options: Options::default(),
            meta,
            content: Content::default(),
            body: r#"{"k": "v"}"#,
            content_type: "application/json",
            patience_ms: 10_000,
        }
    }

    pub fn with(mut self, options: Value) -> Self {
        let Value::Object(map) = options else { panic!("options are an object") };
        self.options = Options(map);
        self
    }

    pub fn notice<'a>(&'a self, recipients: &'a [Recipient]) -> Notice<'a> {
        Notice {
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
            attempt: 1,
            now_ms: NOW_MS,
            created_ms: NOW_MS,
            deadline_ms: NOW_MS + self.patience_ms,
            uri: &self.uri,
            recipients,
            content_type: self.content_type,
            body: self.body.as_bytes(),
            content: &self.content,
            options: &self.options,
            meta: &self.meta,
        }
    }

    pub async fn deliver(&self, driver: &dyn Driver) -> Report {
        let recipients = [Recipient { index: 0, address: self.uri.canonical().to_owned() }];
        driver.deliver(&self.notice(&recipients)).await.of(0)
    }
}
