//! Questions to a process that wait for its reply.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use nuncio_core::Refusal;
use serde_json::Value;
use tokio::sync::{Semaphore, SemaphorePermit, oneshot};

use super::message::{Blob, Status};

/// Questions that wait at once; more wait before they are asked.
const CALLS: usize = 64;

/// What a process answered.
#[derive(Debug)]
pub(super) struct Replied {
    pub(super) status: Status,
    pub(super) json: Value,
    pub(super) blob: Blob,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unanswered {
    /// There is no such method.
    #[error("there is no such method, though the manifest lists it")]
    Unsupported,
    /// What was asked about is wrong.
    #[error("the question was refused")]
    Invalid(Vec<Refusal>),
    /// It could not be answered: why.
    #[error("{0}")]
    Failed(String),
}

/// The questions of one life of a process.
#[derive(Debug)]
pub(super) struct Calls {
    slots: Semaphore,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    last: u64,
    waiting: HashMap<u64, oneshot::Sender<Replied>>,
    ended: bool,
}

/// A question that was asked: taken out when it is dropped.
pub(super) struct Asked<'a> {
    calls: &'a Calls,
    pub(super) id: u64,
    reply: oneshot::Receiver<Replied>,
    _slot: SemaphorePermit<'a>,
}

impl Calls {
    pub(super) fn new() -> Self {
        Self { slots: Semaphore::new(CALLS), open: Mutex::default() }
    }

    /// Opens a question; `None` when the process has ended.
    pub(super) async fn open(&self) -> Option<Asked<'_>> {
        let slot = self.slots.acquire().await.ok()?;
        let (sender, reply) = oneshot::channel();
        let mut open = self.lock();
        if open.ended {
            return None;
        }
        open.last += 1;
        let id = open.last;
        open.waiting.insert(id, sender);
        drop(open);
        Some(Asked { calls: self, id, reply, _slot: slot })
    }

    /// The process replied to `id`. Says whether somebody waited for it.
    pub(super) fn replied(&self, id: u64, replied: Replied) -> bool {
        let waiting = self.lock().waiting.remove(&id);
        waiting.is_some_and(|sender| sender.send(replied).is_ok())
    }

    /// The process has ended: nothing is answered any longer.
    pub(super) fn end(&self) {
        let mut open = self.lock();
        open.ended = true;
        open.waiting.clear();
        drop(open);
        self.slots.close();
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Asked<'_> {
    /// The reply; `None` when the process ended first.
    pub(super) async fn reply(&mut self) -> Option<Replied> {
        (&mut self.reply).await.ok()
    }
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        self.calls.lock().waiting.remove(&self.id);
    }
}

impl Replied {
    /// The answer, or why there is none.
    pub(super) fn answer(self) -> Result<(Value, Blob), Unanswered> {
        let failed = |json: Value| match json {
            Value::String(why) => why,
            Value::Null => "it gave no reason".to_owned(),
            other => other.to_string(),
        };
        match self.status {
            Status::Ok => Ok((self.json, self.blob)),
            Status::Unsupported => Err(Unanswered::Unsupported),
            Status::Failed => Err(Unanswered::Failed(failed(self.json))),
            Status::Invalid => {
                let refusals = serde_json::from_value::<Vec<Refusal>>(self.json.clone());
                Err(refusals.map_or_else(|_| Unanswered::Failed(failed(self.json)), Unanswered::Invalid))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn replied(status: Status, json: Value) -> Replied {
        Replied { status, json, blob: Blob::default() }
    }

    #[tokio::test]
    async fn a_reply_finds_its_question_once() {
        let calls = Calls::new();
        let mut asked = calls.open().await.unwrap();
        assert!(calls.replied(asked.id, replied(Status::Ok, json!(1))));
        assert!(!calls.replied(asked.id, replied(Status::Ok, json!(2))));
        assert_eq!(asked.reply().await.unwrap().json, json!(1));
    }

    #[tokio::test]
    async fn nothing_waits_for_a_process_that_has_ended() {
        let calls = Calls::new();
        let mut asked = calls.open().await.unwrap();
        calls.end();
        assert!(asked.reply().await.is_none() && calls.open().await.is_none());
    }

    #[test]
    fn a_refusal_that_is_none_is_a_failure() {
        let invalid = replied(Status::Invalid, json!([{"at": "/cc", "why": "no"}])).answer();
        assert_eq!(invalid.unwrap_err(), Unanswered::Invalid(vec![Refusal::new("/cc", "no")]));
        let odd = replied(Status::Invalid, json!("nonsense")).answer();
        assert_eq!(odd.unwrap_err(), Unanswered::Failed("nonsense".to_owned()));
    }
}
