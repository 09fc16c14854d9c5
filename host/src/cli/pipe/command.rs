//! The command.

use std::{path::PathBuf, time::Duration};

use serde_json::json;
use tokio::time::timeout;

use super::{
    batch::{Form, Gatherer},
    bookmark::Bookmark,
    file::Wanted,
    line::Line,
    poster::Poster,
    stdin,
};
use crate::{
    cli::{
        arguments::Shared,
        fault::{Exit, Fault},
        output::Output,
        remote::Place,
    },
    signals::{Signal, Signals},
};

/// How long the last batch is tried once somebody stops it.
const GRACE: Duration = Duration::from_secs(5);

const MORE: &str = "A line that is a JSON value is posted as it is, any other as a string; empty lines are left out. Lines \
    are posted in their order, many at once, and tried again while the host is away or busy. With --state a start goes on \
    after the last line that was posted, and no line is posted twice.";

#[derive(Debug, clap::Args)]
#[command(after_help = MORE)]
pub(in crate::cli) struct Arguments {
    /// The queue
    queue: String,
    /// Read this file instead of the standard input
    #[arg(long, value_name = "PATH")]
    file: Option<PathBuf>,
    /// Wait for more at the end of the file, also when it is moved away and a new one takes its place
    #[arg(long, requires = "file")]
    follow: bool,
    /// Keep in this file how far the other one is posted
    #[arg(long, value_name = "PATH", requires = "file")]
    state: Option<PathBuf>,
    /// Post every line as a string, also one that is JSON
    #[arg(long)]
    text: bool,
    /// How long the messages can be pulled, seconds [default: that of the queue]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(60..))]
    ttl: Option<u64>,
    /// At most so many lines in one request
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=1000))]
    batch: u64,
    /// Give up when the host has not taken a line for so many seconds [default: never]
    #[arg(long, value_name = "SECONDS")]
    give_up: Option<u64>,
    /// Leave out lines that the host refuses, and say which
    #[arg(long)]
    skip_refused: bool,
    #[command(flatten)]
    place: Place,
}

pub(in crate::cli) async fn run(
    arguments: Arguments,
    shared: &Shared,
    output: Output,
) -> Result<Exit, Fault> {
    let host = arguments.place.host(shared)?;
    let form = Form { text: arguments.text, ttl: arguments.ttl };
    let patience = arguments.give_up.map(Duration::from_secs);
    let mut poster = Poster::new(host, &arguments.queue, form, patience, arguments.skip_refused, output);
    let (bookmark, mark) = Bookmark::open(arguments.state)?;
    let lines = match arguments.file {
        Some(path) => {
            Wanted { path, follow: arguments.follow, mark: mark.clone() }
                .lines(|text| output.note(text))
                .await?
        }
        None => stdin::lines().map_err(|error| Fault::new(Exit::System, error))?,
    };
    let most = usize::try_from(arguments.batch).unwrap_or(usize::MAX);
    let mut gatherer = Gatherer::new(lines, most, mark);
    let ended = pour(&mut gatherer, &mut poster, &bookmark).await;
    tell(&poster, output);
    ended.map(|()| Exit::Ok)
}

/// Posts batch after batch until there are no more lines, or somebody stops it: then what was read is posted still.
async fn pour(gatherer: &mut Gatherer, poster: &mut Poster, bookmark: &Bookmark) -> Result<(), Fault> {
    let mut signals = Signals::catch();
    loop {
        let batch = tokio::select! {
            batch = gatherer.next() => batch?,
            signal = signals.next() => {
                if signal == Signal::Stop {
                    gatherer.stop();
                }
                continue;
            }
        };
        if batch.is_empty() {
            return Ok(());
        }
        let posting = poster.post(&batch, bookmark);
        tokio::pin!(posting);
        loop {
            tokio::select! {
                posted = &mut posting => break posted?,
                signal = signals.next() => if signal == Signal::Stop {
                    gatherer.stop();
                    break timeout(GRACE, &mut posting).await.unwrap_or_else(|_| Err(unposted(&batch)))?;
                }
            }
        }
    }
}

fn unposted(batch: &[Line]) -> Fault {
    let (first, lines) = (batch.first().map_or(0, |line| line.number), batch.len());
    let why = format!("stopped while no host took {lines} lines from line {first} on: they are not posted");
    Fault::new(Exit::Temporary, why)
}

fn tell(poster: &Poster, output: Output) {
    if output.json {
        output.value(&json!({"posted": poster.posted, "skipped": poster.skipped}), false);
    } else {
        let skipped =
            if poster.skipped > 0 { format!(", {} left out", poster.skipped) } else { String::new() };
        output.line(format!("{} posted{skipped}", poster.posted));
    }
}
