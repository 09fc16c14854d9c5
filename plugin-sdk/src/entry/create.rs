//! An instance is made.

use std::{
    ptr::{addr_of, addr_of_mut},
    sync::Arc,
    time::Duration,
};

use nuncio_core::{
    Context, Refusal,
    abi::{self, Bytes, Status},
    abi_read,
    wire::Envelope,
};

use super::{
    clock::System,
    foreign::{cut, slice},
    host::Host,
    instance::{Instance, runtime},
    logs,
    panics::{self, caught},
    symbol::{Registered, driver},
    table,
};

/// How long threads that a failed constructor left behind are waited for.
const PATIENCE: Duration = Duration::from_secs(1);

/// Why no instance was made.
enum Failed {
    Settings(Vec<Refusal>),
    Otherwise(String),
}

pub(super) unsafe extern "C" fn create(
    index: u32,
    host: *const abi::Host,
    settings_json: Bytes,
    out: *mut abi::Driver,
    error: *mut abi::Error,
) -> Status {
    panics::install();
    // SAFETY: the host gives what the header asks of it.
    let made = caught(|| unsafe { make(index, host, slice(settings_json), out) });
    let (status, text) = match made.unwrap_or_else(|told| Err(Failed::Otherwise(told))) {
        Ok(()) => return abi::OK,
        Err(Failed::Settings(refusals)) => (abi::INVALID, fitting(refusals, room(error))),
        Err(Failed::Otherwise(why)) => (abi::FAILED, why),
    };
    write(error, &text);
    status
}

/// # Safety
/// As `create` in the header.
unsafe fn make(
    index: u32,
    host: *const abi::Host,
    settings_json: &[u8],
    out: *mut abi::Driver,
) -> Result<(), Failed> {
    let registered =
        driver(index).ok_or_else(|| Failed::Otherwise(format!("this library has no driver {index}")))?;
    if out.is_null() {
        return Err(Failed::Otherwise("the host gave no nuncio_driver".to_owned()));
    }
    // SAFETY: the caller's promise.
    let host = Arc::new(unsafe { Host::read(host) }.map_err(Failed::Otherwise)?);
    let envelope: Envelope = serde_json::from_slice(settings_json).map_err(|error| {
        // Not the parser's own words: they may repeat a setting.
        let (line, column) = (error.line(), error.column());
        Failed::Otherwise(format!("the host's settings cannot be read (line {line}, column {column})"))
    })?;
    logs::forward_to(&host);
    let made = constructed(registered, envelope, &host).and_then(|instance| {
        // SAFETY: the caller's promise.
        let filled = unsafe { table::fill(out, Arc::new(instance)) };
        filled.then_some(()).ok_or_else(|| {
            Failed::Otherwise("the host's nuncio_driver ends before its field destroy".to_owned())
        })
    });
    if made.is_err() {
        logs::forget(&host);
        host.close();
    }
    made
}

/// The driver, made within the runtime that it will live in.
fn constructed(registered: &Registered, envelope: Envelope, host: &Arc<Host>) -> Result<Instance, Failed> {
    let Envelope { host: part, driver, .. } = envelope;
    let clock = Arc::new(System);
    let deadline = Duration::from_millis(part.deadline_ms);
    let mut context = Context::new(clock, Arc::new(part.network), deadline)
        .with_host(Arc::clone(host) as Arc<dyn nuncio_core::HostCalls>);
    context.account = part.account;
    let runtime = runtime(&registered.name, part.threads).map_err(Failed::Otherwise)?;
    let made = caught(|| {
        let _entered = runtime.enter();
        (registered.linked.create)(driver, &context)
    });
    let failed = match made {
        Ok(Ok(driver)) => return Ok(Instance::new(driver, Arc::clone(host), runtime, registered.batch)),
        Ok(Err(refused)) => Failed::Settings(refused.0),
        Err(told) => Failed::Otherwise(told),
    };
    runtime.shutdown_timeout(PATIENCE);
    Err(failed)
}

/// As many of the refusals as `room` takes, as JSON; if not even one fits, its words.
fn fitting(mut refusals: Vec<Refusal>, room: usize) -> String {
    loop {
        let json = serde_json::to_string(&refusals).unwrap_or_default();
        match refusals.as_slice() {
            [_, _, ..] if json.len() > room => refusals.pop(),
            [only] if json.len() > room => return only.to_string(),
            _ => return json,
        };
    }
}

fn room(error: *const abi::Error) -> usize {
    if error.is_null() {
        return 0;
    }
    // SAFETY: the host gives what the header asks of it.
    unsafe { abi_read!(error, abi::Error, cap, 0) as usize }
}

/// Writes what fits of `text`, within the struct's size.
fn write(error: *mut abi::Error, text: &str) {
    let text = cut(text, room(error));
    // SAFETY: the host gives what the header asks of it: `cap` bytes at `text`. Without room there is nothing to write.
    unsafe {
        if error.is_null() || abi_read!(error, abi::Error, text, std::ptr::null_mut()).is_null() {
            return;
        }
        let to = addr_of!((*error).text).read();
        text.as_ptr().copy_to_nonoverlapping(to.cast(), text.len());
        addr_of_mut!((*error).len).write(text.len());
    }
}
