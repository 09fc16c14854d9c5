//! Calls of the driver's methods that wait for their answer: each gets one, or none in time.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use nuncio_core::{Refusal, abi};
use tokio::sync::oneshot;

use super::{methods::DisabledWord, running::Instance};
use crate::text;

/// How long a driver may take to answer a call, and the host to answer one of the driver's.
pub(super) const TIME_LIMIT: Duration = Duration::from_secs(5);
/// The most calls that wait for their answer at once.
const MOST: usize = 1024;
/// The longest JSON of an answer, in bytes: 1 MiB.
const LONGEST_JSON: usize = 1 << 20;
/// The longest blob of an answer, in bytes: 16 MiB.
const LONGEST_BLOB: usize = 16 << 20;

/// The answer to a call, copied.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) status: abi::Status,
    pub(super) json: Vec<u8>,
    pub(super) blob: Vec<u8>,
}

/// Who waits for an answer.
#[derive(Debug)]
pub(super) enum Asker {
    One(oneshot::Sender<Answered>),
    /// Nobody in particular: the answer is kept.
    Disabled,
}

/// Calls that wait for their answer.
#[derive(Debug, Default)]
pub(super) struct Calls {
    next: AtomicU64,
    open: Mutex<HashMap<u64, Asker>>,
}

impl Calls {
    fn open(&self) -> MutexGuard<'_, HashMap<u64, Asker>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A token for a call whose answer goes to `asker`; none when too many wait.
    pub(super) fn begin(&self, asker: Asker) -> Option<u64> {
        let mut open = self.open();
        if open.len() >= MOST {
            return None;
        }
        let token = self.next.fetch_add(1, Relaxed) + 1;
        open.insert(token, asker);
        Some(token)
    }

    /// Says that nobody waits for `token` any more.
    pub(super) fn end(&self, token: u64) {
        self.open().remove(&token);
    }

    /// Takes the driver's answer. `false`: nobody waits for it.
    ///
    /// # Safety
    /// The bytes must be readable (rule 2).
    pub(super) unsafe fn reply(
        &self,
        token: u64,
        status: abi::Status,
        json: abi::Bytes,
        blob: abi::Bytes,
        disabled: &DisabledWord,
    ) -> bool {
        let Some(asker) = self.open().remove(&token) else { return false };
        // SAFETY: by the caller's word.
        let ((json, long_json), (blob, long_blob)) =
            unsafe { (text::beginning(json, LONGEST_JSON), text::beginning(blob, LONGEST_BLOB)) };
        let answered = if long_json || long_blob {
            let why = format!(
                "answered with more than {LONGEST_JSON} bytes of JSON or {LONGEST_BLOB} bytes beside it"
            );
            let json = serde_json::json!({ "why": why }).to_string().into_bytes();
            Answered { status: abi::FAILED, json, blob: Vec::new() }
        } else {
            Answered { status, json: json.to_vec(), blob: blob.to_vec() }
        };
        match asker {
            // Whoever waited may be gone by now.
            Asker::One(sender) => drop(sender.send(answered)),
            Asker::Disabled => disabled.answered(&answered),
        }
        true
    }
}

impl Instance {
    /// Calls `method` on a thread that it may block.
    ///
    /// # Errors
    /// When the driver does not answer in time, or too many calls wait already.
    pub(super) async fn ask(
        self: &Arc<Self>,
        method: &'static str,
        json: Vec<u8>,
        blob: Vec<u8>,
    ) -> Result<Answered, Refusal> {
        struct Open<'a>(&'a Calls, u64);
        impl Drop for Open<'_> {
            fn drop(&mut self) {
                self.0.end(self.1);
            }
        }
        let busy = || Refusal::new(method, "too many calls wait for the driver").fix("try again later");
        let (sender, answer) = oneshot::channel();
        let open = Open(&self.calls, self.calls.begin(Asker::One(sender)).ok_or_else(busy)?);
        if !self.call_on_thread(open.1, method, json, blob) {
            return Err(busy());
        }
        match tokio::time::timeout(TIME_LIMIT, answer).await {
            Ok(Ok(answered)) => Ok(answered),
            Ok(Err(_)) => Err(Refusal::new(method, "the driver has been shut down")),
            Err(_) => {
                let seconds = TIME_LIMIT.as_secs();
                self.warn(&format!("did not answer `{method}` within {seconds} s"));
                Err(Refusal::new(method, format!("the driver did not answer within {seconds} s")))
            }
        }
    }

    /// Has a thread call `method`. `false`: there is none for it.
    pub(super) fn call_on_thread(
        self: &Arc<Self>,
        token: u64,
        method: &'static str,
        json: Vec<u8>,
        blob: Vec<u8>,
    ) -> bool {
        let instance = Arc::clone(self);
        self.calling.run(move || {
            let status = match instance.enter() {
                // SAFETY: whoever is inside keeps the driver from being destroyed.
                Some((table, _inside)) => unsafe { table.call(token, method, &json, &blob) },
                None => abi::CLOSED,
            };
            if status != abi::OK {
                let none = abi::Bytes::EMPTY;
                // The driver said that no answer follows: this is it. One that came all the same was taken first.
                // SAFETY: there are no bytes.
                unsafe { instance.calls.reply(token, status, none, none, &instance.disabled) };
            }
        })
    }
}
