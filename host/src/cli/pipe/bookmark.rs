//! How far a file is posted, kept in a file beside the program: a start goes on there.

use std::{
    fs::File,
    io::{ErrorKind, Write as _},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::line::{Line, Origin};
use crate::cli::fault::{Exit, Fault};

/// The version of the format.
const VERSION: u32 = 1;

/// Where a file is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(super) struct Mark {
    version: u32,
    name: String,
    device: u64,
    inode: u64,
    /// All before this byte is posted.
    pub(super) offset: u64,
    /// Lines before it.
    pub(super) lines: u64,
    /// The end of what was being posted: it is posted again as one, under the same key, so that the host knows it.
    pub(super) until: u64,
    /// A line of the file, by which it is known again.
    known: Known,
}

/// Where a line stands, and the SHA-256 of its text in hexadecimal digits: names and numbers of files are given again.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
struct Known {
    begins: u64,
    ends: u64,
    sha256: String,
}

impl Mark {
    /// Where what was begun ends, if that was a part of `origin`.
    pub(super) fn begun(&self, origin: &Origin) -> Option<u64> {
        (self.until > self.offset && *origin == self.origin()).then_some(self.until)
    }

    /// Where the line stands by which the file is known again.
    pub(super) const fn known(&self) -> (u64, u64) {
        (self.known.begins, self.known.ends)
    }

    /// Whether that line has this text.
    pub(super) fn knows(&self, text: &[u8]) -> bool {
        hash(text) == self.known.sha256
    }

    /// The file it is of.
    pub(super) fn origin(&self) -> Origin {
        Origin { name: self.name.clone(), device: self.device, inode: self.inode }
    }
}

/// The file that holds a mark; none keeps nothing.
pub(super) struct Bookmark(Option<PathBuf>);

impl Bookmark {
    /// The one at `path`, and what it says.
    pub(super) fn open(path: Option<PathBuf>) -> Result<(Self, Option<Mark>), Fault> {
        let Some(path) = path else { return Ok((Self(None), None)) };
        let mark = match std::fs::read(&path) {
            Ok(text) => Some(read(&path, &text)?),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(fault(&path, &error)),
        };
        Ok((Self(Some(path)), mark))
    }

    /// Says on stable storage that these lines, of one origin, are about to be posted.
    pub(super) fn begin(&self, lines: &[Line]) -> Result<(), Fault> {
        let (Some(first), Some(last)) = (lines.first(), lines.last()) else { return Ok(()) };
        self.write(first, first.begins, first.number.saturating_sub(1), last.ends)
    }

    /// Says on stable storage that everything up to `last` is posted.
    pub(super) fn done(&self, last: &Line) -> Result<(), Fault> {
        self.write(last, last.ends, last.number, last.ends)
    }

    fn write(&self, of: &Line, offset: u64, lines: u64, until: u64) -> Result<(), Fault> {
        let Some(path) = &self.0 else { return Ok(()) };
        let Origin { name, device, inode } = (*of.origin).clone();
        let known = Known { begins: of.begins, ends: of.ends, sha256: hash(&of.text) };
        let mark = Mark { version: VERSION, name, device, inode, offset, lines, until, known };
        replace(path, &mark).map_err(|error| fault(path, &error))
    }
}

/// Writes a new file and puts it in the place of the old one: one of the two is always whole.
fn replace(path: &Path, mark: &Mark) -> std::io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let mut file = File::create(&beside)?;
    serde_json::to_writer(&mut file, mark)?;
    file.write_all(b"\n")?;
    file.sync_all()?;
    std::fs::rename(&beside, path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

fn hash(text: &[u8]) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn read(path: &Path, text: &[u8]) -> Result<Mark, Fault> {
    let wrong = |why: &dyn std::fmt::Display| {
        let why = format!(
            "--state {}: not what this program wrote: {why}; remove it to begin at the start of the file",
            path.display()
        );
        Fault::new(Exit::Input, why)
    };
    let mark: Mark = serde_json::from_slice(text).map_err(|error| wrong(&error))?;
    if mark.version != VERSION {
        return Err(wrong(&format!("its version is {}, this program knows {VERSION}", mark.version)));
    }
    if mark.until < mark.offset || mark.known.ends < mark.known.begins {
        return Err(wrong(&"it ends before it begins"));
    }
    Ok(mark)
}

fn fault(path: &Path, error: &std::io::Error) -> Fault {
    Fault::new(Exit::CannotCreate, format!("--state {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::pipe::line::tests::cut;
    use proptest::prelude::*;

    #[test]
    fn it_says_what_was_begun_and_what_is_done() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("mark");
        let (bookmark, none) = Bookmark::open(Some(path.clone())).unwrap();
        assert_eq!(none, None);
        let lines = cut(&[b"one\ntwo\nthree\n"]).unwrap();
        bookmark.begin(&lines[1..]).unwrap();
        let mark = Bookmark::open(Some(path.clone())).unwrap().1.unwrap();
        assert_eq!((mark.offset, mark.lines, mark.until), (4, 1, 14));
        assert_eq!(mark.origin(), *lines[0].origin);
        bookmark.done(&lines[2]).unwrap();
        let mark = Bookmark::open(Some(path)).unwrap().1.unwrap();
        assert_eq!((mark.offset, mark.lines, mark.until), (14, 3, 14));
    }

    #[test]
    fn what_cannot_be_kept_is_said_with_its_place() {
        let dir = tempfile::tempdir().unwrap();
        let (bookmark, _) = Bookmark::open(Some(dir.path().join("none/mark"))).unwrap();
        let error = bookmark.begin(&cut(&[b"one"]).unwrap()).unwrap_err().to_string();
        assert!(error.starts_with("--state ") && error.contains("none/mark"), "{error}");
    }

    /// Any file is read or refused with what to do.
    fn check_any(bytes: &[u8]) {
        match read(Path::new("mark"), bytes) {
            Ok(mark) => assert!(mark.until >= mark.offset),
            Err(error) => assert!(error.to_string().contains("remove it"), "{error}"),
        }
    }

    proptest! {
        #[test]
        fn any_file_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200), offset: u64, until: u64, version in 0_u32..3) {
            check_any(&bytes);
            let near = serde_json::json!({"version": version, "name": "x", "device": 1, "inode": 2, "offset": offset, "lines": 0, "until": until, "known": {"begins": 0, "ends": offset, "sha256": ""}});
            check_any(near.to_string().as_bytes());
        }
    }
}
