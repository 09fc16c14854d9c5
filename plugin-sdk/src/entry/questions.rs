//! Questions to the host that wait for their answer: each gets one, or none in time.

use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use nuncio_core::abi::{self, Status};
use serde::{Deserialize, de::DeserializeOwned};
use tokio::{sync::oneshot, time::timeout};

/// How long the host may take. It gives up by itself after the same time, so that an answer is nearly always there.
const PATIENCE: Duration = Duration::from_secs(6);

/// What a host answers where the status is not `OK`.
#[derive(Deserialize)]
struct Why {
    why: String,
}

type Answer = (Status, Vec<u8>);

/// Questions to the host, by the token of their call.
#[derive(Debug, Default)]
pub(super) struct Questions {
    last: AtomicU64,
    open: Mutex<HashMap<u64, oneshot::Sender<Answer>>>,
}

/// A question that is asked; taken out when it is dropped.
#[derive(Debug)]
pub(super) struct Question<'a> {
    all: &'a Questions,
    token: u64,
    answer: oneshot::Receiver<Answer>,
}

impl Questions {
    /// The token of a call whose answer nobody waits for.
    pub(super) fn token(&self) -> u64 {
        self.last.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// A question whose answer is waited for: opened before the call, which may answer from inside.
    pub(super) fn open(&self) -> Question<'_> {
        let (sender, answer) = oneshot::channel();
        let token = self.token();
        self.lock().insert(token, sender);
        Question { all: self, token, answer }
    }

    /// Takes an answer. One that nobody waits for is dropped.
    pub(super) fn answered(&self, token: u64, status: Status, json: &[u8]) {
        let waiting = self.lock().remove(&token);
        if let Some(waiting) = waiting {
            // Who asked may be gone by now.
            waiting.send((status, json.to_vec())).ok();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, oneshot::Sender<Answer>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Question<'_> {
    /// The token of its call.
    pub(super) const fn token(&self) -> u64 {
        self.token
    }

    /// The host's answer.
    ///
    /// # Errors
    /// What the host says instead, or that it says nothing in time.
    pub(super) async fn answer<T: DeserializeOwned>(mut self) -> Result<T, String> {
        match timeout(PATIENCE, &mut self.answer).await {
            Ok(Ok((abi::OK, json))) => {
                // Not the parser's own words: they may repeat a secret.
                serde_json::from_slice(&json).map_err(|_| "the host's answer cannot be read".to_owned())
            }
            Ok(Ok((status, json))) => Err(serde_json::from_slice(&json)
                .map_or_else(|_| format!("the host answered with status {status}"), |Why { why }| why)),
            Ok(Err(_)) => Err("the host gives no answer".to_owned()),
            Err(_) => Err(format!("the host did not answer within {} s", PATIENCE.as_secs())),
        }
    }
}

impl Drop for Question<'_> {
    fn drop(&mut self) {
        self.all.lock().remove(&self.token);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_answer_goes_to_its_question_and_others_are_dropped() {
        let all = Questions::default();
        let (one, two) = (all.open(), all.open());
        all.answered(two.token(), abi::OK, b"2");
        all.answered(one.token(), abi::OK, b"1");
        all.answered(one.token(), abi::OK, b"3");
        all.answered(99, abi::OK, b"4");
        assert_eq!((one.answer().await, two.answer().await), (Ok(1), Ok(2)));
        assert!(all.lock().is_empty());
    }

    #[tokio::test]
    async fn a_host_that_cannot_say_says_why() {
        let all = Questions::default();
        for (status, json, why) in [
            (abi::FAILED, r#"{"why": "the disk is full"}"#, "the disk is full"),
            (abi::FAILED, "", "the host answered with status 106"),
            (abi::OK, "{", "the host's answer cannot be read"),
        ] {
            let question = all.open();
            all.answered(question.token(), status, json.as_bytes());
            assert_eq!(question.answer::<u8>().await, Err(why.to_owned()));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_never_comes_is_not_waited_for_and_leaves_nothing() {
        let all = Questions::default();
        let why = all.open().answer::<u8>().await.unwrap_err();
        assert_eq!(why, "the host did not answer within 6 s");
        drop(all.open());
        assert!(all.lock().is_empty());
    }
}
