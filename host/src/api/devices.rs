//! `/v2/devices`: where push services reach apps and browsers. Tokens, endpoints and keys come in and never go out.

use std::collections::BTreeMap;

use axum::{
    Extension,
    body::Body,
    extract::{Path, RawQuery, State},
};
use nuncio_core::{Refusal, wire::Device};
use nuncio_plugin_loader::Redactor;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    answer,
    body::{self, Document, Limit, Members},
    context::Caller,
    face::Face,
    members::{known, text, value},
    page,
    params::Params,
    problem::{Answer, Problem},
};
use crate::{delivery::contained, storage::DeviceRow, times};

const MAX_LIMIT: u32 = 1000;
const DEFAULT_LIMIT: i64 = 100;
const PARAMS: [&str; 2] = ["limit", "marker"];
const MEMBERS: [&str; 6] = ["id", "scheme", "account", "address", "keys", "attributes"];
/// The most members of `keys` and of `attributes`.
const MAX_PAIRS: usize = 32;
/// The longest text of a device, bytes.
const MAX_TEXT: usize = 4096;

/// `POST`: 201 with the device, whose id is made where none is given; 200 where it was there.
pub(super) async fn create(
    State(face): State<Face>,
    Extension(caller): Extension<Caller>,
    body: Body,
) -> Answer {
    let bytes = body::read(body, Limit::post(&face.config)).await?;
    let device = wished(None, &bytes)?;
    register(&face, &caller, device).await
}

/// `PUT /{device}`: registers it, or registers it anew.
pub(super) async fn put(
    State(face): State<Face>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    body: Body,
) -> Answer {
    let bytes = body::read(body, Limit::post(&face.config)).await?;
    let device = wished(Some(id), &bytes)?;
    register(&face, &caller, device).await
}

/// `GET`: by id, ended ones too.
pub(super) async fn list(
    State(face): State<Face>,
    Extension(caller): Extension<Caller>,
    RawQuery(query): RawQuery,
) -> Answer {
    let params = Params::parse(query.as_deref());
    if let Some((name, _)) = params.others(&PARAMS).next() {
        return Err(Problem::request(format!(
            "unknown parameter `{name}`: there are {}.",
            PARAMS.join(", ")
        )));
    }
    let limit = page::limit(&params, "the most of this route", MAX_LIMIT, DEFAULT_LIMIT)?;
    let after = params.get("marker").unwrap_or_default();
    let rows = face.store.devices(&caller.project, after, limit).await?;
    let last = rows.last().map(|row| row.device.id.clone());
    let devices: Vec<_> = rows.iter().map(shown).collect();
    let links = page::links("/v2/devices", &params, last.as_deref());
    answer::ok(&json!({"devices": devices, "links": links}))
}

