//! The lines of a file, which may grow, be cut, or be moved away while a new one takes its place.

use std::{
    fs::Metadata,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tokio::{
    fs::File,
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncSeekExt as _, BufReader},
    sync::mpsc,
};
use uuid::Uuid;

use super::{
    bookmark::Mark,
    line::{AHEAD, Cutter, Line, MAX_LINE, Origin},
};
use crate::cli::fault::{Exit, Fault};

/// How often a file that has ended is looked at again.
const GLANCE: Duration = Duration::from_millis(200);

/// A file whose lines are wanted.
pub(super) struct Wanted {
    pub(super) path: PathBuf,
    /// Its end is not the end: more may come.
    pub(super) follow: bool,
    /// Where an earlier run stopped.
    pub(super) mark: Option<Mark>,
}

/// What the far end of the channel is given.
type Found = mpsc::Sender<Result<Line, Fault>>;

impl Wanted {
    /// Its lines, from where an earlier run stopped; that it cannot go on there is told to `note`.
    pub(super) async fn lines(
        self,
        note: impl Fn(&str),
    ) -> Result<mpsc::Receiver<Result<Line, Fault>>, Fault> {
        let opened = match &self.mark {
            Some(mark) => match resumed(&self.path, mark).await? {
                Some(opened) => opened,
                None => {
                    note("the file of the bookmark is gone or was cut: beginning at the start of the file");
                    Opened::begin(&self.path).await?
                }
            },
            None => Opened::begin(&self.path).await?,
        };
        let (found, lines) = mpsc::channel(AHEAD);
        tokio::spawn(async move {
            if let Err(fault) = read(&self, opened, &found).await {
                // Who would be told has gone away.
                found.send(Err(fault)).await.ok();
            }
        });
        Ok(lines)
    }
}

/// A file that is being read.
struct Opened {
    path: PathBuf,
    input: BufReader<File>,
    cutter: Cutter,
    inode: (u64, u64),
}

impl Opened {
    /// The file at `path`, from its start.
    async fn begin(path: &Path) -> Result<Self, Fault> {
        let file = File::open(path).await.map_err(|error| fault(path, &error))?;
        let at = file.metadata().await.map_err(|error| fault(path, &error))?;
        let origin = Origin { name: Uuid::new_v4().to_string(), device: at.dev(), inode: at.ino() };
        Ok(Self::at(path, file, &at, Cutter::new(Arc::new(origin), 0, 0)))
    }

    fn at(path: &Path, file: File, at: &Metadata, cutter: Cutter) -> Self {
        Self { path: path.to_owned(), input: BufReader::new(file), cutter, inode: identity(at) }
    }

    /// Sends all lines up to what is now its end. False when nobody wants more.
    async fn drain(&mut self, found: &Found) -> Result<bool, Fault> {
        loop {
            let read = self.input.fill_buf().await.map_err(|error| fault(&self.path, &error))?;
            if read.is_empty() {
                return Ok(true);
            }
            let (taken, line) = self.cutter.take(read)?;
            self.input.consume(taken);
            if let Some(line) = line
                && found.send(Ok(line)).await.is_err()
            {
                return Ok(false);
            }
        }
    }

    /// Sends what stands behind the last line's end, when nothing more can come.
    async fn finish(&mut self, found: &Found) -> bool {
        match self.cutter.rest() {
            Some(line) => found.send(Ok(line)).await.is_ok(),
            None => true,
        }
    }
}

async fn read(wanted: &Wanted, mut opened: Opened, found: &Found) -> Result<(), Fault> {
    // What was moved away may still be written to for a moment.
    let mut moved = false;
    loop {
        if !opened.drain(found).await? {
            return Ok(());
        }
        let now = tokio::fs::metadata(&wanted.path).await.ok().map(|now| (identity(&now), now.len()));
        match now {
            _ if found.is_closed() => return Ok(()),
            Some((inode, _)) if inode != opened.inode && (moved || !wanted.follow) => {
                if !opened.finish(found).await {
                    return Ok(());
                }
                opened = Opened::begin(&wanted.path).await?;
                moved = false;
                continue;
            }
            Some((inode, _)) if inode != opened.inode => moved = true,
            _ if !wanted.follow => {
                opened.finish(found).await;
                return Ok(());
            }
            Some((_, length)) if length < opened.cutter.position() => {
                opened = Opened::begin(&wanted.path).await?;
                continue;
            }
            // It is still there, or is being moved away.
            _ => {}
        }
        tokio::time::sleep(GLANCE).await;
    }
}

/// The file of `mark` where it stands now: at `path`, or under another name in its folder, where it was moved.
async fn resumed(path: &Path, mark: &Mark) -> Result<Option<Opened>, Fault> {
    let origin = mark.origin();
    let wanted = (origin.device, origin.inode);
    let Some((path, at)) = find(path, wanted).await else { return Ok(None) };
    if at.len() < mark.until {
        return Ok(None);
    }
    let failed = |error: std::io::Error| fault(&path, &error);
    let mut file = File::open(&path).await.map_err(failed)?;
    if !is_known(&mut file, mark).await.map_err(failed)? {
        return Ok(None);
    }
    file.seek(std::io::SeekFrom::Start(mark.offset)).await.map_err(failed)?;
    let cutter = Cutter::new(Arc::new(origin), mark.offset, mark.lines);
    Ok(Some(Opened::at(&path, file, &at, cutter)))
}

