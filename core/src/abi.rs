//! The C ABI of drivers, major 1: the types of `plugin-sdk/include/nuncio_driver.h`, whose comments are the rules.
//!
//! Nothing but types: who reads or writes through these pointers is the SDK's entry on one side and the loader on the
//! other. A struct of the other side may be smaller than the one here (an older minor version): its fields are read
//! by [`abi_read!`](crate::abi_read), which looks at the size first, and no reference to the whole is made.

use std::ffi::{c_char, c_void};

/// The major version: another one has another symbol.
pub const MAJOR: u16 = 1;
/// The minor version of these types.
pub const MINOR: u16 = 0;
/// What an entry begins with: `NDP1`.
pub const MAGIC: u32 = 0x3150_444e;
/// The one symbol of a library.
pub const SYMBOL: &str = "nuncio_driver_entry_v1";
/// What the symbols of all majors begin with.
pub const SYMBOL_PREFIX: &str = "nuncio_driver_entry_v";

/// What a driver may say of a delivery, and (from 100 on) what a call may return.
pub type Status = i32;
/// The far side took it.
pub const DELIVERED: Status = 0;
/// Not now.
pub const DEFERRED: Status = 1;
/// Never in this form.
pub const REJECTED: Status = 2;
/// This address must not be used again.
pub const GONE: Status = 3;
/// Done, or an answer follows.
pub const OK: Status = 100;
/// Not all were taken.
pub const BUSY: Status = 101;
/// Ended because the host asked for it.
pub const CANCELLED: Status = 102;
/// No such method.
pub const UNSUPPORTED: Status = 103;
/// What was given is wrong; the answer says where.
pub const INVALID: Status = 104;
/// Shutdown has begun.
pub const CLOSED: Status = 105;
/// It failed; the answer says why.
pub const FAILED: Status = 106;

/// [`Report::scope`]: this recipient alone.
pub const SCOPE_RECIPIENT: u32 = 0;
/// [`Report::scope`]: this message.
pub const SCOPE_MESSAGE: u32 = 1;
/// [`Report::scope`]: the whole destination.
pub const SCOPE_DESTINATION: u32 = 2;
/// [`Report::scope`]: the driver's own account.
pub const SCOPE_ACCOUNT: u32 = 3;

/// The level of a log line: an error.
pub const LOG_ERROR: i32 = 1;
/// The level of a log line: a warning.
pub const LOG_WARN: i32 = 2;
/// The level of a log line: what an operator reads.
pub const LOG_INFO: i32 = 3;
/// The level of a log line: what a developer reads.
pub const LOG_DEBUG: i32 = 4;
/// The level of a log line: everything.
pub const LOG_TRACE: i32 = 5;

/// [`Report::flags`]: the far side may have it although the try failed.
pub const MAYBE_SENT: u32 = 1;
/// [`Part::flags`]: shown within the HTML.
pub const INLINE: u32 = 1;
/// [`Report::index`]: of every recipient that has no report of its own.
pub const ALL: u32 = u32::MAX;

/// Borrowed bytes. `ptr` may be null where `len` is 0.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Bytes {
    /// Where they are.
    pub ptr: *const u8,
    /// How many.
    pub len: usize,
}

impl Bytes {
    /// None.
    pub const EMPTY: Self = Self { ptr: std::ptr::null(), len: 0 };

    /// Those of `slice`, which must outlive every use.
    #[must_use]
    pub const fn of(slice: &[u8]) -> Self {
        Self { ptr: slice.as_ptr(), len: slice.len() }
    }
}

/// `nuncio_recipient`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
#[allow(missing_docs, reason = "the header says what they are")]
pub struct Recipient {
    pub size: u32,
    pub index: u32,
    pub address: Bytes,
}

/// `nuncio_part`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
#[allow(missing_docs, reason = "the header says what they are")]
pub struct Part {
    pub size: u32,
    pub flags: u32,
    pub name: Bytes,
    pub content_type: Bytes,
    pub content_id: Bytes,
    pub data: Bytes,
}

/// `nuncio_notice`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
#[allow(missing_docs, reason = "the header says what they are")]
pub struct Notice {
    pub size: u32,
    pub attempt: u32,
    pub token: u64,
    pub id: Bytes,
    pub now_ms: i64,
    pub created_ms: i64,
    pub deadline_ms: i64,
    pub uri: Bytes,
    pub recipients: *const *const Recipient,
    pub recipient_count: usize,
    pub content_type: Bytes,
    pub body: Bytes,
    pub subject: Bytes,
    pub text: Bytes,
    pub html: Bytes,
    pub parts: *const *const Part,
    pub part_count: usize,
    pub options_json: Bytes,
    pub headers_json: Bytes,
    pub project: Bytes,
    pub queue: Bytes,
    pub message: Bytes,
    pub subscription: Bytes,
    pub ttl_s: i64,
    pub delay_s: i64,
    pub kind: u32,
    pub reserved: u32,
}

