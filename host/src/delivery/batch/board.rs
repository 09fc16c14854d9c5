use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use nuncio_core::{Outcomes, Settle};
use tokio::{sync::oneshot, time::Instant};

use crate::delivery::answer::Answer;

/// Who waits for one item of a batch, and for how long.
pub(super) struct Waiting {
    pub(super) answer: oneshot::Sender<Answer>,
    /// The whole time of the attempt.
    pub(super) deadline: Duration,
    /// When it is over.
    pub(super) until: Instant,
}

/// The items of a batch that have no outcome yet. The first word on an item counts.
pub(super) struct Board(Mutex<Vec<Option<Waiting>>>);

impl Board {
    pub(super) fn new(waiting: Vec<Waiting>) -> Self {
        Self(Mutex::new(waiting.into_iter().map(Some).collect()))
    }

    /// When the next item is too late; `None` when every item has its outcome.
    pub(super) fn next(&self) -> Option<Instant> {
        self.lock().iter().flatten().map(|waiting| waiting.until).min()
    }

    /// Answers for the driver where the time is over.
    pub(super) fn time_out(&self, now: Instant) {
        self.end(|waiting| waiting.until <= now, |waiting| Answer::too_late(waiting.deadline));
    }

    /// Answers all items that are left.
    pub(super) fn close(&self, answer: impl Fn() -> Answer) {
        self.end(|_| true, |_| answer());
    }

    fn end(&self, which: impl Fn(&Waiting) -> bool, answer: impl Fn(&Waiting) -> Answer) {
        for item in self.lock().iter_mut() {
            if let Some(waiting) = item.take_if(|waiting| which(waiting)) {
                let said = answer(&waiting);
                // Who asked may be gone at the end of the process.
                drop(waiting.answer.send(said));
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Option<Waiting>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Settle for Board {
    fn settle(&self, position: usize, outcomes: Outcomes) {
        let waiting = self.lock().get_mut(position).and_then(Option::take);
        if let Some(waiting) = waiting {
            drop(waiting.answer.send(Answer::of(outcomes)));
        }
    }
}
