//! Whether a value is what its key takes; the JSON from which the structs are filled.

use std::{net::SocketAddr, time::Duration};

use nuncio_core::{duration::parse_duration, net, retry};
use serde_json::{Value, json};
use tracing_subscriber::{EnvFilter, filter::LevelFilter};
use url::Url;

use super::{
    key::Kind,
    node::{Node, Raw},
    place::Place,
    units,
};
use crate::storage::sqlite::SealingKey;

/// Why a value is refused: where, what, and how to mend it.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) place: Place,
    pub(super) why: String,
    pub(super) fix: String,
}

impl Wrong {
    fn new(node: &Node, why: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { place: node.place.clone(), why: why.into(), fix: fix.into() }
    }

    fn kind(node: &Node, fix: impl Into<String>) -> Self {
        Self::new(node, format!("{} does not fit here", node.noun()), fix)
    }
}

/// Checks `node` against `kind`. Durations become milliseconds, sizes bytes.
pub(super) fn checked(kind: Kind, node: &Node) -> Result<Value, Wrong> {
    match kind {
        Kind::Integer { min, max } => integer(node, min, max).map(Value::from),
        Kind::Boolean => boolean(node),
        Kind::Bytes { min, max } => bytes(node, min, max),
        Kind::Duration { min, max } => duration(node, min, max),
        Kind::Choice { now, later } => choice(node, now, later),
        Kind::Confirmation => confirmation(node),
        Kind::Mailbox => mailbox(node),
        Kind::TemplateName => template_name(node),
        Kind::QueueName => queue_name(node),
        Kind::Project => project(node),
        Kind::Names => names(node),
        Kind::Networks => networks(node),
        Kind::Listen => listen(node),
        Kind::Store => store(node),
        Kind::Levels => levels(node),
        Kind::Retry => retry_policy(node),
        Kind::Text => line(node),
        Kind::Path => path(node),
        Kind::Url => url(node),
        Kind::Tls => tls(node),
        Kind::Sha256 => sha256(node),
        Kind::Secret { min } => secret(node, min),
        Kind::Key => sealing_key(node),
        Kind::DriverName => driver_name(node),
        Kind::Command => command(node),
    }
}

/// Zaqar's `true` stands for everybody.
fn confirmation(node: &Node) -> Result<Value, Wrong> {
    match &node.raw {
        Raw::Boolean(true) => Ok("all".into()),
        Raw::Boolean(false) => Ok("none".into()),
        _ => choice(node, &["none", "mail", "all"], &[]),
    }
}

fn mailbox(node: &Node) -> Result<Value, Wrong> {
    let fix = "write an address, like \"Nuncio <no-reply@example.org>\"";
    let text = text(node, fix)?;
    if text.contains('@') && !text.chars().any(char::is_control) {
        return Ok(text.into());
    }
    Err(Wrong::new(node, "not a mail address", fix))
}

fn template_name(node: &Node) -> Result<Value, Wrong> {
    let fix = "write the NAME of a section [templates.NAME]";
    match text(node, fix)? {
        "" => Err(Wrong::new(node, "empty", fix)),
        name => Ok(name.into()),
    }
}

fn path(node: &Node) -> Result<Value, Wrong> {
    let fix = "write a path, like \"/usr/lib/nuncio/libacme_sms.so\"";
    match text(node, fix)? {
        "" => Err(Wrong::new(node, "empty", fix)),
        path => Ok(path.into()),
    }
}

fn sha256(node: &Node) -> Result<Value, Wrong> {
    let fix = "write the 64 hexadecimal digits that `sha256sum FILE` prints";
    let digest = text(node, fix)?;
    if digest.len() == 64 && digest.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Ok(digest.to_ascii_lowercase().into());
    }
    Err(Wrong::new(node, "not a SHA-256", fix))
}

/// What is wrong with a secret is said without it.
fn secret(node: &Node, min: usize) -> Result<Value, Wrong> {
    let fix = format!(
        "write {{ env = \"NAME\" }} or {{ file = \"PATH\" }}, with at least {min} characters behind it"
    );
    let secret = text(node, &fix)?;
    if secret.chars().count() < min {
        return Err(Wrong::new(node, "too short to be a secret", fix));
    }
    Ok(secret.into())
}

fn driver_name(node: &Node) -> Result<Value, Wrong> {
    let fix = "write lower-case letters, digits, `-`, `_` and `.`, at most 64";
    let name = text(node, fix)?;
    let sound = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b);
    if (1..=64).contains(&name.len()) && name.bytes().all(sound) {
        return Ok(name.into());
    }
    Err(Wrong::new(node, format!("`{name}` is not a driver's name"), fix))
}

