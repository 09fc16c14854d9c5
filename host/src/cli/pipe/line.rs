//! Lines with where they stand.

use std::sync::Arc;

use crate::cli::fault::{Exit, Fault};

/// The longest line, bytes: four times what a host takes unless it is told otherwise.
pub(super) const MAX_LINE: usize = 1 << 20;

/// Lines that were read ahead: what a batch takes while the one before it is on its way.
pub(super) const AHEAD: usize = 128;

/// What lines come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    /// Told apart from any other, also from a later file of the same name.
    pub(super) name: String,
    /// Where the file stands on its disk, 0 for the standard input.
    pub(super) device: u64,
    pub(super) inode: u64,
}

/// A line without its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) text: Vec<u8>,
    /// Its number in its origin, from 1.
    pub(super) number: u64,
    pub(super) origin: Arc<Origin>,
    /// Where it begins and where the next one does, bytes.
    pub(super) begins: u64,
    pub(super) ends: u64,
}

/// Cuts what is read into lines.
pub(super) struct Cutter {
    origin: Arc<Origin>,
    number: u64,
    begins: u64,
    text: Vec<u8>,
}

impl Cutter {
    /// Goes on at `begins`, after `lines` lines.
    pub(super) const fn new(origin: Arc<Origin>, begins: u64, lines: u64) -> Self {
        Self { origin, number: lines, begins, text: Vec::new() }
    }

    /// How much was taken.
    pub(super) fn position(&self) -> u64 {
        self.begins + self.text.len() as u64
    }

    /// Takes of `read` what belongs to one line: how much that is, and the line if it ends there.
    pub(super) fn take(&mut self, read: &[u8]) -> Result<(usize, Option<Line>), Fault> {
        let end = read.iter().position(|byte| *byte == b'\n');
        let part = end.and_then(|end| read.get(..end)).unwrap_or(read);
        if self.text.len() + part.len() > MAX_LINE {
            let why = format!("line {} is longer than {MAX_LINE} bytes", self.number + 1);
            return Err(Fault::new(Exit::Input, why));
        }
        self.text.extend_from_slice(part);
        Ok(match end {
            Some(end) => (end + 1, Some(self.cut(1))),
            None => (read.len(), None),
        })
    }

    /// What stands behind the last line's end.
    pub(super) fn rest(&mut self) -> Option<Line> {
        (!self.text.is_empty()).then(|| self.cut(0))
    }

    fn cut(&mut self, end: u64) -> Line {
        let ends = self.position() + end;
        let mut text = std::mem::take(&mut self.text);
        if text.last() == Some(&b'\r') {
            text.pop();
        }
        self.number += 1;
        let begins = std::mem::replace(&mut self.begins, ends);
        Line { text, number: self.number, origin: Arc::clone(&self.origin), begins, ends }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(in crate::cli::pipe) fn origin() -> Arc<Origin> {
        Arc::new(Origin { name: uuid::Uuid::new_v4().to_string(), device: 0, inode: 0 })
    }

    /// All lines of `parts`, which come one after the other.
    pub(in crate::cli::pipe) fn cut(parts: &[&[u8]]) -> Result<Vec<Line>, Fault> {
        let mut cutter = Cutter::new(origin(), 0, 0);
        let mut lines = Vec::new();
        for part in parts {
            let mut left = *part;
            while !left.is_empty() {
                let (taken, line) = cutter.take(left)?;
                lines.extend(line);
                left = left.get(taken..).unwrap_or_default();
            }
        }
        lines.extend(cutter.rest());
        Ok(lines)
    }

    #[test]
    fn lines_know_where_they_stand() {
        let lines = cut(&[b"one\r\nt", b"wo\n\nlast"]).unwrap();
        let seen: Vec<_> =
            lines.iter().map(|line| (line.text.as_slice(), line.number, line.begins, line.ends)).collect();
        assert_eq!(
            seen,
            [
                (b"one".as_slice(), 1, 0, 5),
                (b"two".as_slice(), 2, 5, 9),
                (b"".as_slice(), 3, 9, 10),
                (b"last".as_slice(), 4, 10, 14)
            ]
        );
    }

    #[test]
    fn a_line_without_end_is_refused_by_its_number() {
        let error = cut(&[b"x\n", &vec![b'y'; MAX_LINE + 1]]).unwrap_err().to_string();
        assert!(error.starts_with("line 2 is longer than"), "{error}");
    }

    proptest! {
        #[test]
        fn nothing_is_lost_however_it_comes(bytes in prop::collection::vec(prop::sample::select(b"a\r\n".to_vec()), 0..60), at in 0_usize..60) {
            let (first, second) = bytes.split_at(at.min(bytes.len()));
            let lines = cut(&[first, second]).unwrap();
            let mut next = 0;
            for line in &lines {
                prop_assert_eq!(line.begins, next);
                next = line.ends;
            }
            prop_assert_eq!(next, bytes.len() as u64);
            let whole: Vec<_> = cut(&[&bytes]).unwrap().into_iter().map(|line| line.text).collect();
            prop_assert_eq!(lines.into_iter().map(|line| line.text).collect::<Vec<_>>(), whole);
        }
    }
}
