//! The host as an instance sees it.

use std::{
    fmt,
    ptr::addr_of,
    sync::{PoisonError, RwLock},
};

use async_trait::async_trait;
use nuncio_core::{
    HostCalls,
    abi::{self, Bytes, Status},
    abi_read,
    wire::{Device, DeviceAnswer, DeviceCall, Metric, Receipt},
};
use serde::Serialize;

use super::questions::Questions;

/// The host that made an instance. It may be kept longer than the instance lives: then it says nothing any more.
pub(super) struct Host {
    raw: abi::Host,
    alive: RwLock<bool>,
    questions: Questions,
}

// SAFETY: the header has all functions of a host be thread-safe; `ctx` is only handed back to them.
unsafe impl Send for Host {}
// SAFETY: as above.
unsafe impl Sync for Host {}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Host")
    }
}

impl Host {
    /// Reads the host's struct, whatever its minor version.
    ///
    /// # Safety
    /// `host` is null or what `create` was given.
    pub(super) unsafe fn read(host: *const abi::Host) -> Result<Self, String> {
        if host.is_null() {
            return Err("the host gave no nuncio_host".to_owned());
        }
        // SAFETY: the caller's promise; each read looks at the size first.
        let raw = unsafe {
            abi::Host {
                size: addr_of!((*host).size).read(),
                abi_major: abi_read!(host, abi::Host, abi_major, 0),
                abi_minor: abi_read!(host, abi::Host, abi_minor, 0),
                ctx: abi_read!(host, abi::Host, ctx, std::ptr::null_mut()),
                complete: abi_read!(host, abi::Host, complete, None),
                log: abi_read!(host, abi::Host, log, None),
                log_enabled: abi_read!(host, abi::Host, log_enabled, None),
                call: abi_read!(host, abi::Host, call, None),
                reply: abi_read!(host, abi::Host, reply, None),
            }
        };
        if raw.abi_major != abi::MAJOR {
            let (theirs, ours) = (raw.abi_major, abi::MAJOR);
            return Err(format!("the host speaks major version {theirs} of the ABI, this library {ours}"));
        }
        if raw.complete.is_none() {
            return Err("the host has no complete()".to_owned());
        }
        Ok(Self { raw, alive: RwLock::new(true), questions: Questions::default() })
    }

    /// Ends what `done` names. Only while it is under way, thus before the instance is destroyed.
    pub(super) fn complete(&self, done: &[*const abi::Completion]) {
        if let Some(complete) = self.raw.complete {
            // SAFETY: `done` and what it points to live until the call returns; the host lives until destroy() returned,
            // which waits for everything that is under way.
            unsafe { complete(self.raw.ctx, done.as_ptr(), done.len()) }
        }
    }

    /// Answers the call `token`. Only while it is under way.
    pub(super) fn reply(&self, token: u64, status: Status, json: &[u8], blob: &[u8]) {
        if let Some(reply) = self.raw.reply {
            // SAFETY: as in `complete`.
            unsafe { reply(self.raw.ctx, token, status, Bytes::of(json), Bytes::of(blob)) }
        }
    }

    /// Whether somebody would read a line of `target` at `level`.
    pub(super) fn log_enabled(&self, level: i32, target: &str) -> bool {
        let asked = |raw: &abi::Host| match (raw.log, raw.log_enabled) {
            (None, _) => false,
            (Some(_), None) => true,
            // SAFETY: `target` lives until the call returns, and the host is alive.
            (Some(_), Some(enabled)) => unsafe { enabled(raw.ctx, level, Bytes::of(target.as_bytes())) != 0 },
        };
        self.while_alive(asked).unwrap_or(false)
    }

    /// Writes a line to the host's log.
    pub(super) fn log(&self, level: i32, target: &str, message: &str, fields_json: &str) {
        self.while_alive(|raw| {
            let [target, message, fields] =
                [target, message, fields_json].map(|text| Bytes::of(text.as_bytes()));
            if let Some(log) = raw.log {
                // SAFETY: what is borrowed lives until the call returns, and the host is alive.
                unsafe { log(raw.ctx, level, target, message, fields) }
            }
        });
    }

    /// Writes an error of the entry itself, if somebody would read it.
    pub(super) fn error(&self, target: &str, message: &str) {
        if self.log_enabled(abi::LOG_ERROR, target) {
            self.log(abi::LOG_ERROR, target, message, "{}");
        }
    }

    /// Says nothing any more; when this returns, nobody is inside a function of the host through `log` or a call.
    pub(super) fn close(&self) {
        *self.alive.write().unwrap_or_else(PoisonError::into_inner) = false;
    }

    /// The host's answer to the call `token`.
    pub(super) fn replied(&self, token: u64, status: Status, json: &[u8]) {
        self.questions.answered(token, status, json);
    }

    /// The answers carry nothing, so nobody waits for them.
    fn tell(&self, method: &str, word: &impl Serialize) {
        let token = self.questions.token();
        self.call(token, method, word);
    }

    /// Calls the host: what it says at once. `CLOSED` once it says nothing any more.
    fn call(&self, token: u64, method: &str, word: &impl Serialize) -> Status {
        let Ok(json) = serde_json::to_vec(word) else { return abi::INVALID };
        let called = self.while_alive(|raw| {
            raw.call.map_or(abi::UNSUPPORTED, |call| {
                // SAFETY: what is borrowed lives until the call returns, and the host is alive.
                unsafe { call(raw.ctx, token, Bytes::of(method.as_bytes()), Bytes::of(&json), Bytes::EMPTY) }
            })
        });
        called.unwrap_or(abi::CLOSED)
    }

    fn while_alive<T>(&self, then: impl FnOnce(&abi::Host) -> T) -> Option<T> {
        let alive = self.alive.read().unwrap_or_else(PoisonError::into_inner);
        alive.then(|| then(&self.raw))
    }
}

#[async_trait]
impl HostCalls for Host {
    fn metric(&self, metric: Metric) {
        self.tell("metric", &metric);
    }

    fn receipt(&self, receipt: Receipt) {
        self.tell("receipt", &receipt);
    }

    async fn device(&self, asked: DeviceCall) -> Result<Option<Device>, String> {
        let question = self.questions.open();
        match self.call(question.token(), "device.get", &asked) {
            abi::OK => question.answer().await.map(|answer: DeviceAnswer| answer.device),
            abi::UNSUPPORTED => Err("this host keeps no devices: it is older than this driver".to_owned()),
            abi::BUSY => Err("the host looks up as many devices as it can already".to_owned()),
            status => Err(format!("the host does not look up the device (status {status})")),
        }
    }
}
