//! `/v2/queues/{queue}/claims`: holding messages for a while.

use axum::{
    Extension,
    body::Body,
    extract::{Path, RawQuery, State},
};
use bytes::Bytes;
use nuncio_core::ClaimId;
use serde::Serialize;
use serde_json::Value;

use super::{
    answer,
    body::{self, Limit},
    context::Caller,
    face::Face,
    params::Params,
    problem::{Answer, Problem},
    shown::{self, Messages, Shown},
    times,
};
use crate::{outlet::Hold, place::Place};

/// `POST`: 201 with the messages, or 204 when nothing is free.
pub(super) async fn create(
    State(face): State<Face>,
    Extension(caller): Extension<Caller>,
    Extension(place): Extension<Place>,
    RawQuery(query): RawQuery,
    body: Body,
) -> Answer {
    let limit = Params::parse(query.as_deref()).int("limit")?;
    let bytes = body::read(body, Limit::metadata(&face.config)).await?;
    let hold = if bytes.is_empty() { Hold::default() } else { hold(&bytes)? };
    let claimed = face.outlet.claim(&caller.project, place.stored(), hold, limit).await?;
    let Some(claimed) = claimed else { return Ok(answer::no_content()) };
    let location = path(&place, &face.ids.claim(claimed.id).to_string());
    answer::created(
        &location,
        &Messages { messages: shown::all(&face, &place, claimed.messages), links: None },
    )
}

/// A claim as Zaqar shows it.
#[derive(Serialize)]
struct Held {
    age: i64,
    ttl: i64,
    href: String,
    messages: Vec<Shown>,
}

/// `GET /{claim}`.
pub(super) async fn show(
    State(face): State<Face>,
    Extension(caller): Extension<Caller>,
    Extension(place): Extension<Place>,
    Path((_, claim)): Path<(String, String)>,
) -> Answer {
    let id = id(&face, &claim)?;
    let claimed = face.store.claimed(&caller.project, place.stored(), id).await?;
    let claimed = claimed.ok_or_else(|| missing(&claim))?;
    answer::ok(&Held {
        age: times::age(face.clock.now_ms(), claimed.since),
        ttl: claimed.ttl,
        href: path(&place, &claim),
        messages: shown::all(&face, &place, claimed.messages),
    })
}

/// `PATCH /{claim}`: 204; it lives from now on.
pub(super) async fn renew(
    State(face): State<Face>,
    Extension(caller): Extension<Caller>,
    Extension(place): Extension<Place>,
    Path((_, claim)): Path<(String, String)>,
    body: Body,
) -> Answer {
    let hold = hold(&body::read(body, Limit::metadata(&face.config)).await?)?;
    let id = id(&face, &claim)?;
    if face.outlet.renew(&caller.project, place.stored(), id, hold).await? {
        return Ok(answer::no_content());
    }
    Err(missing(&claim))
}

/// `DELETE /{claim}`: 204, there or not.
pub(super) async fn release(
    State(face): State<Face>,
    Extension(caller): Extension<Caller>,
    Extension(place): Extension<Place>,
    Path((_, claim)): Path<(String, String)>,
) -> Answer {
    if let Some(id) = face.ids.parse_claim(&claim) {
        face.store.claim_release(&caller.project, place.stored(), id).await?;
    }
    Ok(answer::no_content())
}

/// `{"ttl", "grace"}`, each of them optional; other members are left out, as in Zaqar.
fn hold(bytes: &Bytes) -> Result<Hold, Problem> {
    let Value::Object(document) = body::value(bytes)? else {
        return Err(Problem::body("A claim must be a JSON object."));
    };
    let int = |name: &str| match document.get(name) {
        None => Ok(None),
        Some(value) => value
            .as_i64()
            .map(Some)
            .ok_or_else(|| Problem::body(format!("The value of the \"{name}\" field must be a int."))),
    };
    Ok(Hold { ttl: int("ttl")?, grace: int("grace")? })
}

fn id(face: &Face, claim: &str) -> Result<ClaimId, Problem> {
    face.ids.parse_claim(claim).ok_or_else(|| missing(claim))
}

fn missing(claim: &str) -> Problem {
    Problem::not_found(format!("Claim {claim} does not exist on this queue."))
}

fn path(place: &Place, claim: &str) -> String {
    format!("{}/claims/{claim}", place.path())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<Hold, Problem> {
        hold(&Bytes::from(text.to_owned()))
    }

    #[test]
    fn both_numbers_may_be_absent() {
        assert_eq!(read("{}"), Ok(Hold::default()));
        assert_eq!(read(r#"{"ttl": 70, "x": "y"}"#), Ok(Hold { ttl: Some(70), grace: None }));
        for bad in
            ["", "[1]", "1", r#"{"ttl": "70"}"#, r#"{"grace": 60.0}"#, r#"{"ttl": null}"#, r#"{"ttl": true}"#]
        {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_body_is_read_or_refused(text in "\\PC{0,40}|\\{\"ttl\": ?[-0-9.e]{0,22}\\}") {
            drop(read(&text));
        }
    }
}
