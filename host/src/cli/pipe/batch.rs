//! Lines become a request: as many as are there, up to a limit.

use serde_json::value::RawValue;
use tokio::sync::mpsc;

use super::{bookmark::Mark, line::Line};
use crate::cli::fault::Fault;

/// Bytes of lines in one request: half of what a host takes unless it is told otherwise, since a line that is no JSON
/// grows when it is quoted.
const MAX_BYTES: usize = 128 << 10;

/// Takes lines for one request after the other.
pub(super) struct Gatherer {
    lines: mpsc::Receiver<Result<Line, Fault>>,
    most: usize,
    /// What did not fit, or ended the batch before it.
    held: Option<Result<Line, Fault>>,
    /// What an earlier run began, until a line of it was taken.
    mark: Option<Mark>,
    /// What was taken for the next request, and where it ends if an earlier run began it.
    batch: Vec<Line>,
    until: Option<u64>,
}

impl Gatherer {
    /// Takes up to `most` lines at once; what an earlier run began is taken as one again.
    pub(super) const fn new(
        lines: mpsc::Receiver<Result<Line, Fault>>,
        most: usize,
        mark: Option<Mark>,
    ) -> Self {
        Self { lines, most, held: None, mark, batch: Vec::new(), until: None }
    }

    /// Takes no more than what was read.
    pub(super) fn stop(&mut self) {
        self.lines.close();
    }

    /// Waits for a line and takes those that are there too, all of one origin; nothing when there are no more.
    /// Cancel-safe: what was taken is kept for the next call.
    pub(super) async fn next(&mut self) -> Result<Vec<Line>, Fault> {
        if self.batch.is_empty() {
            let Some(first) = self.line().await? else { return Ok(Vec::new()) };
            self.until = self.mark.take().and_then(|mark| mark.begun(&first.origin));
            self.batch.push(first);
        }
        match self.until {
            Some(until) => self.again(until).await,
            None => self.fill(),
        }
        self.until = None;
        Ok(std::mem::take(&mut self.batch))
    }

    async fn line(&mut self) -> Result<Option<Line>, Fault> {
        match self.held.take() {
            Some(held) => held.map(Some),
            None => self.lines.recv().await.transpose(),
        }
    }

    /// Takes what is there, up to the limits.
    fn fill(&mut self) {
        let mut bytes = self.batch.iter().map(|line| line.text.len()).sum::<usize>();
        while self.batch.len() < self.most
            && let Ok(next) = self.lines.try_recv()
        {
            match next {
                Ok(line) if follows(&self.batch, &line) && bytes + line.text.len() <= MAX_BYTES => {
                    bytes += line.text.len();
                    self.batch.push(line);
                }
                other => return self.held = Some(other),
            }
        }
    }

    /// Takes all up to `until`.
    async fn again(&mut self, until: u64) {
        while self.batch.last().is_some_and(|last| last.ends < until)
            && let Some(next) = self.lines.recv().await
        {
            match next {
                Ok(line) if follows(&self.batch, &line) => self.batch.push(line),
                other => return self.held = Some(other),
            }
        }
    }
}

/// Whether `line` is of the origin of `batch`.
fn follows(batch: &[Line], line: &Line) -> bool {
    batch.last().is_some_and(|last| last.origin == line.origin)
}

/// How lines become messages.
#[derive(Clone, Copy, Debug)]
pub(super) struct Form {
    /// Every line is a text, also one that is JSON.
    pub(super) text: bool,
    /// Seconds for which a message can be pulled.
    pub(super) ttl: Option<u64>,
}

impl Form {
    /// The body of the request with these lines; empty ones are left out.
    pub(super) fn body(self, lines: &[Line]) -> String {
        let ttl = self.ttl.map_or_else(String::new, |ttl| format!(",\"ttl\":{ttl}"));
        let messages: Vec<_> = lines
            .iter()
            .filter(|line| !line.is_empty())
            .map(|line| format!("{{\"body\":{}{ttl}}}", self.message(&line.text)))
            .collect();
        format!("{{\"messages\":[{}]}}", messages.join(","))
    }

    /// A JSON value as it is; anything else as a string, in which what is no UTF-8 shows as U+FFFD.
    fn message(self, line: &[u8]) -> String {
        let json = || serde_json::from_slice::<&RawValue>(line).ok().map(|value| value.get().to_owned());
        let text = || serde_json::Value::from(String::from_utf8_lossy(line)).to_string();
        if self.text { text() } else { json().unwrap_or_else(text) }
    }
}

