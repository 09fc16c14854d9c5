//! An instance of a driver of this test binary, made through its entry.

use std::sync::Arc;

use nuncio_plugin_sdk::{
    core::abi::{self, Bytes, Status},
    serde_json::{Value, json},
};

use crate::{
    host::{Host, text},
    notice::Raw,
};

unsafe extern "C" {
    fn nuncio_driver_entry_v1() -> *const abi::Entry;
}

/// The entry of this binary.
pub(crate) fn entry() -> &'static abi::Entry {
    // SAFETY: the entry is static.
    unsafe { &*nuncio_driver_entry_v1() }
}

/// The manifests of this binary's drivers.
pub(crate) fn manifests() -> Vec<Value> {
    let manifest = entry().manifest.unwrap();
    let read = |index| {
        // SAFETY: an index is any number.
        let text = text(unsafe { manifest(index) });
        nuncio_plugin_sdk::serde_json::from_str(&text).unwrap()
    };
    (0..entry().driver_count).map(read).collect()
}

/// Where the driver `name` stands.
pub(crate) fn index(name: &str) -> u32 {
    let place = manifests().iter().position(|one| one["name"] == name);
    place.unwrap_or_else(|| panic!("no driver {name}")) as u32
}

/// An instance; it is destroyed when this is dropped. Its notices must live longer: make them first.
pub(crate) struct Made {
    pub(crate) host: Arc<Host>,
    pub(crate) table: abi::Driver,
}

/// An empty struct that `create` fills.
pub(crate) fn empty_table() -> abi::Driver {
    abi::Driver {
        size: size_of::<abi::Driver>() as u32,
        reserved: 0,
        this: std::ptr::null_mut(),
        submit: None,
        cancel: None,
        call: None,
        reply: None,
        shutdown: None,
        destroy: None,
    }
}

/// What `create` says of `envelope`, with these structs.
pub(crate) fn create(
    name: &str,
    host: *const abi::Host,
    envelope: &str,
    table: *mut abi::Driver,
) -> (Status, String) {
    let mut room = vec![0_u8; 4096];
    let size = size_of::<abi::Error>() as u32;
    let mut error = abi::Error { size, cap: 4096, len: 0, text: room.as_mut_ptr().cast() };
    let made = entry().create.unwrap();
    // SAFETY: all is as the header asks, unless a test says otherwise.
    let status = unsafe { made(index(name), host, Bytes::of(envelope.as_bytes()), table, &raw mut error) };
    room.truncate(error.len);
    (status, String::from_utf8(room).unwrap())
}

impl Made {
    /// An instance of the driver `name`, called `account`.
    #[track_caller]
    pub(crate) fn new(name: &str, account: &str) -> Self {
        Self::with(name, &json!({"host": {"account": account}}))
    }

    #[track_caller]
    pub(crate) fn with(name: &str, envelope: &Value) -> Self {
        let host = Arc::new(Host::default());
        let mut table = empty_table();
        let (status, error) =
            create(name, std::ptr::from_ref(&host.raw()), &envelope.to_string(), &raw mut table);
        assert_eq!((status, error.as_str()), (abi::OK, ""));
        Self { host, table }
    }

    /// Submits `notices`: the status, and how many were taken.
    pub(crate) fn submit(&self, notices: &[Raw]) -> (Status, usize) {
        let pointers: Vec<_> = notices.iter().map(|one| &raw const *one.notice).collect();
        self.submit_pointers(&pointers)
    }

    pub(crate) fn submit_pointers(&self, pointers: &[*const abi::Notice]) -> (Status, usize) {
        let mut accepted = usize::MAX;
        // SAFETY: tests keep their notices until they are completed.
        let status = unsafe {
            (self.table.submit.unwrap())(
                self.table.this,
                pointers.as_ptr(),
                pointers.len(),
                &raw mut accepted,
            )
        };
        (status, accepted)
    }

    pub(crate) fn cancel(&self, tokens: &[u64]) {
        // SAFETY: all is as the header asks.
        unsafe { (self.table.cancel.unwrap())(self.table.this, tokens.as_ptr(), tokens.len()) }
    }

    pub(crate) fn call(&self, token: u64, method: &str, json: &str, blob: &[u8]) -> Status {
        let (method, json) = (Bytes::of(method.as_bytes()), Bytes::of(json.as_bytes()));
        // SAFETY: all is as the header asks.
        unsafe { (self.table.call.unwrap())(self.table.this, token, method, json, Bytes::of(blob)) }
    }

    pub(crate) fn reply(&self, token: u64, status: Status, json: &str) {
        // SAFETY: all is as the header asks.
        unsafe {
            (self.table.reply.unwrap())(
                self.table.this,
                token,
                status,
                Bytes::of(json.as_bytes()),
                Bytes::EMPTY,
            )
        }
    }

    pub(crate) fn shutdown(&self, grace_ms: u32) {
        // SAFETY: all is as the header asks.
        unsafe { (self.table.shutdown.unwrap())(self.table.this, grace_ms) }
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        // SAFETY: nobody uses it any more.
        unsafe { (self.table.destroy.unwrap())(self.table.this) }
    }
}