/// Whether the line of the bookmark stands where it stood.
async fn is_known(file: &mut File, mark: &Mark) -> std::io::Result<bool> {
    let (begins, ends) = mark.known();
    let length = ends.saturating_sub(begins);
    if length > MAX_LINE as u64 + 2 {
        return Ok(false);
    }
    file.seek(std::io::SeekFrom::Start(begins)).await?;
    let mut text = Vec::new();
    (&mut *file).take(length).read_to_end(&mut text).await?;
    let text = text.strip_suffix(b"\n").unwrap_or(&text);
    Ok(mark.knows(text.strip_suffix(b"\r").unwrap_or(text)))
}

async fn find(path: &Path, wanted: (u64, u64)) -> Option<(PathBuf, Metadata)> {
    let is_it = |at: &Metadata| at.is_file() && identity(at) == wanted;
    if let Ok(at) = tokio::fs::metadata(path).await
        && is_it(&at)
    {
        return Some((path.to_owned(), at));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut entries = tokio::fs::read_dir(folder).await.ok()?;
    while let Ok(Some(entry)) = entries.next_entry().await {
        if let Ok(at) = entry.metadata().await
            && is_it(&at)
        {
            return Some((entry.path(), at));
        }
    }
    None
}

fn identity(at: &Metadata) -> (u64, u64) {
    (at.dev(), at.ino())
}

fn fault(path: &Path, error: &std::io::Error) -> Fault {
    Fault::new(Exit::NoInput, format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::pipe::bookmark::Bookmark;
    use std::io::Write as _;

    struct Log {
        dir: tempfile::TempDir,
    }

    impl Log {
        fn new(text: &str) -> Self {
            let log = Self { dir: tempfile::tempdir().unwrap() };
            log.append(text);
            log
        }

        fn path(&self) -> PathBuf {
            self.dir.path().join("app.log")
        }

        fn append(&self, text: &str) {
            let mut file = std::fs::OpenOptions::new().create(true).append(true).open(self.path()).unwrap();
            file.write_all(text.as_bytes()).unwrap();
        }

        fn rotate(&self) {
            std::fs::rename(self.path(), self.dir.path().join("app.log.1")).unwrap();
        }

        async fn lines(&self, follow: bool, mark: Option<Mark>) -> mpsc::Receiver<Result<Line, Fault>> {
            Wanted { path: self.path(), follow, mark }.lines(|_| ()).await.unwrap()
        }
    }

    async fn next(lines: &mut mpsc::Receiver<Result<Line, Fault>>) -> Option<String> {
        lines.recv().await.map(|line| String::from_utf8(line.unwrap().text).unwrap())
    }

    #[tokio::test]
    async fn a_file_is_read_to_its_end() {
        let log = Log::new("one\ntwo\nlast");
        let mut lines = log.lines(false, None).await;
        for text in ["one", "two", "last"] {
            assert_eq!(next(&mut lines).await.as_deref(), Some(text));
        }
        assert_eq!(next(&mut lines).await, None);
    }

    #[tokio::test]
    async fn a_file_that_grows_is_moved_away_and_cut_is_followed() {
        let log = Log::new("one\nhalf");
        let mut lines = log.lines(true, None).await;
        assert_eq!(next(&mut lines).await.as_deref(), Some("one"));
        log.append(" a line\n");
        assert_eq!(next(&mut lines).await.as_deref(), Some("half a line"));
        log.rotate();
        log.append("new\n");
        assert_eq!(next(&mut lines).await.as_deref(), Some("new"));
        std::fs::write(log.path(), "x\n").unwrap();
        assert_eq!(next(&mut lines).await.as_deref(), Some("x"));
    }

    #[tokio::test]
    async fn a_start_goes_on_where_the_last_one_stopped_also_in_a_file_that_was_moved_away() {
        let log = Log::new("one\ntwo\nthree\n");
        let state = log.dir.path().join("state");
        let mut lines = log.lines(false, None).await;
        let first = lines.recv().await.unwrap().unwrap();
        Bookmark::open(Some(state.clone())).unwrap().0.done(&first).unwrap();
        log.rotate();
        log.append("four\n");
        let mark = Bookmark::open(Some(state)).unwrap().1;
        let mut lines = log.lines(false, mark).await;
        for (text, number) in [("two", 2), ("three", 3), ("four", 1)] {
            let line = lines.recv().await.unwrap().unwrap();
            assert_eq!((line.text.as_slice(), line.number), (text.as_bytes(), number));
            assert_eq!(line.origin.name == first.origin.name, text != "four");
        }
        assert_eq!(next(&mut lines).await, None);
    }

    #[tokio::test]
    async fn another_file_in_its_place_begins_anew_also_where_it_is_longer() {
        let log = Log::new("one\ntwo\n");
        let state = log.dir.path().join("state");
        let mut lines = log.lines(false, None).await;
        let first = lines.recv().await.unwrap().unwrap();
        Bookmark::open(Some(state.clone())).unwrap().0.done(&first).unwrap();
        let mark = Bookmark::open(Some(state)).unwrap().1;
        // The same file by its number, with other lines.
        std::fs::write(log.path(), "uno\ndos\ntres\n").unwrap();
        assert_eq!(next(&mut log.lines(false, mark).await).await.as_deref(), Some("uno"));
    }

    #[tokio::test]
    async fn a_file_that_was_cut_since_begins_anew() {
        let log = Log::new("one\ntwo\n");
        let state = log.dir.path().join("state");
        let mut lines = log.lines(false, None).await;
        lines.recv().await;
        let second = lines.recv().await.unwrap().unwrap();
        Bookmark::open(Some(state.clone())).unwrap().0.done(&second).unwrap();
        std::fs::write(log.path(), "x\n").unwrap();
        let mark = Bookmark::open(Some(state)).unwrap().1;
        assert_eq!(next(&mut log.lines(false, mark).await).await.as_deref(), Some("x"));
    }
}
