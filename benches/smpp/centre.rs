//! A message centre on a thread of its own: takes every SMS, at once or after a while.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use anyhow::Result;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    time::Instant,
};

use crate::wire::{ANSWER, SUBMIT, take, write};

/// The centre.
#[derive(Debug)]
pub(crate) struct Centre {
    address: SocketAddr,
    taken: Arc<AtomicUsize>,
}

impl Centre {
    /// Starts one that answers after `delay`.
    pub(crate) fn start(delay: Duration) -> Result<Self> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let taken = Arc::new(AtomicUsize::new(0));
        let counted = taken.clone();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        thread::spawn(move || {
            runtime.block_on(async {
                let Ok(listener) = TcpListener::from_std(listener) else { return };
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(converse(stream, delay, counted.clone()));
                }
            });
        });
        Ok(Self { address, taken })
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many SMS it took.
    pub(crate) fn taken(&self) -> usize {
        self.taken.load(Ordering::SeqCst)
    }
}

/// Answers that wait for their time, in reads.
const WAITING: usize = 4096;

async fn converse(stream: TcpStream, delay: Duration, taken: Arc<AtomicUsize>) {
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let (mut reader, mut writer) = stream.into_split();
    let (ready, mut waiting) = mpsc::channel::<(Instant, Vec<u8>)>(WAITING);
    let answering = tokio::spawn(async move {
        while let Some((due, answers)) = waiting.recv().await {
            tokio::time::sleep_until(due).await;
            if writer.write_all(&answers).await.is_err() {
                return;
            }
        }
    });
    let mut octets = Vec::new();
    while let Ok(1..) = reader.read_buf(&mut octets).await {
        let mut answers = Vec::new();
        let (mut count, mut slow) = (0, false);
        take(&mut octets, |command, sequence| {
            let is_submission = command == SUBMIT;
            count += usize::from(is_submission);
            slow |= is_submission;
            write(
                &mut answers,
                command | ANSWER,
                sequence,
                if is_submission { b"1234567890\0" } else { b"c\0" },
            );
        });
        taken.fetch_add(count, Ordering::SeqCst);
        let due = Instant::now() + if slow { delay } else { Duration::ZERO };
        if ready.send((due, answers)).await.is_err() {
            return;
        }
    }
    drop(ready);
    drop(answering.await);
}
