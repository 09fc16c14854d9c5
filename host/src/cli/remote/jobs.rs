//! `nuncio jobs`: replays and cancellations by filter, how far they are, and stopping one.

use std::time::Duration;

use clap::Subcommand;
use serde_json::Value;

use super::{
    host::{Host, Place, encoded},
    progress::Progress,
};
use crate::cli::{
    arguments::Shared,
    fault::{Exit, Fault},
    output::Output,
};

/// How often a job is looked at while somebody waits for it.
const GLANCE: Duration = Duration::from_millis(200);

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List them, newest first (the default)
    List {
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=1000))]
        limit: u64,
    },
    /// Show one
    Show {
        /// The job
        id: String,
        /// Stay until it has ended, and show how far it is
        #[arg(long)]
        wait: bool,
    },
    /// Stop one; what was done stays done
    Stop {
        /// The job
        id: String,
    },
}

pub(in crate::cli) async fn run(
    arguments: Arguments,
    shared: &Shared,
    output: Output,
) -> Result<Exit, Fault> {
    let host = arguments.place.host(shared)?;
    match arguments.command.unwrap_or(Command::List { limit: 20 }) {
        Command::List { limit } => list(&host, limit, output).await,
        Command::Show { id, wait: false } => {
            tell(&host.get(&path(&id)).await?, output);
            Ok(Exit::Ok)
        }
        Command::Show { id, wait: true } => wait(&host, host.get(&path(&id)).await?, output).await,
        Command::Stop { id } => {
            host.delete(&path(&id)).await?;
            tell(&host.get(&path(&id)).await?, output);
            Ok(Exit::Ok)
        }
    }
}

fn path(id: &str) -> String {
    format!("/v2/jobs/{}", encoded(id))
}

async fn list(host: &Host, limit: u64, output: Output) -> Result<Exit, Fault> {
    let page = host.get(&format!("/v2/jobs?limit={limit}")).await?;
    let jobs = page["jobs"].as_array().map(Vec::as_slice).unwrap_or_default();
    output.list("jobs", jobs, ["id", "kind", "state", "matched", "done", "skipped", "created", "filter"]);
    Ok(Exit::Ok)
}

/// Looks at a job until it has ended, and tells how.
pub(super) async fn wait(host: &Host, mut job: Value, output: Output) -> Result<Exit, Fault> {
    let href = job["href"].as_str().unwrap_or_default().to_owned();
    let mut progress = Progress::new(output);
    while job["state"] == "running" {
        progress.show(&job);
        tokio::time::sleep(GLANCE).await;
        job = host.get(&href).await?;
    }
    progress.clear();
    tell(&job, output);
    // Somebody stopped it: not everything was done that was asked.
    Ok(if job["state"] == "finished" { Exit::Ok } else { Exit::Unavailable })
}

/// Prints how a job stands.
pub(super) fn tell(job: &Value, output: Output) {
    if output.json {
        output.value(job, false);
    } else {
        output.line(summary(job));
    }
}

/// A job in one sentence.
fn summary(job: &Value) -> String {
    let text = |name: &str| job[name].as_str().unwrap_or_default();
    let count = |value: &Value| value.as_u64().unwrap_or(0);
    let done = if text("kind") == "replay" { "replayed" } else { "cancelled" };
    let mut parts = vec![format!("{} {done}", deliveries(&job["done"]))];
    for (value, what) in [
        (&job["in_flight"], "being attempted, and cancelled unless that succeeds"),
        (&job["skipped_because"]["ended"], "left out since their subscription has ended"),
        (&job["skipped_because"]["changed"], "left out since they were settled or replayed meanwhile"),
    ] {
        if count(value) > 0 {
            parts.push(format!("{} {what}", count(value)));
        }
    }
    format!("{} {} {}: {}", text("kind"), text("id"), text("state"), parts.join(", "))
}

/// "1 delivery", "5 deliveries".
pub(super) fn deliveries(count: &Value) -> String {
    match count.as_u64().unwrap_or(0) {
        1 => "1 delivery".to_owned(),
        many => format!("{many} deliveries"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_summary_says_what_was_left_out_and_why() {
        let job = json!({
            "kind": "replay", "id": "x", "state": "finished", "done": 1, "skipped": 2,
            "skipped_because": {"ended": 2, "changed": 0},
        });
        assert_eq!(
            summary(&job),
            "replay x finished: 1 delivery replayed, 2 left out since their subscription has ended"
        );
        let job = json!({"kind": "cancel", "id": "y", "state": "running", "done": 5, "in_flight": 1});
        assert!(summary(&job).starts_with("cancel y running: 5 deliveries cancelled, 1 being attempted"));
    }
}