fn queue_name(node: &Node) -> Result<Value, Wrong> {
    let fix = "write letters, digits, `_` and `-`, at most 64";
    let name = text(node, fix)?;
    let sound = |b: u8| b.is_ascii_alphanumeric() || b"_-".contains(&b);
    if (1..=64).contains(&name.len()) && name.bytes().all(sound) {
        return Ok(name.into());
    }
    Err(Wrong::new(node, format!("`{name}` is not a queue's name"), fix))
}

fn project(node: &Node) -> Result<Value, Wrong> {
    let fix = "write what clients send as X-Project-ID: 1 to 256 visible ASCII characters";
    let id = text(node, fix)?;
    if (1..=256).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic()) {
        return Ok(id.into());
    }
    Err(Wrong::new(node, "not a project's id", fix))
}

fn command(node: &Node) -> Result<Value, Wrong> {
    let fix = "write the program and its arguments as a list, like [\"/opt/pager/driver.py\", \"-v\"]";
    let all = list(node, fix)?;
    match all.first() {
        Some((_, program)) if !program.is_empty() => Ok(all.into_iter().map(|(_, word)| word).collect()),
        _ => Err(Wrong::new(node, "no program", fix)),
    }
}

fn sealing_key(node: &Node) -> Result<Value, Wrong> {
    let fix = "write { env = \"NAME\" } or { file = \"PATH\" } of what `openssl rand -hex 32` prints";
    let key = text(node, fix)?;
    if SealingKey::parse(key).is_some() {
        return Ok(key.into());
    }
    Err(Wrong::new(node, "not a key of 32 bytes in hexadecimal digits or base64", fix))
}

fn integer(node: &Node, min: u64, max: u64) -> Result<u64, Wrong> {
    let Raw::Integer(number) = node.raw else {
        return Err(Wrong::kind(node, format!("write a whole number from {min} to {max}")));
    };
    match u64::try_from(number) {
        Ok(number) if (min..=max).contains(&number) => Ok(number),
        _ => Err(Wrong::new(node, format!("{number} is out of range"), format!("write {min} to {max}"))),
    }
}

fn boolean(node: &Node) -> Result<Value, Wrong> {
    match node.raw {
        Raw::Boolean(on) => Ok(on.into()),
        _ => Err(Wrong::kind(node, "write true or false")),
    }
}

fn bytes(node: &Node, min: u64, max: u64) -> Result<Value, Wrong> {
    let Raw::Text(text) = &node.raw else { return integer(node, min, max).map(Value::from) };
    let fix = format!("write bytes from {min} to {max}, or text like \"64 MiB\"");
    let number =
        units::bytes(text).ok_or_else(|| Wrong::new(node, format!("`{text}` is not a size"), &*fix))?;
    if (min..=max).contains(&number) {
        return Ok(number.into());
    }
    Err(Wrong::new(node, format!("`{text}` is out of range"), fix))
}

fn duration(node: &Node, min: Duration, max: Duration) -> Result<Value, Wrong> {
    let range = format!("write a duration from {} to {}", units::written(min), units::written(max));
    let text = text(node, &format!("{range} as text, like \"30s\""))?;
    let one = parse_duration(text).map_err(|error| Wrong::new(node, error.to_string(), ""))?;
    if one < min || one > max {
        return Err(Wrong::new(node, format!("`{text}` is out of range"), range));
    }
    Ok(json!(u64::try_from(one.as_millis()).unwrap_or(u64::MAX)))
}

fn text<'a>(node: &'a Node, fix: &str) -> Result<&'a str, Wrong> {
    match &node.raw {
        Raw::Text(text) => Ok(text),
        _ => Err(Wrong::kind(node, fix)),
    }
}

fn choice(node: &Node, now: &[&str], later: &[&str]) -> Result<Value, Wrong> {
    let fix = match now {
        [one] => format!("write \"{one}\""),
        _ => format!("write one of \"{}\"", now.join("\", \"")),
    };
    let word = text(node, &fix)?;
    if now.contains(&word) {
        return Ok(word.into());
    }
    let why = if later.contains(&word) { "is not in this version" } else { "is not a choice" };
    Err(Wrong::new(node, format!("`{word}` {why}"), fix))
}

fn list(node: &Node, fix: &str) -> Result<Vec<(Place, String)>, Wrong> {
    let Raw::List(list) = &node.raw else { return Err(Wrong::kind(node, fix)) };
    list.iter().map(|one| text(one, fix).map(|text| (one.place.clone(), text.to_owned()))).collect()
}

fn names(node: &Node) -> Result<Value, Wrong> {
    let fix = "write a list of names, like [\"one\", \"two\"]";
    let all = list(node, fix)?;
    if let Some((place, _)) = all.iter().find(|(_, name)| name.trim().is_empty()) {
        return Err(Wrong { place: place.clone(), why: "an empty name".into(), fix: fix.into() });
    }
    Ok(all.into_iter().map(|(_, name)| name.trim().to_lowercase()).collect())
}

