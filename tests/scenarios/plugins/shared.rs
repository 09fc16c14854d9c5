use std::{env, path::PathBuf};

/// The driver that does what its URI says (tests/drivers/fickle.rs), as a library.
#[track_caller]
pub(crate) fn fickle() -> PathBuf {
    let beside = env::current_exe().unwrap();
    let path = beside.parent().unwrap().parent().unwrap().join("examples/libfickle.so");
    assert!(path.exists(), "{}: not built; cargo build --release -p nuncio-tests --examples", path.display());
    path
}
