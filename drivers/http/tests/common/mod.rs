//! A webhook receiver on loopback that keeps what it was sent, and the driver as a host makes it.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use nuncio_driver_http as _;
use nuncio_plugin_sdk::{
    Clock, Content, Context, Driver, Meta, Notice, Options, Recipient, Report, SubscriberUri,
    core::{Linked, inventory, net::Policy},
    serde_json::Value,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

/// One request that arrived.
#[derive(Clone, Debug)]
pub struct Arrived {
    pub line: String,
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

/// The receiver. The answer is written as it stands; an empty one closes the connection, `None` never comes.
pub struct Receiver {
    pub url: String,
    arrived: Arc<Mutex<Vec<Arrived>>>,
}

impl Receiver {
    pub async fn answering(answer: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
        let arrived = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&arrived);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&kept), answer));
            }
        });
        Self { url, arrived }
    }

    pub async fn status(answer: &'static str) -> Self {
        Self::answering(Some(answer)).await
    }

    pub fn arrived(&self) -> Vec<Arrived> {
        self.arrived.lock().unwrap().clone()
    }

    pub fn only(&self) -> Arrived {
        let arrived = self.arrived();
        assert_eq!(arrived.len(), 1, "{arrived:?}");
        arrived[0].clone()
    }
}

async fn serve(stream: TcpStream, kept: Arc<Mutex<Vec<Arrived>>>, answer: Option<&'static str>) {
    let mut stream = BufReader::new(stream);
    while let Some(one) = request(&mut stream).await {
        kept.lock().unwrap().push(one);
        match answer {
            Some("") => return,
            Some(answer) => stream.write_all(answer.as_bytes()).await.unwrap(),
            None => std::future::pending().await,
        }
    }
}

async fn request(stream: &mut BufReader<TcpStream>) -> Option<Arrived> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok().filter(|bytes| *bytes > 0)?;
    let mut headers = BTreeMap::new();
    loop {
        let mut header = String::new();
        stream.read_line(&mut header).await.ok()?;
        let Some((name, value)) = header.trim().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(Arrived { line: line.trim().to_owned(), headers, body: String::from_utf8(body).unwrap() })
}

/// A clock that stands at a time of the Standard Webhooks reference vector.
pub struct Stopped(AtomicI64);

impl Clock for Stopped {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

pub const NOW_MS: i64 = 1_614_265_330_000;

pub fn driver(settings: Value, networks: &[&str]) -> Result<Arc<dyn Driver>, String> {
    let networks: Vec<_> = networks.iter().map(ToString::to_string).collect();
    let context = Context {
        clock: Arc::new(Stopped(AtomicI64::new(NOW_MS))),
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
