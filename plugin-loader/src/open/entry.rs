//! Opens a checked library and reads its entry: magic, version, size, manifests.

use std::{
    collections::HashMap,
    os::fd::AsRawFd,
    path::{Path, PathBuf},
    ptr,
    sync::{Mutex, PoisonError},
};

use libloading::os::unix::{Library as Handle, RTLD_LOCAL, RTLD_NOW};
use nuncio_core::{Manifest, abi, abi_read};

use super::{
    file::{Checked, Identity},
    manifest,
};
use crate::{error::LoadError, text};

/// The most drivers of one library.
const MOST_DRIVERS: u32 = 64;

/// Every library that was ever opened, by device and inode: the same file is opened once.
static OPENED: Mutex<Option<HashMap<(u64, u64), Known>>> = Mutex::new(None);

/// A library that was opened before.
#[derive(Clone, Copy)]
struct Known {
    identity: Identity,
    creating: &'static Mutex<()>,
    entry: Address,
}

/// Where the table of a library's entry is.
#[derive(Clone, Copy)]
struct Address(*const abi::Entry);

// SAFETY: the table is constant for the life of the process (header), and nothing but reads go through the pointer.
unsafe impl Send for Address {}
// SAFETY: as above.
unsafe impl Sync for Address {}

/// `create` of a library.
pub(crate) type Create =
    unsafe extern "C" fn(u32, *const abi::Host, abi::Bytes, *mut abi::Driver, *mut abi::Error) -> abi::Status;

/// A library whose entry was read.
#[derive(Clone, Debug)]
pub(crate) struct Opened {
    pub(crate) path: PathBuf,
    pub(crate) abi: (u16, u16),
    /// In the order of the library.
    pub(crate) manifests: Vec<Manifest>,
    pub(crate) create: Create,
    /// Held while `create` runs: it is not called from two threads at once.
    pub(crate) creating: &'static Mutex<()>,
}

impl Opened {
    /// Opens `checked` for the life of the process and reads its entry.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub(crate) fn load(checked: Checked) -> Result<Self, LoadError> {
        let path = checked.path.clone();
        let Known { entry: Address(entry), creating, .. } = opened(checked)?;
        let wrong = |why: String| LoadError::Entry { path: path.clone(), why };
        let (abi, create) = head(entry).map_err(wrong)?;
        let manifests = manifests(&path, entry)?;
        Ok(Self { path, abi, manifests, create, creating })
    }
}

fn opened(checked: Checked) -> Result<Known, LoadError> {
    let Checked { path, file, identity } = checked;
    let mut opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
    let opened = opened.get_or_insert_default();
    let key = (identity.device, identity.inode);
    if let Some(known) = opened.get(&key) {
        // The system would give the old library, or worse, its old code over new data.
        let is_same = known.identity == identity;
        return if is_same { Ok(*known) } else { Err(LoadError::Changed { path }) };
    }
    // By the descriptor, so that what was checked is what is loaded, whatever stands at the path by now.
    let by_descriptor = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
    let name = if by_descriptor.exists() { by_descriptor } else { path.clone() };
    let why = |why: libloading::Error| {
        let why = why.to_string().replace(&name.display().to_string(), &path.display().to_string());
        LoadError::Open { path: path.clone(), why }
    };
    // SAFETY: running the library's constructors is what the operator asked for by listing it; it was checked to be a
    // driver of our major for this machine.
    let handle = unsafe { Handle::open(Some(&name), RTLD_NOW | RTLD_LOCAL) }.map_err(why)?;
    // SAFETY: the symbol has this type in major 1, for ever (header).
    let function = unsafe { handle.get::<abi::EntryFn>(abi::SYMBOL) }.map(|symbol| *symbol).map_err(why)?;
    // Its threads, its statics and its thread-local destructors may outlive every owner: never closed. The system
    // remembers the name, which must not come to mean another file: the descriptor stays open as well.
    std::mem::forget((handle, file));
    // SAFETY: the entry function is pure and takes nothing (header).
    let entry = Address(unsafe { function() });
    let creating = Box::leak(Box::new(Mutex::new(())));
    let known = Known { identity, creating, entry };
    opened.insert(key, known);
    Ok(known)
}

/// Magic and major stand first in every major, for ever; only when they are ours is anything else looked at.
fn head(entry: *const abi::Entry) -> Result<((u16, u16), Create), String> {
    let fix = "build the driver against nuncio_driver.h";
    if entry.is_null() || !entry.is_aligned() {
        return Err(format!("`{}` returns no table; {fix}", abi::SYMBOL));
    }
    // SAFETY: the pointer is not null and aligned, and the head is readable in every major (header).
    let (magic, major, minor, size) = unsafe {
        (
            ptr::addr_of!((*entry).magic).read(),
            ptr::addr_of!((*entry).abi_major).read(),
            ptr::addr_of!((*entry).abi_minor).read(),
            ptr::addr_of!((*entry).size).read() as usize,
        )
    };
    if magic != abi::MAGIC {
        return Err(format!("its table begins with {magic:#010x} instead of {:#010x}; {fix}", abi::MAGIC));
    }
    if major != abi::MAJOR {
        return Err(format!(
            "its table is of major version {major}, and `{}` means {}; {fix}",
            abi::SYMBOL,
            abi::MAJOR
        ));
    }
    // SAFETY: the size is readable and says what else is (rule 1).
    let create = unsafe { abi_read!(entry, abi::Entry, create, None) };
    create.map(|create| ((major, minor), create)).ok_or_else(|| {
        format!("its table of {size} bytes has no `create`; fill the table and write `sizeof` into its size")
    })
}

fn manifests(path: &Path, entry: *const abi::Entry) -> Result<Vec<Manifest>, LoadError> {
    let wrong = |why: String| LoadError::Entry { path: path.to_owned(), why };
    // SAFETY: `head` found the pointer good (rule 1).
    let (count, manifest) = unsafe {
        (abi_read!(entry, abi::Entry, driver_count, 0), abi_read!(entry, abi::Entry, manifest, None))
    };
    let manifest = manifest.ok_or_else(|| wrong("its table has no `manifest`; fill the table".into()))?;
    if count == 0 || count > MOST_DRIVERS {
        return Err(wrong(format!("has {count} drivers; a library has 1 to {MOST_DRIVERS}")));
    }
    let mut manifests: Vec<Manifest> = Vec::new();
    for index in 0..count {
        let wrong = |why: String| LoadError::Manifest { path: path.to_owned(), index, why };
        // SAFETY: `index` is below `driver_count`; the bytes live for ever (header).
        let bytes = unsafe { manifest(index) };
        if bytes.len > manifest::MOST_BYTES {
            let most = manifest::MOST_BYTES;
            return Err(wrong(format!("has {} bytes; at most {most} are read", bytes.len)));
        }
        // SAFETY: the driver says that so many bytes are there (rule 2).
        let one = manifest::read(unsafe { text::slice(bytes) }).map_err(wrong)?;
        if manifests.iter().any(|other| other.name == one.name) {
            return Err(wrong(format!("is called `{}` as another of this library; rename it", one.name)));
        }
        manifests.push(one);
    }
    Ok(manifests)
}
