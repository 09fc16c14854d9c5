use std::{
    env,
    path::{Path, PathBuf},
};

/// The repository's folder.
#[must_use]
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests are a folder of the repository")
}

/// The folder that this test was built into (`target`), and its profile (`release`).
pub(super) fn built() -> (PathBuf, String) {
    let program = env::current_exe().expect("this test is a file");
    let profile = program.parent().and_then(Path::parent).expect("TARGET/PROFILE/deps/TEST");
    let name = profile.file_name().expect("a profile has a name").to_string_lossy();
    (profile.parent().expect("TARGET/PROFILE").to_owned(), name.into_owned())
}

/// The folder that Cargo builds into.
#[must_use]
pub fn target() -> PathBuf {
    built().0
}

/// The profile that Cargo builds with: `release`, or `debug`.
#[must_use]
pub fn profile() -> String {
    built().1
}

/// Where strangers' sources and libraries lie: the same place in every run, so that Cargo knows them again, and one
/// that nobody else may write to, as a host wants it of a library.
pub(super) fn strangers() -> PathBuf {
    target().join("strangers")
}
