//! `nuncio deliveries`: list them, show one with its attempts, try one again, cancel one.

use clap::Subcommand;
use serde_json::Value;

use super::{
    host::{Host, Place, encoded},
    which::Which,
};
use crate::cli::{
    arguments::Shared,
    fault::{Exit, Fault},
    output::{Output, Tone},
    table::{Table, shown},
};

/// Deliveries of one request.
const PAGE: u64 = 1000;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List deliveries, newest first
    List(List),
    /// Show one, with every failed attempt
    Show {
        /// The delivery
        id: String,
    },
    /// Try dead or waiting ones again now
    Retry {
        /// The deliveries
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
    /// Cancel some that wait or are held
    Cancel {
        /// The deliveries
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
}

#[derive(Debug, clap::Args)]
struct List {
    #[command(flatten)]
    which: Which,
    /// In this state: waiting, held, delivered, dead, cancelled, expired or suppressed
    #[arg(long, value_name = "STATE")]
    state: Option<String>,
    /// Given up for a reason in which this stands
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..))]
    limit: u64,
}

pub(in crate::cli) async fn run(
    arguments: Arguments,
    shared: &Shared,
    output: Output,
) -> Result<Exit, Fault> {
    let host = arguments.place.host(shared)?;
    match arguments.command {
        Command::List(wanted) => list(&host, &wanted, output).await,
        Command::Show { id } => show(&host, &id, output).await,
        Command::Retry { ids } => each(&host, &ids, "retry", output).await,
        Command::Cancel { ids } => each(&host, &ids, "cancel", output).await,
    }
}

async fn list(host: &Host, wanted: &List, output: Output) -> Result<Exit, Fault> {
    let mut path = first(wanted);
    let mut found = Vec::new();
    let more = loop {
        let mut page = host.get(&path).await?;
        let next = page["links"][0]["href"].as_str().map(str::to_owned);
        if let Value::Array(deliveries) = page["deliveries"].take() {
            found.extend(deliveries);
        }
        match next {
            None => break false,
            Some(_) if found.len() as u64 >= wanted.limit => break true,
            Some(next) => path = next,
        }
    };
    let more = more || found.len() as u64 > wanted.limit;
    found.truncate(usize::try_from(wanted.limit).unwrap_or(usize::MAX));
    output.list("deliveries", &found, ["id", "state", "to", "attempts", "created", "reason"]);
    if more && !output.json {
        let word = format!("the newest {}; --limit N shows more", found.len());
        output.line(output.toned(Tone::Quiet, &word));
    }
    Ok(Exit::Ok)
}

fn first(wanted: &List) -> String {
    let mut members = wanted.which.members();
    for (name, value) in [("state", &wanted.state), ("reason", &wanted.reason)] {
        if let Some(value) = value {
            members.insert(name.to_owned(), value.as_str().into());
        }
    }
    members.insert("limit".to_owned(), wanted.limit.min(PAGE).into());
    let pairs = members.iter().map(|(name, value)| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        format!("{name}={}", encoded(&text))
    });
    format!("/v2/deliveries?{}", pairs.collect::<Vec<_>>().join("&"))
}

async fn show(host: &Host, id: &str, output: Output) -> Result<Exit, Fault> {
    let delivery = host.get(&format!("/v2/deliveries/{}", encoded(id))).await?;
    if output.json {
        output.value(&delivery, false);
        return Ok(Exit::Ok);
    }
    let mut table = Table::plain();
    for (name, value) in delivery.as_object().into_iter().flatten().filter(|(name, _)| *name != "failures") {
        table.row([name, value.as_str().map_or_else(|| value.to_string(), str::to_owned).as_str()]);
    }
    output.table(&table);
    let failures = delivery["failures"].as_array().map(Vec::as_slice).unwrap_or_default();
    for one in failures {
        let text = |name: &str| one[name].as_str().unwrap_or_default();
        let code = one["code"].as_u64().filter(|code| *code > 0);
        output.line(format!(
            "\nattempt {} at {}, {} ms: {}{} ({}): {}",
            one["attempt"],
            text("at"),
            one["ms"],
            text("outcome"),
            code.map_or_else(String::new, |code| format!(" {code}")),
            text("scope"),
            shown(text("reason")),
        ));
        if !text("excerpt").is_empty() {
            output.line(output.toned(Tone::Quiet, &format!("  {}", shown(text("excerpt")))));
        }
    }
    Ok(Exit::Ok)
}

async fn each(host: &Host, ids: &[String], verb: &str, output: Output) -> Result<Exit, Fault> {
    for id in ids {
        let answer = host.post(&format!("/v2/deliveries/{}/{verb}", encoded(id)), None).await?;
        if output.json {
            output.value(&answer, true);
            continue;
        }
        let state = answer["state"].as_str().unwrap_or_default();
        match answer["reason"].as_str() {
            Some(reason) => output.line(format!("{id} {state}: {}", shown(reason))),
            None if verb == "retry" => output.line(format!("{id} is due now")),
            None => output.line(format!("{id} {state}")),
        }
    }
    Ok(Exit::Ok)
}
