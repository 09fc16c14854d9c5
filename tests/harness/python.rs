//! Programs that come from PyPI, at the versions that the lists in `tests/python` name.

use std::path::PathBuf;

/// `program` of the environment that `tests/python/LIST.txt` describes.
///
/// # Panics
/// When it is not installed.
#[must_use]
#[track_caller]
pub fn python(list: &str, program: &str) -> PathBuf {
    let all = std::env::var_os("NUNCIO_PYTHON").map(PathBuf::from);
    let path = all.unwrap_or_default().join(list).join("bin").join(program);
    assert!(
        path.exists(),
        "`{program}` of tests/python/{list}.txt is not in {}: `./tests/run` installs it and sets NUNCIO_PYTHON",
        path.display()
    );
    path
}