/// `nuncio_report`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
#[allow(missing_docs, reason = "the header says what they are")]
pub struct Report {
    pub size: u32,
    pub index: u32,
    pub status: Status,
    pub scope: u32,
    pub code: u32,
    pub flags: u32,
    pub retry_after_ms: u32,
    pub cost: u32,
    pub reason: Bytes,
    pub provider_id: Bytes,
    pub excerpt: Bytes,
}

/// `nuncio_completion`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
#[allow(missing_docs, reason = "the header says what they are")]
pub struct Completion {
    pub size: u32,
    pub reserved: u32,
    pub token: u64,
    pub reports: *const *const Report,
    pub report_count: usize,
}

/// `nuncio_error`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
#[allow(missing_docs, reason = "the header says what they are")]
pub struct Error {
    pub size: u32,
    pub cap: u32,
    pub len: usize,
    pub text: *mut c_char,
}

/// A call by method name, either way.
pub type Call = unsafe extern "C" fn(*mut c_void, u64, Bytes, Bytes, Bytes) -> Status;
/// The answer to a call, either way.
pub type Reply = unsafe extern "C" fn(*mut c_void, u64, Status, Bytes, Bytes);

/// `nuncio_host`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
#[allow(missing_docs, reason = "the header says what they are")]
pub struct Host {
    pub size: u32,
    pub abi_major: u16,
    pub abi_minor: u16,
    pub ctx: *mut c_void,
    pub complete: Option<unsafe extern "C" fn(*mut c_void, *const *const Completion, usize)>,
    pub log: Option<unsafe extern "C" fn(*mut c_void, i32, Bytes, Bytes, Bytes)>,
    pub log_enabled: Option<unsafe extern "C" fn(*mut c_void, i32, Bytes) -> i32>,
    pub call: Option<Call>,
    pub reply: Option<Reply>,
}

/// `nuncio_driver`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
#[allow(missing_docs, reason = "the header says what they are")]
pub struct Driver {
    pub size: u32,
    pub reserved: u32,
    pub this: *mut c_void,
    pub submit: Option<unsafe extern "C" fn(*mut c_void, *const *const Notice, usize, *mut usize) -> Status>,
    pub cancel: Option<unsafe extern "C" fn(*mut c_void, *const u64, usize)>,
    pub call: Option<Call>,
    pub reply: Option<Reply>,
    pub shutdown: Option<unsafe extern "C" fn(*mut c_void, u32)>,
    pub destroy: Option<unsafe extern "C" fn(*mut c_void)>,
}

/// `nuncio_entry`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
#[allow(missing_docs, reason = "the header says what they are")]
pub struct Entry {
    pub magic: u32,
    pub abi_major: u16,
    pub abi_minor: u16,
    pub size: u32,
    pub driver_count: u32,
    pub manifest: Option<unsafe extern "C" fn(u32) -> Bytes>,
    pub create: Option<unsafe extern "C" fn(u32, *const Host, Bytes, *mut Driver, *mut Error) -> Status>,
}

/// The one symbol of a library.
pub type EntryFn = unsafe extern "C" fn() -> *const Entry;

/// The size of what `field` points to.
#[doc(hidden)]
#[must_use]
pub const fn size_behind<T>(_: *const T) -> usize {
    size_of::<T>()
}

/// Reads a field of a struct that the other side made, if its size says that it is there; else gives `$absent`.
///
/// `abi_read!(pointer, Type, field, absent)`, within `unsafe`: the pointer's `size` must be readable (rule 1 of the
/// header), and so must as much behind it as it says.
#[macro_export]
macro_rules! abi_read {
    ($pointer:expr, $type:ty, $field:ident, $absent:expr) => {{
        let pointer: *const $type = $pointer;
        let size = ::std::ptr::addr_of!((*pointer).size).read() as usize;
        let field = ::std::ptr::addr_of!((*pointer).$field);
        let end = ::std::mem::offset_of!($type, $field) + $crate::abi::size_behind(field);
        if end <= size { field.read() } else { $absent }
    }};
}
