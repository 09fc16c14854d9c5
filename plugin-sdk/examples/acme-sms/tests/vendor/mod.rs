//! Acme's API as its documentation would show it, on loopback.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use nuncio_plugin_sdk::serde_json::{Value, from_slice, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

pub const KEY: &str = "key-of-the-tests";

/// A request that came.
#[derive(Clone, Debug)]
pub struct Came {
    pub headers: BTreeMap<String, String>,
    pub body: Value,
}

/// The vendor. It takes a message once by its `idempotency-key`, and answers by its number.
pub struct Vendor {
    pub api: String,
    came: Arc<Mutex<Vec<Came>>>,
}

impl Vendor {
    pub async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let api = format!("http://{}/v1/", listener.local_addr().expect("it is bound"));
        let came = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&came);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&kept)));
            }
        });
        Self { api, came }
    }

    pub fn came(&self) -> Vec<Came> {
        self.came.lock().expect("nobody panicked").clone()
    }
}

async fn serve(stream: TcpStream, kept: Arc<Mutex<Vec<Came>>>) {
    let mut stream = BufReader::new(stream);
    while let Some((line, came)) = request(&mut stream).await {
        let answer = answer(&line, &came);
        kept.lock().expect("nobody panicked").push(came);
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// Numbers that end in these digits get these answers.
fn answer(line: &str, came: &Came) -> String {
    if line != "POST /v1/messages HTTP/1.1" {
        return response("404 Not Found", "", &json!({}));
    }
    if came.headers.get("authorization").map(String::as_str) != Some(&format!("Bearer {KEY}")) {
        return response("401 Unauthorized", "", &json!({"code": 1, "message": "no such key"}));
    }
    let to = came.body["to"].as_str().unwrap_or_default();
    let refused = |code: u32, message: &str| {
        response("400 Bad Request", "", &json!({"code": code, "message": message}))
    };
    match to.get(to.len().saturating_sub(3)..).unwrap_or_default() {
        "021" => refused(21, "no such number"),
        "022" => refused(22, "the number is no longer in service"),
        "030" => refused(30, "the text is not allowed"),
        "402" => response("402 Payment Required", "", &json!({"code": 2, "message": "no credit"})),
        "429" => response("429 Too Many Requests", "retry-after: 7\r\n", &json!({})),
        "202" => response("202 Accepted", "", &json!("not what the documentation says")),
        _ => response("202 Accepted", "", &json!({"id": format!("m-{to}"), "parts": 3})),
    }
}

fn response(status: &str, header: &str, body: &Value) -> String {
    let body = body.to_string();
    format!("HTTP/1.1 {status}\r\n{header}content-length: {}\r\n\r\n{body}", body.len())
}

async fn request(stream: &mut BufReader<TcpStream>) -> Option<(String, Came)> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok().filter(|bytes| *bytes > 0)?;
    let mut headers = BTreeMap::new();
    loop {
        let mut header = String::new();
        stream.read_line(&mut header).await.ok()?;
        let Some((name, value)) = header.trim().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let mut body = vec![0; headers.get("content-length")?.parse().ok()?];
    stream.read_exact(&mut body).await.ok()?;
    Some((line.trim().to_owned(), Came { headers, body: from_slice(&body).ok()? }))
}
