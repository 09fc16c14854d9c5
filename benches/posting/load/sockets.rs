//! Messages posted over WebSocket, one a request.

use std::{net::SocketAddr, rc::Rc};

use anyhow::{Context as _, Result, bail, ensure};
use futures_util::{SinkExt as _, StreamExt as _};
use nuncio_benches::{Letter, machine::now_ns};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::Message};

use super::floor::Floor;
use crate::point::Form;

/// Who posts, as over HTTP.
const CLIENT: &str = "11111111-1111-4111-8111-111111111111";
const PROJECT: &str = "benchmark";

/// A connection that posts the same request again and again, with other numbers in it.
pub(super) struct Socket {
    stream: WebSocketStream<TcpStream>,
    form: Form,
    request: Vec<u8>,
    /// Where the letter's number and time stand in it.
    blanks: [usize; 2],
}

impl Socket {
    /// Connects to `host`, to post letters of `bytes` bytes to `queue`.
    ///
    /// # Errors
    /// When nobody there speaks WebSocket.
    pub(super) async fn connect(host: SocketAddr, queue: &str, bytes: usize, form: Form) -> Result<Self> {
        let stream = TcpStream::connect(host).await.with_context(|| format!("connecting to {host}"))?;
        stream.set_nodelay(true)?;
        let (stream, _) = client_async(format!("ws://{host}/"), stream).await?;
        let letter: Value = serde_json::from_slice(Letter::of_size(bytes).text())?;
        let request = json!({
            "action": "message_post",
            "headers": {"Client-ID": CLIENT, "X-Project-ID": PROJECT},
            "body": {"queue_name": queue, "messages": [{"body": letter}]},
        });
        let request = match form {
            Form::Json => request.to_string().into_bytes(),
            Form::MessagePack => rmp_serde::to_vec(&request)?,
        };
        let blanks = Letter::blanks(&request).context("a request holds no letter")?;
        Ok(Self { stream, form, request, blanks })
    }

    /// Posts the letter `number`, stamped with `stamp`.
    async fn post(&mut self, number: u64, stamp: u64) -> Result<()> {
        let [at, time] = self.blanks;
        Letter::digits(&mut self.request[at..], number);
        Letter::digits(&mut self.request[time..], stamp);
        let frame = match self.form {
            Form::Json => Message::text(String::from_utf8(self.request.clone())?),
            Form::MessagePack => Message::binary(self.request.clone()),
        };
        self.stream.send(frame).await?;
        loop {
            let said = self.stream.next().await.context("the host closed the connection")??;
            match said {
                Message::Text(_) | Message::Binary(_) => {
                    let said = said.into_data();
                    let shown = String::from_utf8_lossy(&said);
                    ensure!(self.form.created(&said), "a post was answered {shown}");
                    return Ok(());
                }
                Message::Ping(_) | Message::Pong(_) => {}
                other => bail!("a post was answered {other:?}"),
            }
        }
    }
}

impl Form {
    /// Whether an answer has the status 201.
    fn created(self, answer: &[u8]) -> bool {
        let told: &[u8] = match self {
            Self::Json => b"\"status\": 201",
            // A text of 6 bytes, and an integer of 8 bits.
            Self::MessagePack => b"\xa6status\xcc\xc9",
        };
        answer.windows(told.len()).any(|window| window == told)
    }
}

/// Posts whenever the last post was answered.
pub(super) async fn post(floor: Rc<Floor>, mut socket: Socket) -> Result<()> {
    while floor.open() {
        let stamp = now_ns();
        socket.post(floor.number(), stamp).await?;
        floor.finish(stamp);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_created_is_told_from_what_was_not_in_both_forms() {
        for (status, created) in [(201, true), (403, false)] {
            let answer = json!({"body": {}, "headers": {"status": status}});
            let text = answer.to_string().replace(':', ": ");
            assert_eq!(Form::Json.created(text.as_bytes()), created);
            assert_eq!(Form::MessagePack.created(&rmp_serde::to_vec(&answer).unwrap()), created);
        }
    }
}
