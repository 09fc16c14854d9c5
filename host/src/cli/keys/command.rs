//! The command.

use std::time::Duration;

use clap::Subcommand;
use nuncio_core::{Clock as _, duration::parse_duration};
use serde_json::{Value, json};

use super::offline;
use crate::{
    access::KeyWish,
    cli::{
        arguments::Shared,
        fault::{Exit, Fault},
        output::{Output, Tone},
        remote::{Host, Place, encoded},
    },
    clock::System,
    times,
};

/// Keys of one request.
const PAGE: u64 = 1000;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "With --host (or NUNCIO_HOST) a running host is asked, with the token of somebody who sees to it; \
    without, the database of the configuration is worked on, which no host may have open."
)]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a key for the project of `--project`, and print it: it is shown this once
    Create {
        /// What it may do: a role of `[auth]`, like member, reader, publisher or admin; may be given several times
        #[arg(long = "role", required = true, value_name = "ROLE")]
        roles: Vec<String>,
        /// What it is for
        #[arg(long, default_value = "", value_name = "TEXT")]
        name: String,
        /// How long it lives, like `90d`; without it, until it is revoked
        #[arg(long, value_name = "DURATION", value_parser = parse_life)]
        ttl: Option<Duration>,
    },
    /// List keys by id, without the keys themselves; those of `--project` where it is given
    List,
    /// Revoke keys: from then on they open nothing
    Revoke {
        /// The keys, by id
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
}

fn parse_life(text: &str) -> Result<Duration, String> {
    match parse_duration(text) {
        Ok(life) if life >= Duration::from_secs(1) => Ok(life),
        Ok(_) => Err("write at least a second".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

pub(in crate::cli) async fn run(
    arguments: Arguments,
    shared: &Shared,
    output: Output,
) -> Result<Exit, Fault> {
    let Arguments { place, command } = arguments;
    let command = match command {
        Command::Create { roles, name, ttl } => Asked::Create(wish(&place, roles, name, ttl)?),
        Command::List => Asked::List,
        Command::Revoke { ids } => Asked::Revoke(ids),
    };
    if place.names_host() {
        remote(&place.operator(shared)?, command, place.project(), output).await
    } else {
        offline::run(shared, command, place.project(), output).await
    }
}

/// What is asked.
pub(super) enum Asked {
    Create(KeyWish),
    List,
    Revoke(Vec<String>),
}

fn wish(place: &Place, roles: Vec<String>, name: String, ttl: Option<Duration>) -> Result<KeyWish, Fault> {
    let Some(project) = place.project() else {
        return Err(Fault::new(Exit::Usage, "--project is missing: name the project of the key"));
    };
    let end =
        |life: Duration| System.now_ms().saturating_add(i64::try_from(life.as_millis()).unwrap_or(i64::MAX));
    Ok(KeyWish { project: project.to_owned(), name, roles, expires: ttl.map(end) })
}

async fn remote(host: &Host, asked: Asked, project: Option<&str>, output: Output) -> Result<Exit, Fault> {
    match asked {
        Asked::Create(wish) => {
            let body = json!({
                "project": wish.project,
                "name": if wish.name.is_empty() { Value::Null } else { wish.name.into() },
                "roles": wish.roles,
                "expires": wish.expires.and_then(times::rfc3339),
            });
            told(&host.post("/v2/keys", Some(&body)).await?, output);
        }
        Asked::List => {
            let mut all = Vec::new();
            let of = project.map(|name| format!("&project={}", encoded(name))).unwrap_or_default();
            let mut next = Some(format!("/v2/keys?limit={PAGE}{of}"));
            while let Some(path) = next {
                let page = host.get(&path).await?;
                all.extend(page["keys"].as_array().cloned().unwrap_or_default());
                next = page["links"][0]["href"].as_str().map(str::to_owned);
            }
            listed(&all, output);
        }
        Asked::Revoke(ids) => {
            for id in ids {
                host.delete(&format!("/v2/keys/{}", encoded(&id))).await?;
                revoked(&id, output);
            }
        }
    }
    Ok(Exit::Ok)
}

/// Prints a new key.
pub(super) fn told(key: &Value, output: Output) {
    if output.json {
        return output.value(key, false);
    }
    output.line(key["token"].as_str().unwrap_or_default());
    let text = |name: &str| key[name].as_str().unwrap_or_default();
    let ends = key["expires"].as_str().map_or_else(|| "never".to_owned(), str::to_owned);
    let note = format!("key {} of {}, ends: {ends}. It is not shown again", text("id"), text("project"));
    output.note(&output.toned(Tone::Quiet, &note));
}

/// Prints keys.
pub(super) fn listed(keys: &[Value], output: Output) {
    output.list("keys", keys, ["id", "project", "name", "roles", "created", "expires", "last_used"]);
}

/// Says that a key was revoked.
pub(super) fn revoked(id: &str, output: Output) {
    if output.json {
        output.value(&json!({"revoked": id}), true);
    } else {
        output.line(format!("{id} is revoked"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_is_a_second_at_least() {
        assert_eq!(parse_life("90d").unwrap(), Duration::from_secs(90 * 86_400));
        assert!(parse_life("0s").is_err() && parse_life("long").is_err());
    }
}
