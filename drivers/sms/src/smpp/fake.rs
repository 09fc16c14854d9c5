//! A message centre in memory, so that its time can be driven: it does what a test says.

use std::{
    fmt, io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use nuncio_plugin_sdk::async_trait;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

use super::{
    endpoint::{Dial, Stream},
    pdu::{Fields, Pdu, command},
};

/// What the centre does.
#[derive(Clone, Debug)]
pub(super) enum Does {
    Says(Pdu),
    HangsUp,
}

/// What it does about a PDU: the number of the connection from 1, the number of the submission from 1 (0 where it is none),
/// and the PDU.
type Script = Box<dyn Fn(usize, usize, &Pdu) -> Vec<Does> + Send + Sync>;

pub(super) struct Centre {
    script: Script,
    pub(super) connections: AtomicUsize,
    submissions: AtomicUsize,
    heard: Mutex<Vec<Pdu>>,
}

/// The way to a [`Centre`].
pub(super) struct Way(pub(super) Arc<Centre>);

impl Centre {
    pub(super) fn that(
        script: impl Fn(usize, usize, &Pdu) -> Vec<Does> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            script: Box::new(script),
            connections: AtomicUsize::new(0),
            submissions: AtomicUsize::new(0),
            heard: Mutex::default(),
        })
    }

    /// What it heard of a command, in order.
    pub(super) fn heard(&self, command: u32) -> Vec<Pdu> {
        self.heard.lock().unwrap().iter().filter(|pdu| pdu.command == command).cloned().collect()
    }

    async fn serve(self: Arc<Self>, mut stream: DuplexStream, connection: usize) {
        let mut octets = Vec::new();
        while let Ok(1..) = stream.read_buf(&mut octets).await {
            while let Ok(Some((pdu, length))) = Pdu::read(&octets) {
                octets.drain(..length);
                self.heard.lock().unwrap().push(pdu.clone());
                let is_submission = pdu.command == command::SUBMIT_SM;
                let number =
                    if is_submission { self.submissions.fetch_add(1, Ordering::SeqCst) + 1 } else { 0 };
                for does in (self.script)(connection, number, &pdu) {
                    let Does::Says(pdu) = does else { return };
                    let mut out = Vec::new();
                    pdu.write(&mut out);
                    if stream.write_all(&out).await.is_err() {
                        return;
                    }
                }
            }
        }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("centre.example:2775")
    }
}

#[async_trait]
impl Dial for Way {
    async fn dial(&self) -> io::Result<Box<dyn Stream>> {
        let connection = self.0.connections.fetch_add(1, Ordering::SeqCst) + 1;
        let (near, far) = duplex(64 * 1024);
        tokio::spawn(self.0.clone().serve(far, connection));
        Ok(Box::new(near))
    }
}

/// Its answer to `pdu` with `status`; a submission that it takes is called `m{number}`.
pub(super) fn answers(number: usize, pdu: &Pdu, status: u32) -> Vec<Does> {
    let body = match pdu.command {
        command::SUBMIT_SM if status == 0 => Fields::default().text(&format!("m{number}")).done(),
        command::SUBMIT_SM | command::ENQUIRE_LINK | command::UNBIND => Vec::new(),
        _ if pdu.is_response() => return Vec::new(),
        _ => Fields::default().text("centre").done(),
    };
    vec![Does::Says(Pdu::answer(pdu, status, body))]
}

/// It takes everything.
pub(super) fn takes(_: usize, number: usize, pdu: &Pdu) -> Vec<Does> {
    answers(number, pdu, 0)
}

/// A `deliver_sm` of a receipt.
pub(super) fn receipt(text: &str) -> Does {
    let body = Fields::default()
        .octets(&[0, 1, 1])
        .text("15551230101")
        .octets(&[0, 0])
        .text("12345")
        .octets(&[4, 0, 0, 0, 0, 0, 0, 0, 0, u8::try_from(text.len()).unwrap()])
        .octets(text.as_bytes())
        .done();
    Does::Says(Pdu::new(command::DELIVER_SM, 77, body))
}