fn networks(node: &Node) -> Result<Value, Wrong> {
    let all = list(node, "write a list of networks, like [\"10.1.0.0/16\"]")?;
    for (place, network) in &all {
        net::Policy::new(std::slice::from_ref(network), &[]).map_err(|error| Wrong {
            place: place.clone(),
            why: error.to_string(),
            fix: String::new(),
        })?;
    }
    Ok(all.into_iter().map(|(_, network)| network).collect())
}

fn listen(node: &Node) -> Result<Value, Wrong> {
    let fix = "write an IP address and a port, like \"127.0.0.1:8888\" or \"[::1]:8888\"";
    let text = text(node, fix)?;
    match text.parse::<SocketAddr>() {
        Ok(_) => Ok(text.into()),
        Err(_) => Err(Wrong::new(node, format!("`{text}` is not an address with a port"), fix)),
    }
}

fn line(node: &Node) -> Result<Value, Wrong> {
    let fix = "write a text on one line, at most 255 bytes";
    let text = text(node, fix)?;
    if text.trim().is_empty() || text.len() > 255 || text.contains(char::is_control) {
        return Err(Wrong::new(node, "not a text on one line", fix));
    }
    Ok(text.into())
}

fn url(node: &Node) -> Result<Value, Wrong> {
    let fix = "write a URL without query and fragment, like \"https://example.org:5000/v3\"";
    // What is refused may hold a password: it is not repeated.
    let url =
        Url::parse(text(node, fix)?).map_err(|error| Wrong::new(node, format!("no URL: {error}"), fix))?;
    let plain = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(Wrong::new(node, "neither an http nor an https URL", fix));
    }
    if !plain {
        return Err(Wrong::new(node, "more than scheme, host, port and path", fix));
    }
    Ok(url.as_str().trim_end_matches('/').into())
}

fn tls(node: &Node) -> Result<Value, Wrong> {
    let fix =
        "write { cert = \"PATH\", key = \"PATH\" }, the files of the certificates and of their key in PEM";
    let Raw::Table(table) = &node.raw else { return Err(Wrong::kind(node, fix)) };
    if let Some((name, one)) = table.iter().find(|(name, _)| !matches!(name.as_str(), "cert" | "key")) {
        return Err(Wrong { place: one.key.clone(), why: format!("unknown key `{name}`"), fix: fix.into() });
    }
    let of = |name: &str| table.get(name).ok_or_else(|| Wrong::new(node, format!("no `{name}`"), fix));
    Ok(json!({"cert": path(of("cert")?)?, "key": path(of("key")?)?}))
}

fn store(node: &Node) -> Result<Value, Wrong> {
    let fix = "write \"sqlite:PATH\", like \"sqlite:/var/lib/nuncio/nuncio.db\"";
    let text = text(node, fix)?;
    let (scheme, path) = text.split_once(':').unwrap_or((text, ""));
    match (scheme, path) {
        ("sqlite", "" | ":memory:") => {
            Err(Wrong::new(node, "no file: what is accepted must survive a restart", fix))
        }
        // Two slashes are how other programs write it; taking them as a path would hide the file at `/`.
        ("sqlite", path) if path.starts_with("//") => {
            Err(Wrong::new(node, "a path does not begin with two slashes", fix))
        }
        ("sqlite", _) => Ok(text.into()),
        ("postgres" | "postgresql", _) => Err(Wrong::new(node, "PostgreSQL is not in this version", fix)),
        _ => Err(Wrong::new(node, "not a store that this version has", fix)),
    }
}

fn levels(node: &Node) -> Result<Value, Wrong> {
    let fix = "write error, warn, info, debug or trace, also by module: \"warn,nuncio_host=debug\"";
    let text = text(node, fix)?;
    // The filter takes a lone word for a module, so that a mistyped level would switch all logs off.
    let mut words = text.split(',').filter(|word| !word.contains('='));
    if let Some(word) = words.find(|word| !word.is_empty() && word.parse::<LevelFilter>().is_err()) {
        return Err(Wrong::new(node, format!("`{word}` is not a level"), fix));
    }
    match EnvFilter::builder().parse(text) {
        Ok(_) if !text.trim().is_empty() => Ok(text.into()),
        Ok(_) => Err(Wrong::new(node, "empty", fix)),
        Err(error) => Err(Wrong::new(node, error.to_string(), fix)),
    }
}

fn retry_policy(node: &Node) -> Result<Value, Wrong> {
    let value = node.json();
    retry::Policy::own(&value).map_err(|refusal| Wrong {
        place: node.within(&refusal.at).place.clone(),
        why: format!("{}: {}", refusal.at, refusal.why),
        fix: refusal.fix,
    })?;
    Ok(value)
}
