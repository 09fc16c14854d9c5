//! What a driver may call: `nuncio_host`. No panic of the host crosses back.

use std::{
    ffi::c_void,
    mem::ManuallyDrop,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use nuncio_core::{abi, abi_read};

use super::{
    log::{is_read, level},
    running::Instance,
};
use crate::{flight::Token, text};

/// The table of `instance`, which must outlive the driver that is given it.
pub(crate) fn host_table(instance: &Arc<Instance>) -> abi::Host {
    abi::Host {
        size: size_of::<abi::Host>() as u32,
        abi_major: abi::MAJOR,
        abi_minor: abi::MINOR,
        ctx: Arc::as_ptr(instance).cast_mut().cast(),
        complete: Some(complete),
        log: Some(log),
        log_enabled: Some(log_enabled),
        call: Some(call),
        reply: Some(reply),
    }
}

/// Runs `f` on the instance behind `ctx`; `otherwise` if there is none, or `f` panics.
///
/// # Safety
/// `ctx` must be null or that of a [`host_table`] whose driver is not destroyed.
unsafe fn within<T>(ctx: *mut c_void, otherwise: T, f: impl FnOnce(&Arc<Instance>) -> T) -> T {
    let instance = ctx.cast_const().cast::<Instance>();
    if instance.is_null() {
        return otherwise;
    }
    // SAFETY: by the caller's word it is that of an `Arc` which lives; its own count stays as it is.
    let instance = ManuallyDrop::new(unsafe { Arc::from_raw(instance) });
    catch_unwind(AssertUnwindSafe(|| f(&instance))).unwrap_or(otherwise)
}

unsafe extern "C" fn complete(ctx: *mut c_void, done: *const *const abi::Completion, n: usize) {
    let run = |instance: &Arc<Instance>| {
        if done.is_null() || !done.is_aligned() {
            return;
        }
        let most = instance.slots.count();
        if n > most {
            instance.warn(&format!(
                "completed {n} deliveries at once, and holds at most {most}: the rest is ignored"
            ));
        }
        for at in 0..n.min(most) {
            // SAFETY: the driver says that there are `n` (rule 2).
            let completion = unsafe { done.add(at).read() };
            if completion.is_null() || !completion.is_aligned() {
                continue;
            }
            // SAFETY: not null and aligned; its size says what is readable (rule 1).
            let taken = unsafe {
                let token = Token::given(abi_read!(completion, abi::Completion, token, 0));
                instance.slots.complete(token, completion, &instance.secrets)
            };
            if !taken {
                instance.warn("completed a delivery twice, or one that it was not given: ignored");
            }
        }
        instance.ring();
    };
    // SAFETY: rule 5: not after destroy.
    unsafe { within(ctx, (), run) };
}

unsafe extern "C" fn log(
    ctx: *mut c_void,
    of: i32,
    target: abi::Bytes,
    message: abi::Bytes,
    fields: abi::Bytes,
) {
    // SAFETY: rule 5: not after destroy; the bytes by rule 2.
    unsafe { within(ctx, (), |instance| instance.write(level(of), target, message, fields)) };
}

unsafe extern "C" fn log_enabled(ctx: *mut c_void, of: i32, _target: abi::Bytes) -> i32 {
    // SAFETY: rule 5: not after destroy.
    unsafe { within(ctx, 0, |_| i32::from(is_read(level(of)))) }
}

/// The longest name of a method, in bytes.
const LONGEST_METHOD: usize = 64;
/// The longest JSON of a driver's call, in bytes: 64 KiB.
const LONGEST_CALL: usize = 64 << 10;

unsafe extern "C" fn call(
    ctx: *mut c_void,
    token: u64,
    method: abi::Bytes,
    json: abi::Bytes,
    _blob: abi::Bytes,
) -> abi::Status {
    let run = |instance: &Arc<Instance>| {
        // SAFETY: rule 2.
        let (method, json) =
            unsafe { (text::beginning(method, LONGEST_METHOD), text::beginning(json, LONGEST_CALL)) };
        match (method, json) {
            ((method, false), (json, false)) => instance.called(token, method, json),
            _ => abi::INVALID,
        }
    };
    // SAFETY: rule 5: not after destroy.
    unsafe { within(ctx, abi::FAILED, run) }
}

unsafe extern "C" fn reply(
    ctx: *mut c_void,
    token: u64,
    status: abi::Status,
    json: abi::Bytes,
    blob: abi::Bytes,
) {
    let run = |instance: &Arc<Instance>| {
        // SAFETY: rule 2.
        if !unsafe { instance.calls.reply(token, status, json, blob, &instance.disabled) } {
            instance.warn("answered a call twice, too late, or one that was not made: ignored");
        }
    };
    // SAFETY: rule 5: not after destroy.
    unsafe { within(ctx, (), run) };
}
