//! `nuncio devices`: register them, list them, show one, remove some.
//!
//! Tokens, endpoints and keys are read from files: everybody on the machine can read a command line.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use axum::http::Method;
use clap::Subcommand;
use serde_json::{Map, Value, json};

use super::host::{Host, Place, encoded};
use crate::cli::{
    arguments::Shared,
    fault::{Exit, Fault},
    output::Output,
    table::Table,
};

/// Devices of one request.
const PAGE: u64 = 1000;
/// The longest file that is read, bytes.
const MAX_FILE: u64 = 64 << 10;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Register a device, or register it anew
    Add(Add),
    /// List devices by id, without their addresses and keys
    List,
    /// Show one
    Show {
        /// The device
        id: String,
    },
    /// Remove devices: what is still sent to them is a dead letter
    Remove {
        /// The devices
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
}

#[derive(Debug, clap::Args)]
struct Add {
    /// Its id, 1 to 64 letters, digits, `_` and `-`; without it, one is made
    id: Option<String>,
    /// The scheme of its URI, like apns, fcm or webpush
    #[arg(long)]
    scheme: String,
    /// Which account of the driver it belongs to
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    /// A file with its token, or with the endpoint of a browser; `-` reads it from standard input
    #[arg(long, value_name = "PATH", required_unless_present = "from")]
    address_file: Option<PathBuf>,
    /// A file with a JSON object: `address` or a browser's `endpoint`, `keys`, `attributes`; `-` is standard input
    #[arg(long, value_name = "PATH", conflicts_with = "address_file")]
    from: Option<PathBuf>,
    /// What is no secret, like topic=org.example.app; may be given several times
    #[arg(long = "attribute", value_name = "NAME=VALUE", value_parser = pair)]
    attributes: Vec<(String, String)>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE, like topic=org.example.app")?;
    Ok((name.to_owned(), value.to_owned()))
}

pub(in crate::cli) async fn run(
    arguments: Arguments,
    shared: &Shared,
    output: Output,
) -> Result<Exit, Fault> {
    let host = arguments.place.host(shared)?;
    match arguments.command {
        Command::Add(wanted) => add(&host, wanted, output).await,
        Command::List => list(&host, output).await,
        Command::Show { id } => {
            tell(&host.get(&format!("/v2/devices/{}", encoded(&id))).await?, output);
            Ok(Exit::Ok)
        }
        Command::Remove { ids } => remove(&host, &ids, output).await,
    }
}

async fn add(host: &Host, wanted: Add, output: Output) -> Result<Exit, Fault> {
    let mut device = match (&wanted.from, &wanted.address_file) {
        (Some(path), _) => described(path)?,
        (None, Some(path)) => {
            Map::from_iter([("address".to_owned(), text("--address-file", path)?.trim().into())])
        }
        (None, None) => return Err(Fault::new(Exit::Usage, "give --address-file or --from")),
    };
    device.insert("scheme".to_owned(), wanted.scheme.into());
    if let Some(account) = wanted.account {
        device.insert("account".to_owned(), account.into());
    }
    if !wanted.attributes.is_empty() {
        let attributes = device.entry("attributes").or_insert_with(|| json!({}));
        for (name, value) in wanted.attributes {
            attributes[name] = value.into();
        }
    }
    let (method, path) = match &wanted.id {
        Some(id) => (Method::PUT, format!("/v2/devices/{}", encoded(id))),
        None => (Method::POST, "/v2/devices".to_owned()),
    };
    tell(&host.ask(method, &path, Some(&Value::Object(device))).await?, output);
    Ok(Exit::Ok)
}

/// What a file says of a device. Members that a browser adds (`expirationTime`) are left out.
fn described(path: &Path) -> Result<Map<String, Value>, Fault> {
    let wrong = || {
        let why =
            "no JSON object with `address` (or `endpoint`), like the one that a browser's subscription gives";
        Fault::new(Exit::Input, format!("--from {}: {why}", path.display()))
    };
    let Ok(Value::Object(mut found)) = serde_json::from_str(&text("--from", path)?) else {
        return Err(wrong());
    };
    let address = found.remove("address").or_else(|| found.remove("endpoint")).ok_or_else(wrong)?;
    found.retain(|name, _| matches!(name.as_str(), "keys" | "attributes" | "account"));
    found.insert("address".to_owned(), address);
    Ok(found)
}

/// The text of a file, or of standard input for `-`.
fn text(option: &str, path: &Path) -> Result<String, Fault> {
    let failed = |why: &dyn std::fmt::Display| {
        Fault::new(Exit::NoInput, format!("{option} {}: {why}", path.display()))
    };
    let source: Box<dyn Read> = if path == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        Box::new(File::open(path).map_err(|error| failed(&error))?)
    };
    let mut text = String::new();
    source.take(MAX_FILE + 1).read_to_string(&mut text).map_err(|error| failed(&error))?;
    if text.len() as u64 > MAX_FILE {
        return Err(failed(&format!("it has more than {MAX_FILE} bytes")));
    }
    Ok(text)
}

async fn list(host: &Host, output: Output) -> Result<Exit, Fault> {
    let mut all = Vec::new();
    let mut next = Some(format!("/v2/devices?limit={PAGE}"));
    while let Some(path) = next {
        let page = host.get(&path).await?;
        all.extend(page["devices"].as_array().cloned().unwrap_or_default());
        next = page["links"][0]["href"].as_str().map(str::to_owned);
    }
    output.list("devices", &all, ["id", "uri", "account", "registered", "ended", "reason"]);
    Ok(Exit::Ok)
}

async fn remove(host: &Host, ids: &[String], output: Output) -> Result<Exit, Fault> {
    for id in ids {
        host.delete(&format!("/v2/devices/{}", encoded(id))).await?;
        if output.json {
            output.value(&json!({"removed": id}), true);
        } else {
            output.line(format!("{id} is removed"));
        }
    }
    Ok(Exit::Ok)
}

fn tell(device: &Value, output: Output) {
    if output.json {
        return output.value(device, false);
    }
    let mut table = Table::plain();
    for (name, value) in device.as_object().into_iter().flatten() {
        table.row([name, value.as_str().map_or_else(|| value.to_string(), str::to_owned).as_str()]);
    }
    output.table(&table);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    }

    #[test]
    fn what_a_browser_gives_is_a_device() {
        let given = file(
            r#"{"endpoint": "https://push.example/1", "expirationTime": null, "keys": {"p256dh": "p", "auth": "a"}}"#,
        );
        let device = described(given.path()).unwrap();
        let wanted = json!({"address": "https://push.example/1", "keys": {"p256dh": "p", "auth": "a"}});
        assert_eq!(Value::Object(device), wanted);
        for bad in ["[]", "{}", "hunter2", r#"{"keys": {}}"#] {
            let fault = described(file(bad).path()).unwrap_err();
            assert!(fault.exit == Exit::Input && !fault.to_string().contains("hunter2"), "{fault}");
        }
    }

    #[test]
    fn a_file_is_read_up_to_a_limit() {
        assert_eq!(text("--address-file", file("ab12\n").path()).unwrap(), "ab12\n");
        assert!(text("--address-file", file(&"x".repeat(65 << 10)).path()).is_err());
        assert!(text("--address-file", Path::new("/nowhere/token")).unwrap_err().exit == Exit::NoInput);
    }

    #[test]
    fn an_attribute_has_a_name_and_a_value() {
        assert_eq!(pair("topic=a=b"), Ok(("topic".to_owned(), "a=b".to_owned())));
        assert!(pair("topic").is_err());
    }
}
