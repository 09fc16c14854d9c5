//! A push service for browsers, and the browsers that it knows.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Stdio},
    sync::mpsc::{Receiver, sync_channel},
    thread,
    time::Duration,
};

use serde_json::{Value, json};

use crate::{http::Client, node::node};

/// How long the service may take to begin, and a push to come.
const PATIENCE: Duration = Duration::from_secs(30);

/// npm's `web-push-testing`: it hands out subscriptions, verifies tokens, and decrypts what it is given with `http_ece`.
#[derive(Debug)]
pub struct PushService {
    address: SocketAddr,
    lines: Receiver<String>,
    child: Child,
}

/// A browser that subscribed at a [`PushService`].
#[derive(Clone, Debug)]
pub struct Browser {
    /// What its page was given: `endpoint`, and `keys` with `p256dh` and `auth`.
    pub subscription: Value,
}

impl PushService {
    /// Starts one on a free loopback port.
    #[must_use]
    #[track_caller]
    pub fn start() -> Self {
        let mut program = node("webpush", "service.js");
        let program = program.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = program.spawn().expect("node: `./tests/run` installs what the tests need");
        let out = BufReader::new(child.stdout.take().expect("its output is a pipe"));
        let (sender, lines) = sync_channel(1024);
        thread::spawn(move || {
            out.lines().map_while(Result::ok).try_for_each(|line| sender.send(line).ok());
        });
        let port = lines.recv_timeout(PATIENCE).ok().and_then(|line| line.parse().ok());
        let address = SocketAddr::from(([127, 0, 0, 1], port.expect("the port of the push service")));
        Self { address, lines, child }
    }

    /// Has a browser subscribe for pages of the server with this public key.
    #[must_use]
    #[track_caller]
    pub fn subscribe(&self, key: &str) -> Browser {
        let options = json!({"userVisibleOnly": "true", "applicationServerKey": key});
        Browser { subscription: self.ask("/subscribe", &options)["data"].clone() }
    }

    /// Ends the subscription of `browser`, as when its person takes the permission back.
    #[track_caller]
    pub fn expire(&self, browser: &Browser) {
        self.ask(&format!("/expire-subscription/{}", browser.hash()), &json!({}));
    }

    /// The next push that came, of whatever browser: its `ttl`, `urgency` and `topic`. Waits for it.
    #[must_use]
    #[track_caller]
    pub fn pushed(&self) -> Value {
        let line = self.lines.recv_timeout(PATIENCE).expect("a push");
        serde_json::from_str(&line).expect("our own script")
    }

    /// What the service worker of `browser` was given so far, decrypted.
    #[must_use]
    #[track_caller]
    pub fn shown(&self, browser: &Browser) -> Vec<String> {
        let answer = self.ask("/get-notifications", &json!({"clientHash": browser.hash()}));
        serde_json::from_value(answer["data"]["messages"].clone()).expect("a list of texts")
    }

    #[track_caller]
    fn ask(&self, path: &str, body: &Value) -> Value {
        let mut client = Client::connect(self.address).expect("the push service");
        let headers = [("content-type", "application/json")];
        let answer = client.send("POST", path, &headers, body.to_string().as_bytes()).expect("an answer");
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        assert_eq!(answer.status, 200, "{path}: {text}");
        serde_json::from_str(&text).unwrap_or(Value::String(text))
    }
}

impl Drop for PushService {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Browser {
    /// As the body of `PUT /v2/devices/{id}`.
    #[must_use]
    pub fn device(&self) -> Value {
        json!({"scheme": "webpush", "address": self.subscription["endpoint"], "keys": self.subscription["keys"]})
    }

    #[track_caller]
    fn hash(&self) -> &str {
        self.subscription["clientHash"].as_str().expect("the service's name of a subscription")
    }
}
