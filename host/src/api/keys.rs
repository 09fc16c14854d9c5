//! `/v2/keys`: API keys, for who sees to the host.

use axum::{
    Extension,
    body::Body,
    extract::{Path, RawQuery, State},
};
use serde_json::{Value, json};

use super::{
    answer,
    body::{self, Document, Limit},
    context::Caller,
    face::Face,
    members::{known, moment, text, value},
    page,
    params::Params,
    problem::{Answer, Problem},
};
use crate::{
    access::{KeyError, KeyWish, MadeKey},
    storage::KeyRow,
    times,
};

const MAX_LIMIT: u32 = 1000;
const DEFAULT_LIMIT: i64 = 100;
const MEMBERS: [&str; 4] = ["project", "name", "roles", "expires"];
const PARAMS: [&str; 3] = ["limit", "marker", "project"];

/// `POST`: 201 with the key, which is never shown again.
pub(super) async fn create(
    State(face): State<Face>,
    Extension(caller): Extension<Caller>,
    body: Body,
) -> Answer {
    let bytes = body::read(body, Limit::post(&face.config)).await?;
    let made = face.access.keys().create(wish(&bytes)?).await?;
    tracing::info!(
        key = made.row.id,
        project = made.row.project,
        by = caller.identity.user,
        "a key was made"
    );
    answer::created(&format!("/v2/keys/{}", made.row.id), &key_made(&made))
}

/// `GET`: by id, never the keys themselves.
pub(super) async fn list(State(face): State<Face>, RawQuery(query): RawQuery) -> Answer {
    let params = Params::parse(query.as_deref());
    if let Some((name, _)) = params.others(&PARAMS).next() {
        return Err(Problem::request(format!(
            "unknown parameter `{name}`: there are {}.",
            PARAMS.join(", ")
        )));
    }
    let limit = page::limit(&params, "the most of this route", MAX_LIMIT, DEFAULT_LIMIT)?;
    let after = params.get("marker").unwrap_or_default();
    let rows = face.access.keys().list(params.get("project"), after, limit as usize);
    let last = rows.last().map(|row| row.id.clone());
    let keys: Vec<_> = rows.iter().map(key_shown).collect();
    let links = page::links("/v2/keys", &params, last.as_deref());
    answer::ok(&json!({"keys": keys, "links": links}))
}

/// `DELETE /{key}`: 204; from now on it opens nothing.
pub(super) async fn revoke(
    State(face): State<Face>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Answer {
    if face.access.keys().revoke(&id).await? {
        tracing::info!(key = id, by = caller.identity.user, "a key was revoked");
        return Ok(answer::no_content());
    }
    Err(Problem::not_found(format!("No key has the id `{id}`.")))
}

fn wish(bytes: &[u8]) -> Result<KeyWish, Problem> {
    let Document::Object(members) = body::document(bytes)? else {
        return Err(Problem::body("A key must be a JSON object."));
    };
    known(members.keys().map(String::as_str), &MEMBERS).map_err(Problem::request)?;
    let roles = value(&members, "roles")?.map(serde_json::from_value).transpose();
    let roles =
        roles.map_err(|_| Problem::request("roles: must be a list of strings, like [\"member\"]."))?;
    Ok(KeyWish {
        project: text(&members, "project")?.unwrap_or_default(),
        name: text(&members, "name")?.unwrap_or_default(),
        roles: roles.unwrap_or_default(),
        expires: moment(&members, "expires")?,
    })
}

/// A new key with its text, which is shown this once.
pub(crate) fn key_made(made: &MadeKey) -> Value {
    let mut shown = key_shown(&made.row);
    shown["token"] = made.text().as_str().into();
    shown
}

/// A key without its text.
pub(crate) fn key_shown(row: &KeyRow) -> Value {
    json!({
        "id": row.id,
        "project": row.project,
        "name": row.name,
        "roles": row.roles,
        "created": times::rfc3339(row.created),
        "expires": times::rfc3339(row.expires),
        "last_used": times::rfc3339(row.used),
    })
}

impl From<KeyError> for Problem {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Wish(why) => Self::request(why),
            KeyError::Store(error) => error.into(),
            KeyError::Random(_) => {
                tracing::error!(%error, "a key was not made");
                Self::internal()
            }
        }
    }
}
