//! A client of the WebSocket transport. What is not its own is tungstenite's.

use std::{
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{self, Message, WebSocket};

use crate::http::PROJECT;

const CLIENT: &str = "4481af92-2b9e-11e3-b191-71861300734c";
const PATIENCE: Duration = Duration::from_secs(60);

/// A connection of one client.
pub struct Socket {
    stream: WebSocket<TcpStream>,
}

impl Socket {
    /// Connects to a host.
    #[must_use]
    #[track_caller]
    pub fn connect(host: SocketAddr) -> Self {
        let stream = TcpStream::connect(host).expect("the host listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket of ours");
        let (stream, _) =
            tungstenite::client(format!("ws://{host}/"), stream).expect("the host speaks WebSocket");
        Self { stream }
    }

    /// Shows a token; the status of the answer.
    #[track_caller]
    pub fn authenticate(&mut self, token: &str) -> u64 {
        let headers = json!({"X-Auth-Token": token, "X-Project-ID": PROJECT});
        self.reply(&json!({"action": "authenticate", "headers": headers})).0
    }

    /// Waits until the host closes the connection, and says with which code and reason (RFC 6455, section 7.1.6).
    #[must_use]
    #[track_caller]
    pub fn closed(&mut self) -> (u16, String) {
        loop {
            if let Message::Close(frame) = self.stream.read().expect("a close frame") {
                let frame = frame.expect("a reason");
                return (frame.code.into(), frame.reason.to_string());
            }
        }
    }

    /// Asks, and answers with the body of the reply, which must have `status`.
    #[track_caller]
    pub fn ask(&mut self, action: &str, body: &Value, status: u64) -> Value {
        let (answered, answer) = self.answered(action, body);
        assert_eq!(answered, status, "{action} {body}: {answer}");
        answer
    }

    /// Asks, and answers with the status and the body of the reply.
    #[track_caller]
    pub fn answered(&mut self, action: &str, body: &Value) -> (u64, Value) {
        let headers = json!({"Client-ID": CLIENT, "X-Project-ID": PROJECT});
        self.reply(&json!({"action": action, "headers": headers, "body": body}))
    }

    fn reply(&mut self, request: &Value) -> (u64, Value) {
        self.stream.send(Message::text(request.to_string())).expect("an open connection");
        let mut answer = self.frame().expect("an answer");
        (answer["headers"]["status"].as_u64().expect("a status"), answer["body"].take())
    }

    /// The next frame; none where the connection has ended, or nothing comes for a minute.
    pub fn frame(&mut self) -> Option<Value> {
        loop {
            match self.stream.read() {
                Ok(Message::Text(text)) => return Some(serde_json::from_str(&text).expect("JSON")),
                Ok(Message::Ping(_) | Message::Pong(_)) => {}
                Ok(_) | Err(_) => return None,
            }
        }
    }

    /// Attaches to a stored subscription.
    #[track_caller]
    pub fn attach(&mut self, queue: &str, subscription: &str) {
        let body = json!({"queue_name": queue, "subscription_id": subscription});
        self.ask("subscription_attach", &body, 200);
    }
}
