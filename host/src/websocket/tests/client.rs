//! A host with a client that speaks the protocol.

use std::{net::SocketAddr, time::Duration};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{self, Message, client::IntoClientRequest, protocol::CloseFrame},
};

use crate::{app::Host, config::Config};

pub(super) const CLIENT: &str = "3381af92-2b9e-11e3-b191-71861300734c";
const LIMIT: Duration = Duration::from_secs(20);

/// A host in a temporary directory.
pub(super) struct House {
    pub(super) host: Host,
    _dir: TempDir,
}

impl House {
    pub(super) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(super) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.storage.url = format!("sqlite:{}", dir.path().join("nuncio.db").display());
        config.http.listen = "127.0.0.1:0".parse().unwrap();
        change(&mut config);
        Self { host: Host::start(config).await.unwrap(), _dir: dir }
    }

    pub(super) async fn client(&self) -> Client {
        Client::connect(self.host.websocket_address().unwrap_or_else(|| self.host.address())).await
    }
}

/// A connection.
pub(super) struct Client {
    pub(super) stream: WebSocketStream<TcpStream>,
    pub(super) headers: Value,
}

impl Client {
    pub(super) async fn connect(address: SocketAddr) -> Self {
        Self::try_connect(address, &[]).await.unwrap()
    }

    pub(super) async fn try_connect(
        address: SocketAddr,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, tungstenite::Error> {
        let mut request = format!("ws://{address}/").into_client_request()?;
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        let (stream, _) = client_async(request, TcpStream::connect(address).await.unwrap()).await?;
        Ok(Self { stream, headers: json!({"Client-ID": CLIENT, "X-Project-ID": "p"}) })
    }

    /// Asks, and answers status and body.
    pub(super) async fn ask(&mut self, action: &str, body: Value) -> (u64, Value) {
        self.say(action, &body).await;
        let answer = self.text().await;
        let request = json!({"action": action, "body": body, "headers": self.headers, "api": "v2"});
        assert_eq!(answer["request"], request);
        (answer["headers"]["status"].as_u64().unwrap(), answer["body"].clone())
    }

    /// Asks without waiting for the answer.
    pub(super) async fn say(&mut self, action: &str, body: &Value) {
        let request = json!({"action": action, "headers": self.headers, "body": body});
        self.stream.send(Message::text(request.to_string())).await.unwrap();
    }

    /// The next frame that is no control frame.
    pub(super) async fn frame(&mut self) -> Message {
        loop {
            let next = tokio::time::timeout(LIMIT, self.stream.next()).await.expect("a frame in time");
            match next.expect("an open connection").unwrap() {
                Message::Ping(_) | Message::Pong(_) => {}
                frame => return frame,
            }
        }
    }

    /// The next frame, which is JSON.
    pub(super) async fn text(&mut self) -> Value {
        match self.frame().await {
            Message::Text(text) => serde_json::from_str(&text).unwrap(),
            other => panic!("a text frame, not {other:?}"),
        }
    }

    /// Why the host closes the connection; what comes before is left out.
    pub(super) async fn closed(&mut self) -> CloseFrame {
        loop {
            if let Message::Close(frame) = self.frame().await {
                return frame.expect("a reason");
            }
        }
    }

    pub(super) async fn post(&mut self, queue: &str, bodies: impl IntoIterator<Item = Value>) {
        let messages: Vec<_> = bodies.into_iter().map(|body| json!({"body": body})).collect();
        let (status, body) =
            self.ask("message_post", json!({"queue_name": queue, "messages": messages})).await;
        assert_eq!(status, 201, "{body}");
    }

    /// Makes a stored subscription that can be attached to; its id.
    pub(super) async fn stored(&mut self, queue: &str, uri: &str) -> String {
        let body = json!({"queue_name": queue, "subscriber": uri, "ttl": 600});
        let (status, body) = self.ask("subscription_create", body).await;
        assert_eq!(status, 201, "{body}");
        body["subscription_id"].as_str().unwrap().to_owned()
    }

    pub(super) async fn attach(&mut self, queue: &str, id: &str) -> (u64, Value) {
        self.ask("subscription_attach", json!({"queue_name": queue, "subscription_id": id})).await
    }

    /// The bodies of the next `n` pushes.
    pub(super) async fn pushed(&mut self, n: usize) -> Vec<Value> {
        let mut bodies = Vec::new();
        for _ in 0..n {
            let push = self.text().await;
            assert_eq!(push["Message_Type"], "Notification", "{push}");
            bodies.push(push["body"].clone());
        }
        bodies
    }

    /// Asks until the subscriptions of a queue are so many.
    pub(super) async fn until_subscriptions(&mut self, queue: &str, n: usize) {
        let asked = async {
            loop {
                let (_, body) = self.ask("subscription_list", json!({"queue_name": queue})).await;
                if body["subscriptions"].as_array().unwrap().len() == n {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(LIMIT, asked).await.expect("subscriptions in time");
    }
}
