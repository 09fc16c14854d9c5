//! The functions of a driver, as its `create` filled them in.

use std::ffi::c_void;

use nuncio_core::{abi, abi_read};

/// The functions of a driver that was made.
///
/// All of them may be called from any thread, also at once (header); none after `destroy`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Table {
    this: *mut c_void,
    submit: unsafe extern "C" fn(*mut c_void, *const *const abi::Notice, usize, *mut usize) -> abi::Status,
    cancel: Option<unsafe extern "C" fn(*mut c_void, *const u64, usize)>,
    call: Option<abi::Call>,
    reply: Option<abi::Reply>,
    shutdown: unsafe extern "C" fn(*mut c_void, u32),
    destroy: unsafe extern "C" fn(*mut c_void),
}

// SAFETY: the driver promises that its functions may be called from any thread (header).
unsafe impl Send for Table {}
// SAFETY: as above, and at once.
unsafe impl Sync for Table {}

impl Table {
    /// What `create` filled in.
    ///
    /// # Errors
    /// Which required function is missing.
    ///
    /// # Safety
    /// `driver` must be one that `create` of a library filled.
    pub(crate) unsafe fn read(driver: &abi::Driver) -> Result<Self, &'static str> {
        let driver: *const abi::Driver = driver;
        // SAFETY: the host allocated it, larger than any size that is looked at here.
        unsafe {
            Ok(Self {
                this: abi_read!(driver, abi::Driver, this, std::ptr::null_mut()),
                submit: abi_read!(driver, abi::Driver, submit, None).ok_or("submit")?,
                cancel: abi_read!(driver, abi::Driver, cancel, None),
                call: abi_read!(driver, abi::Driver, call, None),
                reply: abi_read!(driver, abi::Driver, reply, None),
                shutdown: abi_read!(driver, abi::Driver, shutdown, None).ok_or("shutdown")?,
                destroy: abi_read!(driver, abi::Driver, destroy, None).ok_or("destroy")?,
            })
        }
    }

    /// Offers notices: what the driver says, and how many it took.
    ///
    /// # Safety
    /// Each must point to a notice that stays as it is until its token is completed; not after `destroy`.
    pub(super) unsafe fn submit(&self, notices: &[*const abi::Notice]) -> (abi::Status, usize) {
        let mut accepted = 0;
        // SAFETY: by the caller's word.
        let status = unsafe { (self.submit)(self.this, notices.as_ptr(), notices.len(), &raw mut accepted) };
        let accepted = match status {
            abi::OK => notices.len(),
            abi::BUSY => accepted.min(notices.len()),
            _ => 0,
        };
        (status, accepted)
    }

    /// # Safety
    /// Not after `destroy`.
    pub(super) unsafe fn cancel(&self, tokens: &[u64]) {
        if let Some(cancel) = self.cancel {
            // SAFETY: by the caller's word.
            unsafe { cancel(self.this, tokens.as_ptr(), tokens.len()) };
        }
    }

    /// # Safety
    /// Not after `destroy`.
    pub(super) unsafe fn call(&self, token: u64, method: &str, json: &[u8], blob: &[u8]) -> abi::Status {
        let of = abi::Bytes::of;
        // SAFETY: by the caller's word.
        self.call.map_or(abi::UNSUPPORTED, |call| unsafe {
            call(self.this, token, of(method.as_bytes()), of(json), of(blob))
        })
    }

    /// # Safety
    /// Not after `destroy`.
    pub(super) unsafe fn reply(&self, token: u64, status: abi::Status, json: &[u8]) {
        if let Some(reply) = self.reply {
            // SAFETY: by the caller's word.
            unsafe { reply(self.this, token, status, abi::Bytes::of(json), abi::Bytes::EMPTY) };
        }
    }

    /// # Safety
    /// Not after `destroy`.
    pub(super) unsafe fn shutdown(&self, grace_ms: u32) {
        // SAFETY: by the caller's word.
        unsafe { (self.shutdown)(self.this, grace_ms) };
    }

    /// # Safety
    /// Once, while nobody is inside any of the others.
    pub(super) unsafe fn destroy(&self) {
        // SAFETY: by the caller's word.
        unsafe { (self.destroy)(self.this) };
    }
}
