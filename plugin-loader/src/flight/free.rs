//! The slots that nobody has: a stack without a lock, since every delivery goes through it twice, and a line of those
//! that wait for one.

use std::sync::atomic::{
    AtomicBool, AtomicU32, AtomicU64, AtomicUsize,
    Ordering::{Relaxed, SeqCst},
};

use tokio::sync::Notify;

/// The end of the stack.
const NONE: u32 = u32::MAX;

/// Indices of free slots, and who waits for one.
#[derive(Debug)]
pub(super) struct Free {
    /// The topmost index, and above it a count of changes: a stack that looks the same but is not is told apart by it.
    top: AtomicU64,
    /// Of each index, the one below it.
    below: Box<[AtomicU32]>,
    waiting: AtomicUsize,
    turn: Notify,
    closed: AtomicBool,
}

/// One who waits.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

impl Free {
    /// All of `count` slots.
    pub(super) fn all(count: u32) -> Self {
        let below = (0..count).map(|index| AtomicU32::new(if index + 1 < count { index + 1 } else { NONE }));
        Self {
            top: AtomicU64::new(if count == 0 { NONE.into() } else { 0 }),
            below: below.collect(),
            waiting: AtomicUsize::new(0),
            turn: Notify::new(),
            closed: AtomicBool::new(false),
        }
    }

    /// One, if there is one and nobody waits.
    pub(super) fn take_now(&self) -> Option<u32> {
        if self.waiting.load(SeqCst) > 0 || self.closed.load(Relaxed) {
            return None;
        }
        self.pop()
    }

    /// One, in turn; none once it is closed.
    pub(super) async fn take(&self) -> Option<u32> {
        self.waiting.fetch_add(1, SeqCst);
        let _waiting = Waiting(&self.waiting);
        loop {
            let mut turn = std::pin::pin!(self.turn.notified());
            // In line before the look: what is put back after it rings.
            turn.as_mut().enable();
            if self.closed.load(SeqCst) {
                return None;
            }
            if let Some(index) = self.pop() {
                return Some(index);
            }
            turn.await;
        }
    }

    /// Puts one back that was taken.
    pub(super) fn put(&self, index: u32) {
        self.push(index);
        if self.waiting.load(SeqCst) > 0 {
            self.turn.notify_one();
        }
    }

    /// Gives nothing any more.
    pub(super) fn close(&self) {
        self.closed.store(true, SeqCst);
        self.turn.notify_waiters();
    }

    /// How many there are; while others take and put, how many there may be.
    pub(super) fn count(&self) -> usize {
        let mut index = self.top.load(SeqCst) as u32;
        (0..self.below.len())
            .take_while(|_| match self.below.get(index as usize) {
                Some(below) => {
                    index = below.load(Relaxed);
                    true
                }
                None => false,
            })
            .count()
    }

    fn pop(&self) -> Option<u32> {
        let mut top = self.top.load(SeqCst);
        loop {
            let index = top as u32;
            let below = self.below.get(index as usize)?.load(Relaxed);
            match self.top.compare_exchange_weak(top, after(top, below), SeqCst, SeqCst) {
                Ok(_) => return Some(index),
                Err(now) => top = now,
            }
        }
    }

    fn push(&self, index: u32) {
        let Some(below) = self.below.get(index as usize) else { return };
        let mut top = self.top.load(SeqCst);
        loop {
            below.store(top as u32, Relaxed);
            match self.top.compare_exchange_weak(top, after(top, index), SeqCst, SeqCst) {
                Ok(_) => return,
                Err(now) => top = now,
            }
        }
    }
}

/// `top` with another index, one change later.
const fn after(top: u64, index: u32) -> u64 {
    ((top >> 32).wrapping_add(1) << 32) | index as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{collections::HashSet, sync::Arc, thread};

    #[test]
    fn each_is_given_once_until_it_is_put_back() {
        let free = Free::all(3);
        let taken: HashSet<_> = std::iter::from_fn(|| free.take_now()).collect();
        assert_eq!((taken, free.count()), (HashSet::from([0, 1, 2]), 0));
        free.put(1);
        assert_eq!((free.count(), free.take_now(), free.take_now()), (1, Some(1), None));
        assert_eq!(Free::all(0).take_now(), None);
    }

    #[test]
    fn threads_never_get_the_same() {
        let free = Arc::new(Free::all(4));
        let held: Arc<Vec<AtomicBool>> = Arc::new((0..4).map(|_| AtomicBool::new(false)).collect());
        let run = || {
            let (free, held) = (Arc::clone(&free), Arc::clone(&held));
            thread::spawn(move || {
                for _ in 0..20_000 {
                    let Some(index) = free.take_now() else { continue };
                    assert!(!held[index as usize].swap(true, SeqCst), "{index} was given twice");
                    held[index as usize].store(false, SeqCst);
                    free.put(index);
                }
            })
        };
        for thread in [run(), run(), run()] {
            thread.join().unwrap();
        }
        assert_eq!(free.count(), 4);
    }

    #[tokio::test]
    async fn who_waits_is_served_before_who_comes() {
        let free = Arc::new(Free::all(1));
        let index = free.take_now().unwrap();
        let waits = tokio::spawn({
            let free = Arc::clone(&free);
            async move { free.take().await }
        });
        while free.waiting.load(SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        free.put(index);
        assert_eq!(free.take_now(), None, "it is promised");
        assert_eq!(waits.await.unwrap(), Some(0));
        let waits = tokio::spawn({
            let free = Arc::clone(&free);
            async move { free.take().await }
        });
        while free.waiting.load(SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        free.close();
        assert_eq!(waits.await.unwrap(), None);
    }
}
