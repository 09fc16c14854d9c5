//! Lines on their way to a process.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde_json::json;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use super::{message::ToChild, options::LINE_BYTES};

/// Kibibytes of notices that wait to be written; beyond it deliveries wait before they are put into words: 32 MiB.
const ROOM_KIB: u32 = 32 << 10;
/// Bytes that are written at once, unless one line is longer.
const WRITE: usize = 64 << 10;

/// A part of the room, given back when the line is written or taken out.
pub(super) type Room = Arc<OwnedSemaphorePermit>;

/// Lines on their way to a process. What bounds them: the room and the slots of notices, the slots of calls.
#[derive(Debug)]
pub(super) struct Outbox {
    batch: usize,
    room: Arc<Semaphore>,
    queue: Mutex<Queue>,
    more: Notify,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<Waiting>,
    cancelled: Vec<u64>,
    last: Option<Vec<u8>>,
}

#[derive(Debug)]
enum Waiting {
    Notice { token: u64, json: Vec<u8>, room: Room },
    Line { line: Vec<u8>, permit: Option<OwnedSemaphorePermit> },
}

/// What is to be written now.
#[derive(Debug, Default)]
pub(super) struct Taken {
    /// Whole lines.
    pub(super) bytes: Vec<u8>,
    /// The notices among them.
    pub(super) tokens: Vec<u64>,
    /// Whether nothing comes after it.
    pub(super) last: bool,
    held: Vec<Room>,
    permits: Vec<OwnedSemaphorePermit>,
}

impl Outbox {
    /// For a driver that takes `batch` notices at once.
    pub(super) fn new(batch: u32) -> Self {
        Self {
            batch: batch.max(1) as usize,
            room: Arc::new(Semaphore::new(ROOM_KIB as usize)),
            queue: Mutex::default(),
            more: Notify::new(),
        }
    }

    /// Waits for room for about `bytes`; `None` when the process has ended.
    pub(super) async fn room(&self, bytes: usize) -> Option<Room> {
        let kib = u32::try_from(bytes / 1024 + 1).unwrap_or(ROOM_KIB).min(ROOM_KIB);
        Some(Arc::new(Arc::clone(&self.room).acquire_many_owned(kib).await.ok()?))
    }

    /// Puts notices in line: token and item (`{"token":...,"notice":...}`) of each.
    pub(super) fn notices(&self, items: Vec<(u64, Vec<u8>)>, room: &Room) {
        let items = items.into_iter();
        self.lock().waiting.extend(items.map(|(token, json)| Waiting::Notice {
            token,
            json,
            room: Arc::clone(room),
        }));
        self.more.notify_one();
    }

    /// Takes a notice out that was not written yet. Says whether it was there.
    pub(super) fn withdraw(&self, token: u64) -> bool {
        let mut queue = self.lock();
        let place = queue
            .waiting
            .iter()
            .position(|one| matches!(one, Waiting::Notice { token: other, .. } if *other == token));
        place.and_then(|place| queue.waiting.remove(place)).is_some()
    }

    /// Tells the process that nobody waits for `token`.
    pub(super) fn cancel(&self, token: u64) {
        self.lock().cancelled.push(token);
        self.more.notify_one();
    }

    /// Puts a line in line; `permit` is given back when it is written. Says whether it is short enough.
    pub(super) fn line(&self, message: &ToChild, permit: Option<OwnedSemaphorePermit>) -> bool {
        let line = line(message);
        let fits = line.len() <= LINE_BYTES;
        if fits {
            self.lock().waiting.push_back(Waiting::Line { line, permit });
            self.more.notify_one();
        }
        fits
    }

    /// `message` is the last line: nothing is taken afterwards.
    pub(super) fn last(&self, message: &ToChild) {
        self.lock().last = Some(line(message));
        self.more.notify_one();
    }

    /// The process has ended: nobody waits for room any longer.
    pub(super) fn end(&self) {
        self.room.close();
        *self.lock() = Queue::default();
    }

