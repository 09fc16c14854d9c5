//! The file of a library: opened once, so that what is checked is what is loaded.

use std::{
    fs::File,
    io::Read,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use super::{elf, place};
use crate::error::LoadError;

/// The largest library that is read, in bytes: 512 MiB.
const MOST_BYTES: u64 = 512 << 20;

/// Which file it is, and which state of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) device: u64,
    pub(super) inode: u64,
    bytes: u64,
    changed: (i64, i64),
}

/// The file of a library that passed every check that needs none of its code.
#[derive(Debug)]
pub(crate) struct Checked {
    /// Without symbolic links.
    pub(super) path: PathBuf,
    pub(super) file: File,
    pub(super) identity: Identity,
}

impl Checked {
    /// Opens and checks the library at `path`.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub(crate) fn open(path: &Path, sha256: Option<&str>) -> Result<Self, LoadError> {
        let mut wrong = Self::look(path, sha256)?;
        if wrong.1.is_empty() { Ok(wrong.0) } else { Err(wrong.1.swap_remove(0)) }
    }

    /// Opens the library at `path` and says all that is wrong with it.
    ///
    /// # Errors
    /// When it cannot be read at all.
    pub(crate) fn look(path: &Path, sha256: Option<&str>) -> Result<(Self, Vec<LoadError>), LoadError> {
        let unread = |why| LoadError::Read { path: path.to_owned(), why };
        let canonical = path.canonicalize().map_err(unread)?;
        // Opening a pipe would wait for its other end.
        if !std::fs::metadata(&canonical).map_err(unread)?.is_file() {
            return Err(LoadError::NotAFile { path: canonical });
        }
        let mut file = File::open(&canonical).map_err(unread)?;
        let found = file.metadata().map_err(unread)?;
        if !found.is_file() {
            return Err(LoadError::NotAFile { path: canonical });
        }
        if found.len() > MOST_BYTES {
            return Err(LoadError::TooLarge { path: canonical, bytes: found.len(), most: MOST_BYTES });
        }
        let mut code = Vec::new();
        Read::by_ref(&mut file).take(MOST_BYTES).read_to_end(&mut code).map_err(unread)?;
        let identity = Identity {
            device: found.dev(),
            inode: found.ino(),
            bytes: found.len(),
            changed: (found.mtime(), found.mtime_nsec()),
        };
        let checks = [
            place::check(&canonical, &found),
            sha256.map_or(Ok(()), |pin| pinned(&canonical, &code, pin)),
            elf::check(&canonical, &code),
        ];
        let wrong = checks.into_iter().filter_map(Result::err).collect();
        Ok((Self { path: canonical, file, identity }, wrong))
    }
}

fn pinned(path: &Path, code: &[u8], pin: &str) -> Result<(), LoadError> {
    let pinned = pin.trim().to_ascii_lowercase();
    if pinned.len() != 64 || !pinned.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(LoadError::Pin { path: path.to_owned(), pin: pin.to_owned() });
    }
    let found: String = Sha256::digest(code).iter().map(|byte| format!("{byte:02x}")).collect();
    if found == pinned { Ok(()) } else { Err(LoadError::Digest { path: path.to_owned(), pinned, found }) }
}
