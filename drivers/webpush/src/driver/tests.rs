//! The driver in a host with devices, and a push service that keeps what it is given.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::mpsc::{Receiver, sync_channel},
    thread,
};

use nuncio_plugin_sdk::{
    Device, Driver, Outcome, Report, Scope, SubscriberUri,
    testing::{Host, Letter},
};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::*;
use crate::{seal::tests as example, vapid::tests::RAW};

const NOW_MS: i64 = 1_700_000_000_000;
const OPEN: &[&str] = &["127.0.0.0/8"];

/// A request as it came.
struct Pushed {
    head: String,
    body: Vec<u8>,
}

impl Pushed {
    fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(one, _)| one.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    fn opened(&self) -> Value {
        serde_json::from_slice(&example::opened(&self.body)).unwrap()
    }
}

/// A service on loopback that gives each connection one answer, after it did what `before` does.
fn service(answer: &'static str, before: impl Fn() + Send + 'static) -> (SocketAddr, Receiver<Pushed>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, pushed) = sync_channel(16);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let one = request(&mut stream);
            before();
            write!(stream, "HTTP/1.1 {answer}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
            if sender.send(one).is_err() {
                break;
            }
        }
    });
    (address, pushed)
}

fn request(stream: &mut TcpStream) -> Pushed {
    let (mut read, mut byte) = (Vec::new(), [0]);
    while !read.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        read.push(byte[0]);
    }
    let mut pushed = Pushed { head: String::from_utf8(read).unwrap(), body: Vec::new() };
    pushed.body = vec![0; pushed.header("content-length").unwrap().parse().unwrap()];
    stream.read_exact(&mut pushed.body).unwrap();
    pushed
}

fn browser(address: &str) -> Device {
    let mut device = Device::new("webpush", address);
    device.id = "ann".to_owned();
    device.keys.insert("p256dh".to_owned(), example::BROWSER_PUBLIC.to_owned());
    device.keys.insert("auth".to_owned(), example::AUTH.to_owned());
    device
}

fn settings() -> Value {
    json!({"accounts": {"shop": {"key": RAW, "subject": "mailto:ops@example.org"}}})
}

fn driver(host: &Host) -> Arc<dyn Driver> {
    host.make("webpush", settings(), OPEN).unwrap()
}

/// A host with the device `ann` at this service.
fn host(service: SocketAddr) -> Host {
    Host::new().at(NOW_MS).device(browser(&format!("http://{service}/push/capability")))
}

fn letter() -> Letter {
    Letter::to("webpush:ann").at(NOW_MS).id("delivery-1").project("home").content("Order 7", "It is here", "")
}

fn told(report: &Report) -> (Outcome, Scope, u32) {
    (report.outcome, report.scope, report.code)
}

#[tokio::test]
async fn a_message_reaches_the_browser_alone_and_says_who_sent_it() {
    let (address, pushed) = service("201 Created", || {});
    let host = host(address);
    let body =
        json!({"badge": 2, "webpush": {"urgency": "high", "topic": "order-7", "requireInteraction": true}});
    let letter = letter().options(json!({"ttl": 60})).body("application/json", body.to_string());
    let driver = driver(&host);
    assert_eq!(letter.deliver(&*driver).await.outcome, Outcome::Delivered);
    let one = pushed.recv().unwrap();
    assert!(one.head.starts_with("POST /push/capability HTTP/1.1\r\n"), "{}", one.head);
    for (name, value) in [
        ("ttl", "60"),
        ("urgency", "high"),
        ("topic", "order-7"),
        ("content-encoding", "aes128gcm"),
        ("content-type", "application/octet-stream"),
    ] {
        assert_eq!(one.header(name), Some(value), "{name}");
    }
    assert_eq!(
        one.opened(),
        json!({"id": "delivery-1", "title": "Order 7", "text": "It is here", "badge": 2,
               "options": {"requireInteraction": true}})
    );
    assert!(one.header("authorization").unwrap().starts_with("vapid t="));

    assert_eq!(letter.deliver(&*driver).await.outcome, Outcome::Delivered);
    let again = pushed.recv().unwrap();
    assert_eq!(again.header("authorization"), one.header("authorization"), "a token is used again");
    assert_eq!(again.opened()["id"], "delivery-1");
    assert_ne!(again.body, one.body, "and a key is not");
    assert_eq!(host.asked().first().map(|call| call.project.as_str()), Some("home"));
}

#[tokio::test]
async fn a_browser_that_the_service_forgot_is_gone_unless_it_is_registered_anew() {
    let (address, _pushed) = service("410 Gone", || {});
    let report = letter().deliver(&*driver(&host(address))).await;
    assert_eq!(told(&report), (Outcome::Gone, Scope::Recipient, 410));

    let known = Host::new().at(NOW_MS);
    let meanwhile = known.clone();
    let (address, _pushed) =
        service("404 Not Found", move || meanwhile.register(browser("http://127.0.0.1:9/push/another")));
    known.register(browser(&format!("http://{address}/push/capability")));
    let report = letter().deliver(&*driver(&known)).await;
    assert_eq!(told(&report), (Outcome::Deferred, Scope::Recipient, 404));
    assert!(report.reason.ends_with("another was registered meanwhile"), "{report:?}");
}

