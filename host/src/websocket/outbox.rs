//! What is to be pushed on one connection: bounded in bytes, so that who does not read holds up nobody else.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{Notify, oneshot};
use tokio_tungstenite::tungstenite::Message;

/// A frame to be pushed.
pub(super) struct Push {
    /// It.
    pub(super) frame: Message,
    /// Told once it is written.
    pub(super) written: oneshot::Sender<()>,
}

/// What is to be pushed on one connection.
pub(crate) struct Outbox {
    most: usize,
    state: Mutex<State>,
    filled: Notify,
    room: Notify,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Push>,
    /// Bytes that are not written yet, those in the hands of the writer too.
    bytes: usize,
    closed: bool,
}

impl Outbox {
    /// One for at most `most` bytes; a single frame may have more.
    pub(super) fn new(most: usize) -> Self {
        Self { most, state: Mutex::default(), filled: Notify::new(), room: Notify::new() }
    }

    /// Puts a frame in, once there is room for it. The answer comes when it is written, and never where the connection
    /// ends before. `None` where it has ended already.
    pub(super) async fn push(&self, frame: Message) -> Option<oneshot::Receiver<()>> {
        loop {
            // Made before it is looked, so that no word of room is missed.
            let room = self.room.notified();
            {
                let mut state = self.lock();
                if state.closed {
                    return None;
                }
                if state.bytes == 0 || state.bytes + frame.len() <= self.most {
                    let (written, receiver) = oneshot::channel();
                    state.bytes += frame.len();
                    state.queue.push_back(Push { frame, written });
                    self.filled.notify_one();
                    return Some(receiver);
                }
            }
            room.await;
        }
    }

    /// Waits for frames and takes them all.
    pub(super) async fn taken(&self) -> VecDeque<Push> {
        loop {
            let queue = std::mem::take(&mut self.lock().queue);
            if !queue.is_empty() {
                return queue;
            }
            self.filled.notified().await;
        }
    }

    /// So many bytes of what was taken are written.
    pub(super) fn written(&self, bytes: usize) {
        let mut state = self.lock();
        state.bytes = state.bytes.saturating_sub(bytes);
        drop(state);
        self.room.notify_waiters();
    }

    /// Takes nothing any more, and lets go what was not written.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.queue.clear();
        drop(state);
        self.room.notify_waiters();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn frame(bytes: usize) -> Message {
        Message::binary(vec![0; bytes])
    }

    #[tokio::test]
    async fn frames_come_in_order_and_are_answered_once_written() {
        let outbox = Outbox::new(10);
        let first = outbox.push(frame(1)).await.unwrap();
        let mut second = outbox.push(frame(2)).await.unwrap();
        let taken = outbox.taken().await;
        assert_eq!(taken.iter().map(|push| push.frame.len()).collect::<Vec<_>>(), [1, 2]);
        let mut taken = taken.into_iter();
        taken.next().unwrap().written.send(()).unwrap();
        assert_eq!(first.await, Ok(()));
        assert!(second.try_recv().is_err());
        drop(taken);
        assert!(second.await.is_err());
    }

    #[tokio::test]
    async fn what_is_not_written_counts_and_the_next_waits_for_room() {
        let outbox = Outbox::new(10);
        drop(outbox.push(frame(6)).await.unwrap());
        let mut next = std::pin::pin!(outbox.push(frame(5)));
        assert!(next.as_mut().now_or_never().is_none());
        assert_eq!(outbox.taken().await.len(), 1);
        assert!(next.as_mut().now_or_never().is_none());
        outbox.written(6);
        assert!(next.await.is_some());
    }

    #[tokio::test]
    async fn a_single_frame_may_be_larger_than_the_bound() {
        assert!(Outbox::new(10).push(frame(11)).await.is_some());
    }

    #[tokio::test]
    async fn what_is_closed_answers_nobody() {
        let outbox = Outbox::new(10);
        let waiting = outbox.push(frame(9)).await.unwrap();
        let mut next = std::pin::pin!(outbox.push(frame(5)));
        assert!(next.as_mut().now_or_never().is_none());
        outbox.close();
        assert!(waiting.await.is_err() && next.await.is_none());
        assert!(outbox.push(frame(1)).await.is_none());
    }
}
