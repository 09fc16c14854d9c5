//! Why a library is not loaded.

use std::{io, path::PathBuf};

/// Why a library is not loaded: where, what is wrong, and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The file cannot be found, opened or read.
    #[error("{}: cannot be read: {why}; check the path in [[libraries]]", path.display())]
    Read {
        /// The file, as it was named.
        path: PathBuf,
        /// What the system says.
        why: io::Error,
    },
    /// It is a directory, a pipe or the like.
    #[error("{}: is not a regular file; name the library itself", path.display())]
    NotAFile {
        /// What was named.
        path: PathBuf,
    },
    /// It is larger than a library may be.
    #[error("{}: has {bytes} bytes, and a library may have {most}; strip it", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
        /// The limit.
        most: u64,
    },
    /// Somebody else owns the file or a directory above it, and could put other code there.
    #[error(
        "{}: belongs to user {owner}, who is neither root nor the host's own user; \
         `chown root` it, or install the library elsewhere", path.display()
    )]
    Owner {
        /// The file or directory.
        path: PathBuf,
        /// The user id of its owner.
        owner: u32,
    },
    /// Others may write the file or a directory above it, and could put other code there.
    #[error(
        "{}: is writable by its group or by others (mode {mode:04o}); `chmod go-w` it, or install the library \
         elsewhere", path.display()
    )]
    Writable {
        /// The file or directory.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The pin is not 64 hexadecimal digits.
    #[error("{}: the pin `{pin}` is not a SHA-256; write what `sha256sum` prints, 64 hexadecimal digits", path.display())]
    Pin {
        /// The file.
        path: PathBuf,
        /// What was configured.
        pin: String,
    },
    /// The file is not the one that was pinned.
    #[error(
        "{}: its sha256 is {found}, and {pinned} is pinned; install the pinned file, or change the pin if the new \
         one is meant", path.display()
    )]
    Digest {
        /// The file.
        path: PathBuf,
        /// The digest that is configured.
        pinned: String,
        /// The digest of the file.
        found: String,
    },
    /// It is not a dynamic library for this machine. None of its code has run.
    #[error("{}: {why}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What it is instead, and what to do.
        why: String,
    },
    /// It has no entry of this major version. None of its code has run.
    #[error("{}: {why}", path.display())]
    Symbol {
        /// The file.
        path: PathBuf,
        /// What is missing, and what to do.
        why: String,
    },
    /// The file was written over while the old one is loaded.
    #[error(
        "{}: was changed in place since it was loaded; install a new version by renaming it over the old one, or \
         restart the host", path.display()
    )]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// The system's loader refuses it.
    #[error("{}: cannot be loaded: {why}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system says.
        why: String,
    },
    /// What its entry function returns is not what the header says.
    #[error("{}: {why}", path.display())]
    Entry {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what to do.
        why: String,
    },
    /// A driver's manifest is wrong.
    #[error("{}: the manifest of driver {index}: {why}", path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// Which driver of the library, from 0.
        index: u32,
        /// What is wrong, and what to do.
        why: String,
    },
}
