//! A webhook receiver on loopback that keeps what it was sent.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
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
