//! Lines out of a stream, none longer than a limit.

use std::io;

use tokio::io::{AsyncBufRead, AsyncBufReadExt as _};

/// Splits a stream at line feeds and keeps no more of a line than its limit.
pub(super) struct Lines<R> {
    source: R,
    limit: usize,
    line: Vec<u8>,
}

/// One line without its end.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line<'a> {
    /// Its bytes, as far as the limit lets them.
    pub(super) bytes: &'a [u8],
    /// Whether there were more.
    pub(super) cut: bool,
}

/// What a buffer may keep between two lines.
const KEPT: usize = 64 << 10;

impl<R: AsyncBufRead + Unpin> Lines<R> {
    pub(super) fn new(source: R, limit: usize) -> Self {
        Self { source, limit, line: Vec::new() }
    }

    /// The next line; `None` at the end of the stream. What stands behind the last line feed is a line too.
    pub(super) async fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        self.line.clear();
        self.line.shrink_to(KEPT);
        let mut cut = false;
        loop {
            let found = self.source.fill_buf().await?;
            if found.is_empty() {
                let nothing = self.line.is_empty() && !cut;
                return Ok((!nothing).then_some(Line { bytes: &self.line, cut }));
            }
            let end = found.iter().position(|byte| *byte == b'\n');
            let length = end.unwrap_or(found.len());
            let room = self.limit - self.line.len();
            self.line.extend_from_slice(&found[..length.min(room)]);
            cut |= length > room;
            self.source.consume(end.map_or(length, |end| end + 1));
            if end.is_some() {
                return Ok(Some(Line { bytes: &self.line, cut }));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tokio::io::BufReader;

    fn all(bytes: &[u8], chunk: usize, limit: usize) -> Vec<(Vec<u8>, bool)> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut lines = Lines::new(BufReader::with_capacity(chunk, bytes), limit);
            let mut all = Vec::new();
            while let Some(line) = lines.next().await.unwrap() {
                all.push((line.bytes.to_vec(), line.cut));
            }
            all
        })
    }

    #[test]
    fn a_line_beyond_the_limit_is_cut_and_the_next_is_whole() {
        let expected = [(b"abc".to_vec(), true), (b"abc".to_vec(), false), (b"z".to_vec(), false)];
        assert_eq!(all(b"abcdef\nabc\nz", 2, 3), expected);
    }

    proptest! {
        #[test]
        fn lines_are_what_stands_between_line_feeds(
            lines in prop::collection::vec("[a-z]{0,9}", 1..9), chunk in 1_usize..12, limit in 1_usize..12,
        ) {
            let text = lines.join("\n") + "\n";
            let expected: Vec<_> = lines
                .iter()
                .map(|line| (line.bytes().take(limit).collect::<Vec<u8>>(), line.len() > limit))
                .collect();
            prop_assert_eq!(all(text.as_bytes(), chunk, limit), expected);
        }
    }
}
