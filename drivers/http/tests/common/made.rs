//! The driver as a host makes it, and what a host gives it.

use std::sync::Arc;

use nuncio_driver_http as _;
use nuncio_plugin_sdk::{
    Content, Driver, Meta, Notice, Options, Recipient, Report, SubscriberUri, serde_json::Value,
    testing::made_at,
};

use super::receiver::{Arrived, Receiver};

/// A time of the Standard Webhooks reference vector.
pub const NOW_MS: i64 = 1_614_265_330_000;

pub fn driver(settings: Value, networks: &[&str]) -> Result<Arc<dyn Driver>, String> {
    made_at(NOW_MS, "http", settings, networks).map_err(|error| error.to_string())
}

pub fn on_loopback() -> Arc<dyn Driver> {
    driver(Value::Null, &["127.0.0.0/8"]).unwrap()
}

/// A notice to be delivered, with what a test wants otherwise.
pub struct Letter {
    pub uri: SubscriberUri,
    pub options: Options,
    pub meta: Meta<'static>,
    pub content: Content<'static>,
    pub body: &'static str,
    pub content_type: &'static str,
    pub patience_ms: i64,
}

impl Letter {
    /// `{"k": "v"}`, posted to the queue `q` with a ttl of 120 s.
    pub fn to(uri: &str) -> Self {
        let mut meta = Meta::default();
        meta.queue = "q";
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

    pub fn notice<'a>(&'a self, recipients: &'a [Recipient<'a>]) -> Notice<'a> {
        let mut notice = Notice::new("msg_p5jXN8AQM9LWM0D4loKWxJek", &self.uri, recipients, &self.options);
        notice.now_ms = NOW_MS;
        notice.created_ms = NOW_MS;
        notice.deadline_ms = NOW_MS + self.patience_ms;
        notice.content_type = self.content_type;
        notice.body = self.body.as_bytes();
        notice.content = self.content;
        notice.meta = self.meta;
        notice
    }

    pub async fn deliver(&self, driver: &dyn Driver) -> Report {
        let recipients = [Recipient::new(0, self.uri.canonical())];
        driver.deliver(&self.notice(&recipients)).await.of(0)
    }

    /// What arrives of it with these options.
    pub async fn sent(&mut self, options: Value) -> Arrived {
        let receiver = Receiver::status("HTTP/1.1 204 No Content\r\n\r\n").await;
        self.uri = SubscriberUri::parse(&receiver.url).unwrap();
        let Value::Object(map) = options else { panic!("options are an object") };
        self.options = Options(map);
        self.deliver(&*on_loopback()).await;
        receiver.only()
    }
}
