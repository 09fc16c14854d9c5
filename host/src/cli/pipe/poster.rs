//! Posting a batch until the host has taken it.

use std::time::Duration;

use tokio::time::Instant;

use super::{batch::Form, bookmark::Bookmark, line::Line};
use crate::cli::{
    fault::{Exit, Fault},
    output::Output,
    remote::{Host, Posted, encoded},
};

/// How long it waits before it tries again, at first and at most.
const AGAIN: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(10));

/// Posts lines to one queue.
pub(super) struct Poster {
    host: Host,
    path: String,
    form: Form,
    /// How long a batch is tried.
    patience: Option<Duration>,
    /// Lines that the host refuses are told and left out.
    skip: bool,
    output: Output,
    /// Lines that were posted.
    pub(super) posted: u64,
    /// Lines that were left out.
    pub(super) skipped: u64,
}

impl Poster {
    pub(super) fn new(
        host: Host,
        queue: &str,
        form: Form,
        patience: Option<Duration>,
        skip: bool,
        output: Output,
    ) -> Self {
        let path = format!("/v2/queues/{}/messages", encoded(queue));
        Self { host, path, form, patience, skip, output, posted: 0, skipped: 0 }
    }

    /// Posts `lines`, which are of one origin, and keeps in `bookmark` how far it is. When it returns, the host has each
    /// of them on stable storage, or it was refused and is left out.
    pub(super) async fn post(&mut self, lines: &[Line], bookmark: &Bookmark) -> Result<(), Fault> {
        bookmark.begin(lines)?;
        let taken = self.insist(lines).await?;
        match (taken, lines) {
            (Ok(()), _) | (_, []) => {}
            (Err(refused), [line]) => self.refused(line, refused)?,
            // A host takes all of a batch or nothing: one by one it shows which line it is.
            (Err(_), lines) => {
                for line in lines {
                    bookmark.begin(std::slice::from_ref(line))?;
                    if let Err(refused) = self.insist(std::slice::from_ref(line)).await? {
                        self.refused(line, refused)?;
                    }
                    bookmark.done(line)?;
                }
            }
        }
        lines.last().map_or(Ok(()), |last| bookmark.done(last))
    }

    fn refused(&mut self, line: &Line, why: Fault) -> Result<(), Fault> {
        let why = format!("line {}: {why}", line.number);
        if !self.skip {
            let fix = "mend it, or leave such lines out with --skip-refused";
            return Err(Fault::new(Exit::Input, format!("{why}; {fix}")).detail("line", line.number.into()));
        }
        self.output.note(&format!("left out: {why}"));
        self.skipped += 1;
        Ok(())
    }

    /// Tries until the host has taken or refused them.
    async fn insist(&mut self, lines: &[Line]) -> Result<Result<(), Fault>, Fault> {
        let count = lines.iter().filter(|line| !line.is_empty()).count() as u64;
        let Some(first) = lines.first().filter(|_| count > 0) else { return Ok(Ok(())) };
        let body = self.form.body(lines);
        // The host knows a batch that it has taken already, whoever was killed before the answer.
        let key = format!("pipe-{}-{}-{}", first.origin.name, first.begins, lines.len());
        let (begun, mut wait, mut told) = (Instant::now(), AGAIN.0, false);
        loop {
            let why = match self.host.post_once(&self.path, body.clone(), &key).await {
                Posted::Taken => {
                    if told {
                        self.output.note("the host takes messages again");
                    }
                    self.posted += count;
                    return Ok(Ok(()));
                }
                Posted::Refused(why) => return Ok(Err(why)),
                Posted::Forbidden(why) => return Err(why),
                Posted::Later(why) => why,
            };
            if self.patience.is_some_and(|patience| begun.elapsed() + wait > patience) {
                return Err(why);
            }
            if !told {
                self.output.note(&format!("{why}; trying again"));
                told = true;
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(AGAIN.1);
        }
    }
}