    /// Waits for something to write.
    pub(super) async fn take(&self) -> Taken {
        loop {
            let taken = self.lock().take(self.batch);
            if !taken.bytes.is_empty() {
                return taken;
            }
            self.more.notified().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn take(&mut self, batch: usize) -> Taken {
        let mut taken = Taken::default();
        if !self.cancelled.is_empty() {
            let tokens = std::mem::take(&mut self.cancelled);
            taken.bytes.extend(line(&ToChild::Cancel { tokens }));
        }
        while taken.bytes.len() < WRITE {
            match self.waiting.pop_front() {
                Some(Waiting::Line { line, permit }) => {
                    taken.bytes.extend(line);
                    taken.permits.extend(permit);
                }
                Some(Waiting::Notice { token, json, room }) => {
                    let first = (token, json, room);
                    self.take_notices(first, batch, &mut taken);
                }
                None => break,
            }
        }
        if self.waiting.is_empty()
            && let Some(last) = self.last.take()
        {
            taken.bytes.extend(last);
            taken.last = true;
        }
        taken
    }

    /// `first`, and the notices right behind it as far as one message may hold them.
    fn take_notices(&mut self, first: (u64, Vec<u8>, Room), batch: usize, taken: &mut Taken) {
        let (mut token, mut json, mut room) = first;
        if batch == 1 {
            taken.notice(token, room);
            taken.bytes.extend_from_slice(br#"{"type":"notice","#);
            taken.bytes.extend_from_slice(json.get(1..).unwrap_or_default());
            taken.bytes.push(b'\n');
            return;
        }
        taken.bytes.extend_from_slice(br#"{"type":"batch","notices":["#);
        let mut length = 0;
        for n in 1.. {
            length += json.len();
            taken.notice(token, room);
            taken.bytes.append(&mut json);
            let fits = n < batch && length < WRITE;
            if !fits || !matches!(self.waiting.front(), Some(Waiting::Notice { .. })) {
                break;
            }
            let Some(Waiting::Notice { token: t, json: j, room: r }) = self.waiting.pop_front() else {
                break;
            };
            (token, json, room) = (t, j, r);
            taken.bytes.push(b',');
        }
        taken.bytes.extend_from_slice(b"]}\n");
    }
}

impl Taken {
    fn notice(&mut self, token: u64, room: Room) {
        self.tokens.push(token);
        self.held.push(room);
    }
}

/// A message as a line.
fn line(message: &ToChild) -> Vec<u8> {
    // Nothing in a message can fail to be JSON: no map has keys other than texts.
    let mut line =
        serde_json::to_vec(message).unwrap_or_else(|_| json!({"type": "unknown"}).to_string().into());
    line.push(b'\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    async fn filled(batch: u32, notices: u64) -> Outbox {
        let outbox = Outbox::new(batch);
        let room = outbox.room(10).await.unwrap();
        let items = (1..=notices).map(|n| (n, format!(r#"{{"token":{n},"notice":{{}}}}"#).into_bytes()));
        outbox.notices(items.collect(), &room);
        outbox
    }

    async fn lines(outbox: &Outbox) -> Vec<ToChild> {
        let taken = outbox.take().await;
        let lines = taken.bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines.map(|line| serde_json::from_slice(line).unwrap()).collect()
    }

    #[tokio::test]
    async fn notices_go_one_by_one_or_as_many_as_the_driver_takes() {
        let sizes = |lines: Vec<ToChild>| {
            lines
                .iter()
                .map(|line| if let ToChild::Batch { notices } = line { notices.len() } else { 0 })
                .collect::<Vec<_>>()
        };
        assert_eq!(sizes(lines(&filled(1, 2).await).await), [0, 0]);
        assert_eq!(sizes(lines(&filled(3, 7).await).await), [3, 3, 1]);
    }

    #[tokio::test]
    async fn what_is_not_written_can_be_withdrawn_and_what_is_written_is_cancelled_first() {
        let outbox = filled(1, 2).await;
        assert!(outbox.withdraw(1) && !outbox.withdraw(1));
        outbox.cancel(9);
        let lines = lines(&outbox).await;
        assert!(
            matches!(&lines[..], [ToChild::Cancel { tokens }, ToChild::Notice(two)] if tokens == &[9] && two.token == 2)
        );
    }

    #[tokio::test]
    async fn no_more_waits_than_there_is_room_for() {
        let outbox = Outbox::new(1);
        let all = outbox.room(usize::MAX).await.unwrap();
        let mut next = Box::pin(outbox.room(1));
        assert!((&mut next).now_or_never().is_none());
        outbox.notices(vec![(1, b"{}".to_vec())], &all);
        drop(all);
        assert!((&mut next).now_or_never().is_none());
        drop(outbox.take().await);
        assert!(next.await.is_some(), "what was written gave its room back");
        outbox.end();
        assert!(outbox.room(1).await.is_none());
    }

    #[tokio::test]
    async fn the_last_line_comes_after_all_others() {
        let outbox = filled(1, 1).await;
        outbox.last(&ToChild::Shutdown { grace_ms: 5 });
        let taken = outbox.take().await;
        assert!(taken.last && taken.bytes.ends_with(b"{\"type\":\"shutdown\",\"grace_ms\":5}\n"));
    }
}
