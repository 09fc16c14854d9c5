use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    cargo::{cargo, library_of},
    place::{root, strangers},
};

/// A crate outside of the workspace.
#[derive(Clone, Debug)]
pub struct Package {
    folder: PathBuf,
}

impl Package {
    /// A copy of the crate in `from`, so that building it leaves nothing beside its sources. Paths in its manifest
    /// that begin with `..` still lead to where they led.
    #[must_use]
    #[track_caller]
    pub fn copied(from: &Path) -> Self {
        let name = from.file_name().expect("a crate is in a folder").to_string_lossy().into_owned();
        let folder = strangers().join(name);
        let wanted = files(from, Path::new(""));
        for old in files(&folder, Path::new("")) {
            if !wanted.contains(&old) {
                fs::remove_file(folder.join(&old)).expect("our own file");
            }
        }
        for path in wanted {
            let text = fs::read(from.join(&path)).expect("a file of the crate");
            let text = if path == Path::new("Cargo.toml") { with_whole_paths(&text, from) } else { text };
            keep(&folder.join(&path), &text);
        }
        let lock = fs::read(root().join("Cargo.lock")).expect("the repository's Cargo.lock");
        keep(&folder.join("Cargo.lock"), &lock);
        for ours in ["rustfmt.toml", "clippy.toml"] {
            keep(&strangers().join(ours), b""); // or the tools find the repository's, when Cargo builds inside it
        }
        Self { folder }
    }

    /// Where it lies.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Builds it as a dynamic library and returns its path.
    #[must_use]
    #[track_caller]
    pub fn library(&self) -> PathBuf {
        let messages = "--message-format=json-render-diagnostics";
        library_of(&cargo(&self.folder, &["build", "--offline", "--lib", messages]))
    }

    /// Runs its tests, which must be at least one and good, and returns what they printed.
    #[track_caller]
    pub fn test(&self) -> String {
        let printed = cargo(&self.folder, &["test", "--offline"]);
        let passed = |line: &str| line.starts_with("test ") && line.ends_with(" ok");
        assert!(printed.lines().any(passed), "it has no tests:\n{printed}");
        printed
    }

    /// Runs Clippy, whose warnings are errors.
    #[track_caller]
    pub fn clippy(&self) {
        cargo(&self.folder, &["clippy", "--offline", "--all-targets", "--", "-D", "warnings"]);
    }

    /// Fails unless it is formatted.
    #[track_caller]
    pub fn formatted(&self) {
        cargo(&self.folder, &["fmt", "--", "--check"]);
    }
}

/// The files under `folder`, by their paths in it; what Cargo makes is not among them.
fn files(folder: &Path, under: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder.join(under)).into_iter().flatten().flatten();
    let entries =
        entries.filter(|entry| !["target", "Cargo.lock"].iter().any(|one| entry.file_name() == *one));
    let found = entries.flat_map(|entry| {
        let path = under.join(entry.file_name());
        if entry.path().is_dir() { files(folder, &path) } else { vec![path] }
    });
    found.collect()
}

/// Writes what differs only: Cargo looks at the time of the last change.
#[track_caller]
fn keep(path: &Path, text: &[u8]) {
    if fs::read(path).is_ok_and(|old| old == text) {
        return;
    }
    fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("our own folder");
    fs::write(path, text).expect("our own file");
}

/// A manifest whose `path = "../..."` are written in full.
fn with_whole_paths(manifest: &[u8], from: &Path) -> Vec<u8> {
    let manifest = String::from_utf8_lossy(manifest);
    let from = from.canonicalize().expect("the crate exists");
    manifest.replace("path = \"..", &format!("path = \"{}/..", from.display())).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Folder;

    #[test]
    fn a_path_in_a_manifest_leads_to_where_it_led() {
        let folder = Folder::new("manifest");
        let text = with_whole_paths(b"sdk = { path = \"../..\" }", folder.path());
        let whole = folder.path().canonicalize().unwrap();
        assert_eq!(
            String::from_utf8(text).unwrap(),
            format!("sdk = {{ path = \"{}/../..\" }}", whole.display())
        );
    }

    #[test]
    fn what_is_the_same_is_not_written_again() {
        let folder = Folder::new("keep");
        let path = folder.write("a/b", "text");
        let changed = |path: &Path| fs::metadata(path).unwrap().modified().unwrap();
        let before = changed(&path);
        keep(&path, b"text");
        assert_eq!(changed(&path), before);
        keep(&path, b"other");
        assert_eq!(fs::read(&path).unwrap(), b"other");
        assert_eq!(files(folder.path(), Path::new("")), [PathBuf::from("a/b")]);
    }
}
