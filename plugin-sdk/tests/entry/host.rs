//! A small host that writes down what it is told.

use std::{
    ffi::c_void,
    sync::{Condvar, Mutex},
    time::Duration,
};

use nuncio_plugin_sdk::core::abi::{self, Bytes, Status};

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a driver said of one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) index: u32,
    pub(crate) status: Status,
    pub(crate) scope: u32,
    pub(crate) code: u32,
    pub(crate) flags: u32,
    pub(crate) retry_after_ms: u32,
    pub(crate) cost: u32,
    pub(crate) reason: String,
    pub(crate) provider_id: String,
    pub(crate) excerpt: String,
}

/// What a host was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// Which completion of which call, and what it said.
    Completed {
        call: usize,
        token: u64,
        said: Vec<Said>,
    },
    Replied {
        token: u64,
        status: Status,
        json: String,
        blob: Vec<u8>,
    },
    Called {
        method: String,
        json: String,
    },
    /// It asks for a device, and waits for the answer.
    Asked {
        token: u64,
        json: String,
    },
    Logged {
        level: i32,
        target: String,
        message: String,
        fields: String,
    },
}

/// The host.
#[derive(Default)]
pub(crate) struct Host {
    told: Mutex<Vec<Told>>,
    more: Condvar,
    calls: Mutex<usize>,
    /// The least important level that somebody reads; 0 = none.
    pub(crate) level: Mutex<i32>,
}

impl Host {
    /// What was told so far.
    pub(crate) fn told(&self) -> Vec<Told> {
        self.told.lock().unwrap().clone()
    }

    pub(crate) fn note(&self, told: Told) {
        self.told.lock().unwrap().push(told);
        self.more.notify_all();
    }

    /// Waits until `enough` finds something in what was told.
    #[track_caller]
    pub(crate) fn wait<T>(&self, mut enough: impl FnMut(&[Told]) -> Option<T>) -> T {
        let mut told = self.told.lock().unwrap();
        loop {
            if let Some(found) = enough(&told) {
                return found;
            }
            let (again, late) = self.more.wait_timeout(told, PATIENCE).unwrap();
            assert!(!late.timed_out(), "it did not come; told: {again:#?}");
            told = again;
        }
    }

    /// Waits for `count` completions; by token.
    #[track_caller]
    pub(crate) fn completed(&self, count: usize) -> Vec<(u64, Vec<Said>)> {
        let mut found = self.wait(|told| {
            let found: Vec<_> = told.iter().filter_map(completion).collect();
            (found.len() >= count).then_some(found)
        });
        found.sort_by_key(|(token, _)| *token);
        found
    }

    /// Waits for the answer to the call `token`.
    #[track_caller]
    pub(crate) fn replied(&self, wanted: u64) -> (Status, String, Vec<u8>) {
        self.wait(|told| {
            told.iter().find_map(|one| match one {
                Told::Replied { token, status, json, blob } if *token == wanted => {
                    Some((*status, json.clone(), blob.clone()))
                }
                _ => None,
            })
        })
    }

    /// The struct that `create` is given.
    pub(crate) fn raw(&self) -> abi::Host {
        abi::Host {
            size: size_of::<abi::Host>() as u32,
            abi_major: abi::MAJOR,
            abi_minor: abi::MINOR,
            ctx: std::ptr::from_ref(self).cast_mut().cast(),
            complete: Some(complete),
            log: Some(log),
            log_enabled: Some(log_enabled),
            call: Some(call),
            reply: Some(reply),
        }
    }
}

fn completion(told: &Told) -> Option<(u64, Vec<Said>)> {
    match told {
        Told::Completed { token, said, .. } => Some((*token, said.clone())),
        _ => None,
    }
}

pub(crate) fn text(bytes: Bytes) -> String {
    String::from_utf8(raw_bytes(bytes)).expect("all strings are UTF-8")
}

fn raw_bytes(bytes: Bytes) -> Vec<u8> {
    if bytes.len == 0 {
        return Vec::new();
    }
    // SAFETY: what the entry lends lives until the call returns.
    unsafe { std::slice::from_raw_parts(bytes.ptr, bytes.len).to_vec() }
}

unsafe fn host<'a>(ctx: *mut c_void) -> &'a Host {
    // SAFETY: tests keep their host until the instance is destroyed.
    unsafe { &*ctx.cast::<Host>() }
}

unsafe extern "C" fn complete(ctx: *mut c_void, done: *const *const abi::Completion, count: usize) {
    // SAFETY: the entry gives what the header asks of it.
    let (host, done) = unsafe { (host(ctx), std::slice::from_raw_parts(done, count)) };
    let call = {
        let mut calls = host.calls.lock().unwrap();
        *calls += 1;
        *calls
    };
    for one in done {
        // SAFETY: as above.
        let (one, reports) = unsafe {
            let one = **one;
            (one, std::slice::from_raw_parts(one.reports, one.report_count))
        };
        assert_eq!(one.size as usize, size_of::<abi::Completion>());
        // SAFETY: as above.
        let said = reports.iter().map(|report| said(unsafe { &**report })).collect();
        host.note(Told::Completed { call, token: one.token, said });
    }
}

fn said(report: &abi::Report) -> Said {
    assert_eq!(report.size as usize, size_of::<abi::Report>());
    Said {
        index: report.index,
        status: report.status,
        scope: report.scope,
        code: report.code,
        flags: report.flags,
        retry_after_ms: report.retry_after_ms,
        cost: report.cost,
        reason: text(report.reason),
        provider_id: text(report.provider_id),
        excerpt: text(report.excerpt),
    }
}

unsafe extern "C" fn log(ctx: *mut c_void, level: i32, target: Bytes, message: Bytes, fields: Bytes) {
    let (target, message, fields) = (text(target), text(message), text(fields));
    // SAFETY: as in `complete`.
    unsafe { host(ctx) }.note(Told::Logged { level, target, message, fields });
}

unsafe extern "C" fn log_enabled(ctx: *mut c_void, level: i32, _: Bytes) -> i32 {
    // SAFETY: as in `complete`.
    i32::from(level <= *unsafe { host(ctx) }.level.lock().unwrap())
}

unsafe extern "C" fn call(ctx: *mut c_void, token: u64, method: Bytes, json: Bytes, _: Bytes) -> Status {
    // SAFETY: as in `complete`.
    let host = unsafe { host(ctx) };
    if text(method) == "device.get" && !text(json).contains("unsupported") {
        host.note(Told::Asked { token, json: text(json) });
        return abi::OK;
    }
    host.note(Told::Called { method: text(method), json: text(json) });
    abi::UNSUPPORTED
}

unsafe extern "C" fn reply(ctx: *mut c_void, token: u64, status: Status, json: Bytes, blob: Bytes) {
    let (json, blob) = (text(json), raw_bytes(blob));
    // SAFETY: as in `complete`.
    unsafe { host(ctx) }.note(Told::Replied { token, status, json, blob });
}
