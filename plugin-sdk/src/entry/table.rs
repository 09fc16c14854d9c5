//! The functions of an instance that the host calls.

use std::{ffi::c_void, mem::ManuallyDrop, ptr::addr_of_mut, sync::Arc, time::Duration};

use nuncio_core::abi::{self, Bytes, Status};

use super::{
    calls,
    foreign::{array, slice},
    instance::Instance,
    logs,
    panics::caught,
    submit,
};

/// Writes the table of `instance` into the host's struct: what lies inside its size. False if that has no room for
/// what is required.
///
/// # Safety
/// `out` is what `create` was given.
pub(super) unsafe fn fill(out: *mut abi::Driver, instance: Arc<Instance>) -> bool {
    // SAFETY: the caller's promise: its size is readable.
    let size = unsafe { addr_of_mut!((*out).size).read() } as usize;
    if size < std::mem::offset_of!(abi::Driver, destroy) + size_of::<*const c_void>() {
        return false;
    }
    let this = Arc::into_raw(instance).cast_mut().cast::<c_void>();
    // SAFETY: everything up to `destroy`, the last field of the first version, lies inside the size.
    unsafe {
        addr_of_mut!((*out).this).write(this);
        addr_of_mut!((*out).submit).write(Some(submit));
        addr_of_mut!((*out).cancel).write(Some(cancel));
        addr_of_mut!((*out).call).write(Some(call));
        addr_of_mut!((*out).reply).write(Some(reply));
        addr_of_mut!((*out).shutdown).write(Some(shutdown));
        addr_of_mut!((*out).destroy).write(Some(destroy));
    }
    true
}

/// The instance behind `this`, without taking it.
///
/// # Safety
/// `this` is from [`fill`] and was not destroyed.
unsafe fn instance(this: *mut c_void) -> ManuallyDrop<Arc<Instance>> {
    // SAFETY: the caller's promise.
    ManuallyDrop::new(unsafe { Arc::from_raw(this.cast_const().cast()) })
}

unsafe extern "C" fn submit(
    this: *mut c_void,
    notices: *const *const abi::Notice,
    count: usize,
    accepted: *mut usize,
) -> Status {
    // SAFETY: the host gives what the header asks of it.
    let (status, taken) = unsafe { submit::submit(&instance(this), notices, count) };
    if !accepted.is_null() {
        // SAFETY: as above.
        unsafe { accepted.write(taken) };
    }
    status
}

unsafe extern "C" fn cancel(this: *mut c_void, tokens: *const u64, count: usize) {
    // SAFETY: the host gives what the header asks of it.
    let (instance, tokens) = unsafe { (instance(this), array(tokens, count)) };
    for token in tokens {
        instance.cancel(*token);
    }
}

unsafe extern "C" fn call(this: *mut c_void, token: u64, method: Bytes, json: Bytes, blob: Bytes) -> Status {
    // SAFETY: the host gives what the header asks of it.
    let (instance, method, json, blob) = unsafe { (instance(this), slice(method), slice(json), slice(blob)) };
    calls::call(&instance, token, method, json, blob)
}

/// Most of what a driver tells its host is not waited for.
unsafe extern "C" fn reply(this: *mut c_void, token: u64, status: Status, json: Bytes, _blob: Bytes) {
    // SAFETY: the host gives what the header asks of it.
    let (instance, json) = unsafe { (instance(this), slice(json)) };
    instance.host.replied(token, status, json);
}

unsafe extern "C" fn shutdown(this: *mut c_void, grace_ms: u32) {
    // SAFETY: the host gives what the header asks of it.
    unsafe { instance(this) }.shutdown(Duration::from_millis(grace_ms.into()));
}

unsafe extern "C" fn destroy(this: *mut c_void) {
    // SAFETY: the host gives back what it was given, and uses it no more.
    let instance = unsafe { Arc::<Instance>::from_raw(this.cast_const().cast()) };
    instance.shutdown(Duration::ZERO);
    let (host, handle) = (Arc::clone(&instance.host), instance.handle.clone());
    let dropped = caught(|| {
        let _context = handle.enter();
        drop(instance);
    });
    if let Err(told) = dropped {
        host.error(module_path!(), &format!("the driver's end {told}"));
    }
    logs::forget(&host);
    host.close();
}
