//! A driver in Rust that knows nothing but `nuncio_driver.h`: no SDK, and an allocator of its own.
//!
//! Its words are the text of the notice, reversed; it completes from a thread.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    ffi::c_void,
    mem::size_of,
    ptr, slice,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

/// Puts a head of its own before every block: memory that the host freed, or freed memory of the host, would be seen.
struct Headed;

const HEAD: usize = 64;
const MARK: usize = 0x5afe_0b10;
static LIVE: AtomicUsize = AtomicUsize::new(0);

unsafe impl GlobalAlloc for Headed {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let Ok(layout) = Layout::from_size_align(layout.size() + HEAD, layout.align().max(HEAD)) else {
            return ptr::null_mut();
        };
        let block = unsafe { System.alloc(layout) };
        if block.is_null() {
            return block;
        }
        unsafe { block.cast::<usize>().write(MARK) };
        LIVE.fetch_add(1, Ordering::Relaxed);
        unsafe { block.add(HEAD) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let block = unsafe { block.sub(HEAD) };
        if unsafe { block.cast::<usize>().replace(0) } != MARK {
            std::process::abort();
        }
        LIVE.fetch_sub(1, Ordering::Relaxed);
        let layout = Layout::from_size_align(layout.size() + HEAD, layout.align().max(HEAD)).unwrap();
        unsafe { System.dealloc(block, layout) };
    }
}

#[global_allocator]
static ALLOCATOR: Headed = Headed;

#[repr(C)]
#[derive(Clone, Copy)]
struct Bytes {
    ptr: *const u8,
    len: usize,
}

unsafe impl Sync for Bytes {}

impl Bytes {
    const fn of(text: &[u8]) -> Self {
        Self { ptr: text.as_ptr(), len: text.len() }
    }
}

/// The beginning of a notice: what comes behind it is not used here.
#[repr(C)]
struct Notice {
    size: u32,
    attempt: u32,
    token: u64,
    id: Bytes,
    times: [i64; 3],
    uri: Bytes,
    recipients: *const *const c_void,
    recipient_count: usize,
    content_type: Bytes,
    body: Bytes,
    subject: Bytes,
    text: Bytes,
}

#[repr(C)]
struct Report {
    size: u32,
    index: u32,
    status: i32,
    scope: u32,
    code: u32,
    flags: u32,
    retry_after_ms: u32,
    cost: u32,
    reason: Bytes,
    provider_id: Bytes,
    excerpt: Bytes,
}

#[repr(C)]
struct Completion {
    size: u32,
    reserved: u32,
    token: u64,
    reports: *const *const Report,
    report_count: usize,
}

#[repr(C)]
struct Host {
    size: u32,
    abi: [u16; 2],
    ctx: *mut c_void,
    complete: extern "C" fn(*mut c_void, *const *const Completion, usize),
}

#[repr(C)]
struct Driver {
    size: u32,
    reserved: u32,
    this: *mut c_void,
    submit: Option<extern "C" fn(*mut c_void, *const *const Notice, usize, *mut usize) -> i32>,
    cancel: *const c_void,
    call: *const c_void,
    reply: *const c_void,
    shutdown: Option<extern "C" fn(*mut c_void, u32)>,
    destroy: Option<extern "C" fn(*mut c_void)>,
}

#[repr(C)]
pub struct Entry {
    magic: u32,
    abi: [u16; 2],
    size: u32,
    driver_count: u32,
    manifest: extern "C" fn(u32) -> Bytes,
    create: extern "C" fn(u32, *const Host, Bytes, *mut Driver, *mut c_void) -> i32,
}

/// What a thread needs to complete a notice.
struct Work {
    ctx: *mut c_void,
    complete: extern "C" fn(*mut c_void, *const *const Completion, usize),
    token: u64,
    text: String,
}

unsafe impl Send for Work {}

impl Work {
    fn run(self) {
        let words: String = self.text.chars().rev().collect();
        let none = Bytes::of(b"");
        let report = Report {
            size: size_of::<Report>() as u32,
            index: u32::MAX,
            status: 0,
            scope: 0,
            code: 0,
            flags: 0,
            retry_after_ms: 0,
            cost: 0,
            reason: none,
            provider_id: Bytes::of(words.as_bytes()),
            excerpt: none,
        };
        let reports = [&raw const report];
        let completion = Completion {
            size: size_of::<Completion>() as u32,
            reserved: 0,
            token: self.token,
            reports: reports.as_ptr(),
            report_count: 1,
        };
        (self.complete)(self.ctx, [&raw const completion].as_ptr(), 1);
    }
}

extern "C" fn submit(this: *mut c_void, notices: *const *const Notice, n: usize, accepted: *mut usize) -> i32 {
    let host = unsafe { &*this.cast::<*const Host>().read() };
    for at in 0..n {
        let notice = unsafe { &*notices.add(at).read() };
        let text = if notice.text.len == 0 {
            String::new()
        } else {
            let text = unsafe { slice::from_raw_parts(notice.text.ptr, notice.text.len) };
            String::from_utf8_lossy(text).into_owned()
        };
        let work = Work { ctx: host.ctx, complete: host.complete, token: notice.token, text };
        thread::spawn(move || work.run());
    }
    unsafe { accepted.write(n) };
    100
}

extern "C" fn shutdown(_: *mut c_void, _: u32) {}

extern "C" fn destroy(this: *mut c_void) {
    drop(unsafe { Box::from_raw(this.cast::<*const Host>()) });
}

extern "C" fn manifest(_: u32) -> Bytes {
    Bytes::of(br#"{"name": "stranger", "version": "1", "schemes": ["x"], "limits": {"batch": 16}}"#)
}

extern "C" fn create(_: u32, host: *const Host, _: Bytes, out: *mut Driver, _: *mut c_void) -> i32 {
    let out = unsafe { &mut *out };
    out.this = Box::into_raw(Box::new(host)).cast();
    out.submit = Some(submit);
    out.shutdown = Some(shutdown);
    out.destroy = Some(destroy);
    100
}

static ENTRY: Entry = Entry {
    magic: 0x3150_444e,
    abi: [1, 0],
    size: size_of::<Entry>() as u32,
    driver_count: 1,
    manifest,
    create,
};

#[unsafe(no_mangle)]
pub extern "C" fn nuncio_driver_entry_v1() -> *const Entry {
    &raw const ENTRY
}
