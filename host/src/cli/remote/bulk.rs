//! `nuncio replay` and `nuncio cancel`: many deliveries by filter.

use serde_json::{Map, Value};

use super::{host::Place, jobs, which::Which};
use crate::cli::{
    arguments::Shared,
    fault::{Exit, Fault},
    output::Output,
};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Replay {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    which: Which,
    /// Given up for a reason in which this stands
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// In this state: dead, which is the default
    #[arg(long, value_name = "STATE")]
    state: Option<String>,
    #[command(flatten)]
    how: How,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Cancel {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    which: Which,
    /// Only in this state: waiting or held
    #[arg(long, value_name = "STATE")]
    state: Option<String>,
    #[command(flatten)]
    how: How,
}

#[derive(Clone, Debug, clap::Args)]
struct How {
    /// All of the project; needed where nothing else narrows it
    #[arg(long)]
    all: bool,
    /// At most so many
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
    /// Only count them
    #[arg(long)]
    dry_run: bool,
    /// Stay until it has ended, and show how far it is
    #[arg(long, conflicts_with = "dry_run")]
    wait: bool,
}

/// `nuncio replay`
pub(in crate::cli) async fn replay(wanted: Replay, shared: &Shared, output: Output) -> Result<Exit, Fault> {
    let mut filter = wanted.which.members();
    put(&mut filter, "reason", wanted.reason);
    put(&mut filter, "state", wanted.state);
    begin("replay", &wanted.place, filter, &wanted.how, shared, output).await
}

/// `nuncio cancel`
pub(in crate::cli) async fn cancel(wanted: Cancel, shared: &Shared, output: Output) -> Result<Exit, Fault> {
    let mut filter = wanted.which.members();
    put(&mut filter, "state", wanted.state);
    begin("cancel", &wanted.place, filter, &wanted.how, shared, output).await
}

fn put(filter: &mut Map<String, Value>, name: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        filter.insert(name.to_owned(), value.into());
    }
}

async fn begin(
    verb: &str,
    place: &Place,
    mut filter: Map<String, Value>,
    how: &How,
    shared: &Shared,
    output: Output,
) -> Result<Exit, Fault> {
    let narrow = filter.keys().any(|name| name != "state");
    if !how.all && !narrow {
        let why = format!("{verb} everything of the project? Say --all, or name what is meant, like --queue");
        return Err(Fault::new(Exit::Usage, why));
    }
    if how.all {
        filter.insert("all".to_owned(), true.into());
    }
    put(&mut filter, "limit", how.limit);
    if how.dry_run {
        filter.insert("dry_run".to_owned(), true.into());
    }
    let host = place.host(shared)?;
    let answer = host.post(&format!("/v2/deliveries/{verb}"), Some(&Value::Object(filter))).await?;
    if how.dry_run {
        if output.json {
            output.value(&answer, false);
        } else {
            let done = if verb == "replay" { "replayed" } else { "cancelled" };
            output.line(format!(
                "{} would be {done}; nothing was changed",
                jobs::deliveries(&answer["matched"])
            ));
        }
        return Ok(Exit::Ok);
    }
    if how.wait {
        return jobs::wait(&host, answer, output).await;
    }
    jobs::tell(&answer, output);
    if !output.json {
        let id = answer["id"].as_str().unwrap_or_default();
        output.line(format!("follow it with: nuncio jobs show {id} --wait"));
    }
    Ok(Exit::Ok)
}