#[tokio::test]
async fn a_service_that_is_full_is_left_alone_by_its_own_browsers() {
    let (address, _pushed) = service("429 Too Many Requests\r\nretry-after: 17", || {});
    let report = letter().deliver(&*driver(&host(address))).await;
    assert_eq!(told(&report), (Outcome::Deferred, Scope::Recipient, 429));
    assert_eq!(report.retry_after, Some(std::time::Duration::from_secs(17)));
}

#[tokio::test]
async fn a_tarpit_leaves_room_for_other_services() {
    let tarpit = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = host(tarpit.local_addr().unwrap());
    let driver = driver(&host);
    let (mut sending, mut held) = (JoinSet::new(), Vec::new());
    for _ in 0..16 {
        let driver = Arc::clone(&driver);
        sending.spawn(async move { letter().deliver(&*driver).await.outcome });
        held.push(tarpit.accept().await.unwrap());
    }
    let report = letter().deliver(&*driver).await;
    assert_eq!(told(&report), (Outcome::Deferred, Scope::Recipient, 0));
    assert!(report.reason.contains("`services` of the driver") && !report.maybe_sent, "{report:?}");
    let (address, _pushed) = service("201 Created", || {});
    let mut other = browser(&format!("http://{address}/push/capability"));
    "bob".clone_into(&mut other.id);
    host.register(other);
    let to_bob = Letter::to("webpush:bob").at(NOW_MS).project("home").content("", "It is here", "");
    assert_eq!(to_bob.deliver(&*driver).await.outcome, Outcome::Delivered);
    sending.shutdown().await;
    let mut again = JoinSet::new();
    again.spawn(async move { letter().deliver(&*driver).await.outcome });
    assert!(tarpit.accept().await.is_ok(), "what was given up has left its place");
}

#[tokio::test]
async fn what_cannot_be_pushed_is_refused_before_anything_is_dialled() {
    let host = host(SocketAddr::from(([127, 0, 0, 1], 9)));
    let driver = driver(&host);
    let badge = letter().body("application/json", r#"{"badge": "three"}"#).deliver(&*driver).await;
    assert_eq!(told(&badge), (Outcome::Rejected, Scope::Message, 0));
    assert!(badge.reason.starts_with("/badge: not a whole number"), "{badge:?}");
    let own = letter().body("application/json", r#"{"webpush": {"topic": "a b"}}"#).deliver(&*driver).await;
    assert!(own.outcome == Outcome::Rejected && own.reason.starts_with("/webpush/topic: "), "{own:?}");
    let large = letter().options(json!({"overflow": "refuse"})).content("", &"x".repeat(5_000), "");
    let large = large.deliver(&*driver).await;
    assert_eq!(told(&large), (Outcome::Rejected, Scope::Message, 0));
    let mut public = browser("http://push.example.net/secret");
    public.id = "ann".to_owned();
    host.register(public);
    let report = letter().deliver(&*driver).await;
    assert!(report.outcome == Outcome::Rejected && report.reason.contains("by https"), "{report:?}");
    assert!(!report.reason.contains("secret"), "{report:?}");
}

#[tokio::test]
async fn a_browser_of_an_account_that_is_gone_waits_alone() {
    let mut device = browser("https://push.example.net/a");
    device.account = "club".to_owned();
    let report = letter().deliver(&*driver(&Host::new().at(NOW_MS).device(device))).await;
    assert_eq!(told(&report), (Outcome::Deferred, Scope::Recipient, 0));
    assert!(report.reason.contains("name one of shop"), "{report:?}");
}

#[tokio::test]
async fn a_device_keeps_the_public_key_of_its_account_and_is_refused_with_another() {
    let driver = driver(&Host::new());
    let given = browser("https://push.example.net/a");
    let kept = driver.check_device(given.clone()).await.unwrap();
    assert_eq!(
        (kept.account.as_str(), kept.attributes["key"].as_str()),
        ("default", crate::vapid::tests::PUBLIC)
    );
    let mut other = given.clone();
    other.attributes.insert("key".to_owned(), example::BROWSER_PUBLIC.to_owned());
    assert_eq!(driver.check_device(other).await.unwrap_err().at, "/attributes/key");
    let mut strange = given;
    strange.attributes.insert("a/b".to_owned(), String::new());
    assert_eq!(driver.check_device(strange).await.unwrap_err().at, "/attributes/a~1b");
}

#[tokio::test]
async fn a_uri_is_the_id_of_a_device() {
    let driver = driver(&Host::new());
    let check =
        async |text: &str| driver.check(&SubscriberUri::parse(text).unwrap(), &Options::default()).await;
    let checked = check("WEBPUSH:Ann_laptop-1").await.unwrap();
    assert_eq!(
        (checked.canonical.as_str(), checked.destination.as_str()),
        ("webpush:Ann_laptop-1", "webpush")
    );
    assert!(check(&format!("webpush:{}", "x".repeat(64))).await.is_ok());
    for wrong in ["webpush:a/b", "webpush:a?b", "webpush:a%20b", &format!("webpush:{}", "x".repeat(65))] {
        assert_eq!(check(wrong).await.unwrap_err().at, "uri", "{wrong}");
    }
}

#[tokio::test]
async fn without_an_account_it_waits() {
    let driver = Host::new().make("webpush", json!({}), &[]).unwrap();
    assert!(driver.disabled().is_some_and(|why| why.contains("[drivers.webpush.accounts.NAME]")));
    assert!(super::WebPush::DEVICES && driver.check_device(browser("https://a.example/b")).await.is_err());
}