/// `GET /{device}`.
pub(super) async fn show(
    State(face): State<Face>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Answer {
    let row = face.store.device(&caller.project, &id).await?.ok_or_else(|| missing(&id))?;
    answer::ok(&shown(&row))
}

/// `DELETE /{device}`: 204; deliveries to it that are still to be made are dead letters.
pub(super) async fn remove(
    State(face): State<Face>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Answer {
    if face.store.device_remove(&caller.project, &id).await? {
        return Ok(answer::no_content());
    }
    Err(missing(&id))
}

fn missing(id: &str) -> Problem {
    Problem::not_found(format!("No device has the id `{id}`."))
}

async fn register(face: &Face, caller: &Caller, device: Device) -> Answer {
    let device = asked(face, device).await?;
    let id = device.id.clone();
    let new = face.store.device_put(&caller.project, device).await?;
    let row = face.store.device(&caller.project, &id).await?.ok_or_else(|| missing(&id))?;
    if new {
        return answer::created(&format!("/v2/devices/{id}"), &shown(&row));
    }
    answer::ok(&shown(&row))
}

/// The device as a client wants it, under the `id` of the path. What is wrong is named, and nothing of it is repeated.
fn wished(path: Option<String>, bytes: &[u8]) -> Result<Device, Problem> {
    let Document::Object(members) = body::document(bytes)? else {
        return Err(Problem::body("A device must be a JSON object."));
    };
    known(members.keys().map(String::as_str), &MEMBERS).map_err(Problem::request)?;
    let id = match (path, text(&members, "id")?) {
        (Some(path), Some(other)) if path != other => {
            return Err(Problem::request("id: is not that of the path: leave it out."));
        }
        (Some(id), _) | (None, Some(id)) => id,
        (None, None) => Uuid::new_v4().simple().to_string(),
    };
    if !Device::is_id(&id) {
        return Err(Problem::request(format!(
            "id: must be 1 to {} letters, digits, `_` and `-`, like ann-phone.",
            Device::MAX_ID
        )));
    }
    let short = |name: &str| match text(&members, name)? {
        Some(text) if text.len() > MAX_TEXT => {
            Err(Problem::request(format!("{name}: has more than {MAX_TEXT} bytes.")))
        }
        other => Ok(other),
    };
    let scheme = short("scheme")?.ok_or_else(|| {
        Problem::request("scheme: is missing: the scheme of the device's URI, like \"apns\".")
    })?;
    let address = short("address")?
        .ok_or_else(|| Problem::request("address: is missing: the token, or the endpoint of a browser."))?;
    let account = short("account")?;
    let mut device = Device::new(scheme.to_ascii_lowercase(), address);
    device.id = id;
    if let Some(account) = account {
        device.account = account;
    }
    device.keys = pairs(&members, "keys")?;
    device.attributes = pairs(&members, "attributes")?;
    Ok(device)
}

/// The object of texts `name`; empty without it.
fn pairs(members: &Members<'_>, name: &str) -> Result<BTreeMap<String, String>, Problem> {
    let pairs = value(members, name)?.filter(|value| !value.is_null());
    let pairs = pairs.map(serde_json::from_value::<BTreeMap<String, String>>);
    // Not the parser's own words: they may repeat a secret.
    let pairs =
        pairs.transpose().map_err(|_| Problem::request(format!("{name}: must be an object of strings.")))?;
    let pairs = pairs.unwrap_or_default();
    if pairs.len() > MAX_PAIRS || pairs.iter().any(|(name, text)| name.len() + text.len() > MAX_TEXT) {
        return Err(Problem::request(format!(
            "{name}: has more than {MAX_PAIRS} members, or one of more than {MAX_TEXT} bytes."
        )));
    }
    Ok(pairs)
}

/// The device as its driver wants it kept, within the time of an attempt.
async fn asked(face: &Face, device: Device) -> Result<Device, Problem> {
    let drivers = face.board.now();
    let Some(entry) = drivers.by_scheme(&device.scheme).filter(|entry| entry.manifest.devices) else {
        let with: Vec<_> = drivers.entries().iter().filter(|entry| entry.manifest.devices).collect();
        let mut schemes: Vec<_> = with.iter().flat_map(|entry| entry.manifest.schemes.clone()).collect();
        schemes.sort_unstable();
        let there = if schemes.is_empty() { "none".to_owned() } else { schemes.join(", ") };
        return Err(Problem::request(format!(
            "scheme: no driver here keeps devices of that scheme; there are: {there}."
        )));
    };
    let secrets = Redactor::new(device.keys.values().chain([&device.address]).cloned());
    let (id, scheme, account) = (device.id.clone(), device.scheme.clone(), device.account.clone());
    let name = &entry.manifest.name;
    let checked = contained(entry.driver.check_device(device));
    let mut kept = match tokio::time::timeout(face.config.delivery.deadline, checked).await {
        Ok(Ok(Ok(kept))) => kept,
        Ok(Ok(Err(refusal))) => return Err(refused(&refusal, &secrets)),
        Ok(Err(panic)) => {
            tracing::error!(driver = name, panic = %secrets.redact(&panic), "a driver panicked at a device");
            return Err(Problem::driver("The driver failed; the log of the host says more."));
        }
        Err(_) => return Err(Problem::silent()),
    };
    if kept.address.is_empty() || kept.scheme != scheme || kept.account != account {
        return Err(Problem::driver("The driver's answer is no device of that scheme and account."));
    }
    kept.id = id;
    kept.registered_ms = face.clock.now_ms();
    Ok(kept)
}

/// A refusal, whose pointer is written as everywhere else.
fn refused(refusal: &Refusal, secrets: &Redactor) -> Problem {
    let at = refusal.at.strip_prefix('/').unwrap_or(&refusal.at).replace('/', ".");
    let refusal = Refusal { at, why: refusal.why.clone(), fix: refusal.fix.clone() };
    Problem::request(secrets.redact(&refusal.to_string()).into_owned())
}

/// A device without its address and keys.
fn shown(row: &DeviceRow) -> Value {
    let device = &row.device;
    let mut shown = json!({
        "id": device.id,
        "uri": format!("{}:{}", device.scheme, device.id),
        "scheme": device.scheme,
        "account": device.account,
        "attributes": device.attributes,
        "fingerprint": row.print,
        "registered": times::rfc3339(device.registered_ms),
    });
    if let Some(ended) = &row.ended {
        shown["ended"] = times::rfc3339(ended.at).into();
        shown["reason"] = ended.why.clone().into();
    }
    shown
}
