//! `/v2/queues/{queue}/messages`: posting and pulling.

use std::fmt::Write as _;

use axum::{
    Extension,
    body::Body,
    extract::{Path, RawQuery, State},
    http::HeaderMap,
};
use nuncio_core::{MessageId, Public};
use serde::Serialize;

use super::{
    answer,
    body::{self, Limit},
    context::{self, Caller},
    face::Face,
    page as pages,
    params::Params,
    posted,
    problem::{Answer, Problem},
    shown::{self, Messages},
};
use crate::{
    intake::Producer,
    outlet::Removal,
    place::Place,
    storage::{PullFilter, Pulled},
};

/// `POST`: all messages are taken, or none.
pub(super) async fn post(
    State(face): State<Face>,
    Extension(caller): Extension<Caller>,
    Extension(place): Extension<Place>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    let key = context::idempotency_key(&headers)?;
    let rules = face.intake.rules(&caller.project, place.stored()).await?;
    let limit = Limit { bytes: rules.max_post_size, ..Limit::post(&face.config) };
    let bytes = body::read(body, limit).await?;
    let messages = posted::wanted(&bytes)?;
    let from = Producer { project: caller.project, client: caller.client, key: key.map(|key| (key, bytes)) };
    let accepted = face.intake.post(from, place.stored(), &rules, messages).await?;
    let collection = format!("{}/messages", place.path());
    let mut location = format!("{collection}?ids=");
    let mut resources = Vec::with_capacity(accepted.ids.len());
    for id in accepted.ids {
        let id = face.ids.message(id);
        let comma = if resources.is_empty() { "" } else { "," };
        // Writing to a string does not fail.
        write!(location, "{comma}{id}").ok();
        resources.push(format!("{collection}/{id}"));
    }
    let response = answer::created(&location, &Posted { resources })?;
    Ok(answer::replayed(response, accepted.duplicate))
}

/// Where the messages of a POST are found.
#[derive(Serialize)]
struct Posted {
    resources: Vec<String>,
}

/// `GET`: those with given ids, or a page.
pub(super) async fn list(
    State(face): State<Face>,
    Extension(caller): Extension<Caller>,
    Extension(place): Extension<Place>,
    RawQuery(query): RawQuery,
) -> Answer {
    let params = Params::parse(query.as_deref());
    if let Some(ids) = params.list("ids") {
        let ids = known(&face, &ids)?;
        let found = face.store.messages_by_id(&caller.project, place.stored(), ids).await?;
        if found.is_empty() {
            return Err(Problem::not_found("None of these messages exist."));
        }
        return answer::ok(&Messages { messages: shown::all(&face, &place, found), links: None });
    }
    let found = page(&face, &caller, place.stored(), &params).await?;
    let last = found.last().map(|one| face.ids.message(one.id).to_string());
    let path = format!("{}/messages", place.path());
    let links = Some(pages::links(&path, &params, last.as_deref()));
    answer::ok(&Messages { messages: shown::all(&face, &place, found), links })
}

/// A page of what a queue or topic holds.
pub(crate) async fn page(
    face: &Face,
    caller: &Caller,
    queue: &str,
    params: &Params,
) -> Result<Vec<Pulled>, Problem> {
    let filter = filter(face, caller.client.clone(), params)?;
    Ok(face.store.messages(&caller.project, queue, filter).await?)
}

fn filter(face: &Face, client: String, params: &Params) -> Result<PullFilter, Problem> {
    let most = face.config.queues.max_messages_per_page;
    Ok(PullFilter {
        marker: pages::marker(params, |text| id(face, text))?,
        limit: pages::limit(params, "max_messages_per_page", most, pages::DEFAULT_LIMIT)?,
        without_client: (!params.flag("echo")?).then_some(client),
        claimed: params.flag("include_claimed")?,
        delayed: params.flag("include_delayed")?,
    })
}

/// `GET /{message}`.
pub(super) async fn show(
    State(face): State<Face>,
    Extension(caller): Extension<Caller>,
    Extension(place): Extension<Place>,
    Path((_, message)): Path<(String, String)>,
) -> Answer {
    let missing = || Problem::not_found(format!("Message {message} does not exist."));
    let id = id(&face, &message).ok_or_else(missing)?;
    let found = face.store.messages_by_id(&caller.project, place.stored(), vec![id]).await?;
    answer::ok(&shown::all(&face, &place, found).into_iter().next().ok_or_else(missing)?)
}

/// `DELETE /{message}`: 204, there or not; while it is claimed, only with its claim.
pub(super) async fn delete(
    State(face): State<Face>,
    Extension(caller): Extension<Caller>,
    Extension(place): Extension<Place>,
    Path((_, message)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Answer {
    let params = Params::parse(query.as_deref());
    // An id that this host never gave is that of no claim.
    let claim = params.get("claim_id").map(|text| face.ids.parse_claim(text).unwrap_or_default());
    if let Some(id) = id(&face, &message) {
        face.outlet.delete(&caller.project, place.stored(), id, claim).await?;
    }
    Ok(answer::no_content())
}

/// `DELETE`: those with given ids, or the first ones, which are answered.
pub(super) async fn delete_many(
    State(face): State<Face>,
    Extension(caller): Extension<Caller>,
    Extension(place): Extension<Place>,
    RawQuery(query): RawQuery,
) -> Answer {
    let params = Params::parse(query.as_deref());
    let (project, queue) = (&caller.project, place.stored());
    match (params.list("ids"), params.int("pop")?) {
        (Some(ids), None) => {
            face.outlet.delete_many(project, queue, removal(&face, &ids, &params)?).await?;
            Ok(answer::no_content())
        }
        (None, Some(n)) => {
            let popped = face.outlet.pop(project, queue, n).await?;
            answer::ok(&Messages { messages: shown::popped(&face, popped), links: None })
        }
        (Some(_), Some(_)) => Err(Problem::request("`ids` and `pop` cannot be used together.")),
        (None, None) => Err(Problem::request("The request should have either \"ids\" or \"pop\" parameter.")),
    }
}

fn removal(face: &Face, ids: &[&str], params: &Params) -> Result<Removal, Problem> {
    let claims = params.list("claim_ids").map(|claims| {
        claims.into_iter().map(|text| face.ids.parse_claim(text).unwrap_or_default()).collect()
    });
    Ok(Removal { ids: known(face, ids)?, claims })
}

/// The messages that `ids` name; ids that this host never gave name none.
pub(crate) fn known(face: &Face, ids: &[&str]) -> Result<Vec<MessageId>, Problem> {
    let most = face.config.queues.max_messages_per_page;
    if ids.is_empty() || ids.len() > most as usize {
        return Err(Problem::request(format!("ids: 1 to {most} of them (max_messages_per_page).")));
    }
    Ok(ids.iter().filter_map(|text| id(face, text)).collect())
}

fn id(face: &Face, text: &str) -> Option<MessageId> {
    match face.ids.parse(text) {
        Some(Public::Message(id)) => Some(id),
        _ => None,
    }
}
