//! Who could put other code in the place of a library: its owner, and whoever may write it or a directory above it.

use std::{
    fs::Metadata,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use crate::error::LoadError;

const ROOT: u32 = 0;
const GROUP_AND_OTHERS_WRITE: u32 = 0o022;
const STICKY: u32 = 0o1000;
const PERMISSIONS: u32 = 0o7777;

/// The user that the host runs as.
fn own_user() -> Option<u32> {
    std::fs::metadata("/proc/self").ok().map(|process| process.uid())
}

/// Refuses the library at `path`, whose open file is `file`, when somebody besides root and the host's own user could
/// replace it.
///
/// A directory that everybody may write is borne above the library's own directory if it is sticky, as `/tmp` is: there
/// nobody can rename what belongs to somebody else. The library's own directory must not be such a one.
///
/// # Errors
/// The first file or directory that is not safe, from the library upwards.
pub(super) fn check(path: &Path, file: &Metadata) -> Result<(), LoadError> {
    let users = [Some(ROOT), own_user()];
    judge(path, file, &users, false)?;
    for (height, directory) in path.ancestors().skip(1).enumerate() {
        let found = std::fs::metadata(directory)
            .map_err(|why| LoadError::Read { path: directory.to_owned(), why })?;
        judge(directory, &found, &users, height > 0)?;
    }
    Ok(())
}

fn judge(
    path: &Path,
    found: &Metadata,
    users: &[Option<u32>],
    sticky_is_safe: bool,
) -> Result<(), LoadError> {
    let path = || PathBuf::from(path);
    if !users.contains(&Some(found.uid())) {
        return Err(LoadError::Owner { path: path(), owner: found.uid() });
    }
    let mode = found.mode() & PERMISSIONS;
    if mode & GROUP_AND_OTHERS_WRITE != 0 && !(sticky_is_safe && mode & STICKY != 0) {
        return Err(LoadError::Writable { path: path(), mode });
    }
    Ok(())
}