impl Line {
    /// Whether it says nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.text.trim_ascii().is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{
        fault::Exit,
        pipe::{bookmark::Bookmark, line::tests::cut},
    };
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn queued(lines: Vec<Line>) -> mpsc::Receiver<Result<Line, Fault>> {
        let (found, queue) = mpsc::channel(1000);
        lines.into_iter().for_each(|line| found.try_send(Ok(line)).unwrap());
        queue
    }

    async fn sizes(mut gatherer: Gatherer) -> Vec<usize> {
        let mut sizes = Vec::new();
        loop {
            match gatherer.next().await.unwrap().len() {
                0 => return sizes,
                size => sizes.push(size),
            }
        }
    }

    #[tokio::test]
    async fn a_batch_ends_at_its_limits_and_where_the_origin_changes() {
        let lines = cut(&[&b"x\n".repeat(250)]).unwrap();
        assert_eq!(sizes(Gatherer::new(queued(lines), 100, None)).await, [100, 100, 50]);
        let long = format!("{}\n", "x".repeat(100 << 10));
        let lines = cut(&[long.repeat(3).as_bytes()]).unwrap();
        assert_eq!(sizes(Gatherer::new(queued(lines), 100, None)).await, [1, 1, 1]);
        let lines = [cut(&[b"a\nb\n"]).unwrap(), cut(&[b"c\n"]).unwrap()].concat();
        assert_eq!(sizes(Gatherer::new(queued(lines), 100, None)).await, [2, 1]);
    }

    #[tokio::test]
    async fn what_an_earlier_run_began_is_one_batch_again_whatever_the_limits() {
        let lines = cut(&[&b"x\n".repeat(250)]).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("mark");
        Bookmark::open(Some(path.clone())).unwrap().0.begin(&lines[..170]).unwrap();
        let mark = || Bookmark::open(Some(path.clone())).unwrap().1;
        assert_eq!(sizes(Gatherer::new(queued(lines.clone()), 100, mark())).await, [170, 80]);
        let other = cut(&[&b"x\n".repeat(250)]).unwrap();
        assert_eq!(sizes(Gatherer::new(queued(other), 100, mark())).await, [100, 100, 50]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_taken_of_it_is_kept_when_nobody_waits_any_more() {
        let lines = cut(&[b"a\nb\nc\n"]).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("mark");
        Bookmark::open(Some(path.clone())).unwrap().0.begin(&lines).unwrap();
        let (found, queue) = mpsc::channel(10);
        let mut gatherer = Gatherer::new(queue, 100, Bookmark::open(Some(path)).unwrap().1);
        for line in &lines[..2] {
            found.try_send(Ok(line.clone())).unwrap();
        }
        let moment = std::time::Duration::from_secs(1);
        assert!(tokio::time::timeout(moment, gatherer.next()).await.is_err(), "one is missing");
        found.try_send(Ok(lines[2].clone())).unwrap();
        assert_eq!(gatherer.next().await.unwrap(), lines);
    }

    #[tokio::test]
    async fn lines_before_a_fault_are_taken_first() {
        let (found, queue) = mpsc::channel(10);
        found.try_send(Ok(cut(&[b"x"]).unwrap().remove(0))).unwrap();
        found.try_send(Err(Fault::new(Exit::Input, "too long"))).unwrap();
        let mut gatherer = Gatherer::new(queue, 100, None);
        assert_eq!(gatherer.next().await.unwrap().len(), 1);
        assert!(gatherer.next().await.is_err());
    }

    #[test]
    fn a_line_is_its_json_or_a_text() {
        let lines = cut(&[b"{\"a\": 1.0}\nplain \"words\"\n\n  \n7\n\xff"]).unwrap();
        let read = |form: Form| serde_json::from_str::<Value>(&form.body(&lines)).unwrap();
        let both = read(Form { text: false, ttl: Some(90) });
        let bodies: Vec<_> = both["messages"].as_array().unwrap().iter().map(|one| &one["body"]).collect();
        assert_eq!(bodies, [&json!({"a": 1.0}), &json!("plain \"words\""), &json!(7), &json!("\u{fffd}")]);
        assert_eq!(both["messages"][0]["ttl"], 90);
        let texts = read(Form { text: true, ttl: None });
        assert_eq!(texts["messages"][0], json!({"body": "{\"a\": 1.0}"}));
    }

    proptest! {
        #[test]
        fn any_line_makes_a_request(bytes in prop::collection::vec(any::<u8>(), 0..300), text: bool) {
            let lines = cut(&[&bytes]).unwrap();
            let body = Form { text, ttl: None }.body(&lines);
            let messages = serde_json::from_str::<Value>(&body).unwrap()["messages"].as_array().unwrap().len();
            prop_assert_eq!(messages, lines.iter().filter(|line| !line.is_empty()).count());
        }
    }
}
