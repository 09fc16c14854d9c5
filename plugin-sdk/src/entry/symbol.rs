//! The one symbol of a library, and the drivers in it.

use std::{ptr, sync::OnceLock};

use nuncio_core::{
    Linked,
    abi::{self, Bytes},
    registry::linked_manifests,
};

use super::{create::create, panics::caught};

/// A driver of this library.
pub(super) struct Registered {
    pub(super) name: String,
    pub(super) batch: u32,
    pub(super) linked: &'static Linked,
    manifest: String,
}

/// The drivers of this library, by name. `None`: one of them panics when it says what it is.
fn registered() -> Option<&'static [Registered]> {
    static REGISTERED: OnceLock<Option<Vec<Registered>>> = OnceLock::new();
    let all = REGISTERED.get_or_init(|| {
        let read = || {
            let manifests = linked_manifests().into_iter();
            manifests.map(|(manifest, linked)| Registered {
                batch: manifest.limits.batch,
                linked,
                manifest: serde_json::to_string(&manifest).unwrap_or_default(),
                name: manifest.name,
            })
        };
        caught(|| read().collect()).ok()
    });
    all.as_deref()
}

/// The driver `index` of this library.
pub(super) fn driver(index: u32) -> Option<&'static Registered> {
    registered()?.get(index as usize)
}

/// What a host asks of a library that it has loaded: the drivers in it, made from their settings.
///
/// Null when a driver of the library panics while it says what it is.
#[unsafe(no_mangle)]
pub extern "C" fn nuncio_driver_entry_v1() -> *const abi::Entry {
    static ENTRY: OnceLock<abi::Entry> = OnceLock::new();
    let Some(drivers) = registered() else { return ptr::null() };
    ENTRY.get_or_init(|| abi::Entry {
        magic: abi::MAGIC,
        abi_major: abi::MAJOR,
        abi_minor: abi::MINOR,
        size: size_of::<abi::Entry>() as u32,
        driver_count: drivers.len() as u32,
        manifest: Some(manifest),
        create: Some(create),
    })
}

unsafe extern "C" fn manifest(index: u32) -> Bytes {
    driver(index).map_or(Bytes::EMPTY, |one| Bytes::of(one.manifest.as_bytes()))
}
