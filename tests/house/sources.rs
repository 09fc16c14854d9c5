//! The repository's own text files, as Git lists them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The repository's folder.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// A text file of the repository.
pub(crate) struct Source {
    /// Its path from the root.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Source {
    /// The lines of code with their numbers: without comments, and without the tests at the end of the file.
    pub(crate) fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = (1..).zip(self.text.lines()).take_while(|(_, line)| !line.starts_with("#[cfg(test)]"));
        lines.map(|(n, line)| (n, without_comment(line))).filter(|(_, line)| !line.trim().is_empty())
    }

    /// Whether it holds tests only.
    pub(crate) fn is_test(&self) -> bool {
        self.path.starts_with("tests/") || self.path.contains("/tests/") || self.path.ends_with("/tests.rs")
    }
}

fn without_comment(line: &str) -> &str {
    if line.trim_start().starts_with("//") {
        return "";
    }
    line.split_once(" // ").map_or(line, |(code, _)| code)
}

/// All text files of the repository; fresh ones too, unless Git ignores them.
pub(crate) fn all() -> Vec<Source> {
    let mut git = Command::new("git");
    git.current_dir(root()).args(["ls-files", "--cached", "--others", "--exclude-standard"]);
    let output = git.output().expect("git is there, it made this folder");
    assert!(output.status.success(), "git ls-files: {}", String::from_utf8_lossy(&output.stderr));
    let names = String::from_utf8(output.stdout).unwrap();
    let read = |path: &str| {
        let text = fs::read_to_string(root().join(path)).ok()?;
        Some(Source { path: path.to_owned(), text })
    };
    names.lines().filter_map(read).collect()
}

/// All Rust sources whose path begins with `under`.
pub(crate) fn rust(under: &str) -> Vec<Source> {
    let found: Vec<Source> =
        all().into_iter().filter(|one| one.path.starts_with(under) && one.path.ends_with(".rs")).collect();
    assert!(!found.is_empty(), "no Rust source under `{under}`: the check looks at nothing");
    found
}

/// Fails with all `offences` and the way to mend them.
#[track_caller]
pub(crate) fn refuse(offences: &[String], fix: &str) {
    assert!(offences.is_empty(), "\n  {}\nWhat to do: {fix}\n", offences.join("\n  "));
}
