//! `/v2/queues/{queue}/messages`: posting and pulling.

use std::fmt::Write as _;

use axum::{
    Extension,
    body::Body,
    extract::{Path, RawQuery, State},
    http::HeaderMap,
};
use bytes::Bytes;
use nuncio_core::{Attributes, MessageId, Public};
use serde::Serialize;
use serde_json::{json, value::RawValue};

use super::{
    answer, attributes,
    body::{self, Document, Limit},
    context::{self, Caller},
    face::Face,
    page,
    params::Params,
    problem::{Answer, Problem},
    shown,
};
use crate::{
    intake::{Producer, Wanted},
    outlet::Removal,
    place::Place,
    storage::PullFilter,
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
    let messages = wanted(&bytes)?;
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

/// The messages of `{"messages": [{"body", "ttl", "delay", "attributes"}]}`; other members are left out, as in Zaqar.
fn wanted(bytes: &Bytes) -> Result<Vec<Wanted>, Problem> {
    let none = || Problem::request("No messages were found in the request body.");
    let Document::Object(document) = body::document(bytes)? else { return Err(none()) };
    let list = document.get("messages").ok_or_else(none)?;
    let list: Vec<&RawValue> = serde_json::from_str(list.get())
        .map_err(|_| Problem::body("The value of the \"messages\" field must be a list."))?;
    if list.is_empty() {
        return Err(none());
    }
    list.into_iter().enumerate().map(|(index, text)| message(bytes, index, text)).collect()
}

fn message(bytes: &Bytes, index: usize, text: &RawValue) -> Result<Wanted, Problem> {
    if !text.get().starts_with('{') {
        return Err(Problem::body(format!("messages[{index}] must be a JSON object.")));
    }
    let members = body::members(text.get())?;
    let int = |name: &str| {
        let parse = |value: &&RawValue| {
            value.get().parse::<i64>().map_err(|_| {
                Problem::body(format!("The value of the \"{name}\" field must be a int (messages[{index}])."))
            })
        };
        members.get(name).map(parse).transpose()
    };
    let body = members
        .get("body")
        .ok_or_else(|| Problem::body(format!("Missing \"body\" field (messages[{index}]).")))?;
    let attributes = members.get("attributes").map_or_else(
        || Ok(Attributes::default()),
        |raw| attributes::read(raw).map_err(|why| Problem::request(format!("messages[{index}].{why}"))),
    )?;
    let body = bytes.slice_ref(body.get().as_bytes());
    Ok(Wanted { body, ttl: int("ttl")?, delay: int("delay")?, attributes })
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
        return answer::ok(&json!({"messages": shown::all(&face, &place, found)}));
    }
    let filter = filter(&face, caller.client, &params)?;
    let found = face.store.messages(&caller.project, place.stored(), filter).await?;
    let last = found.last().map(|one| face.ids.message(one.id).to_string());
    let path = format!("{}/messages", place.path());
    let links = page::links(&path, &params, last.as_deref());
    answer::ok(&json!({"messages": shown::all(&face, &place, found), "links": links}))
}

fn filter(face: &Face, client: String, params: &Params) -> Result<PullFilter, Problem> {
    let most = face.config.queues.max_messages_per_page;
    Ok(PullFilter {
        marker: page::marker(params, |text| id(face, text))?,
        limit: page::limit(params, "max_messages_per_page", most, page::DEFAULT_LIMIT)?,
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
            answer::ok(&json!({"messages": shown::popped(&face, popped)}))
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
fn known(face: &Face, ids: &[&str]) -> Result<Vec<MessageId>, Problem> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<Vec<Wanted>, Problem> {
        wanted(&Bytes::from(text.to_owned()))
    }

    #[test]
    fn a_body_keeps_its_own_text() {
        let messages =
            read(r#"{"messages": [{"ttl": 60, "body":  {"z": 1.10, "a": [ ]}, "x": 1}, {"body": null}]}"#);
        let messages = messages.unwrap();
        assert_eq!(messages[0].body, r#"{"z": 1.10, "a": [ ]}"#);
        assert_eq!((messages[0].ttl, messages[0].delay, messages[1].ttl), (Some(60), None, None));
        assert_eq!(messages[1].body, "null");
    }

    #[test]
    fn attributes_are_read_and_a_bad_one_is_named() {
        let messages = read(
            r#"{"messages": [{"body": 1, "attributes": {"n": 1.0, "tags": ["a"]}}, {"body": 1, "attributes": null}]}"#,
        );
        let messages = messages.unwrap();
        assert_eq!(messages[0].attributes.texts()["n"], "1.0");
        assert!(messages[1].attributes.is_empty());
        for (bad, place) in [
            ("1", "messages[1].attributes: must be"),
            (r#"{"a b": 1}"#, "messages[1].attributes.a b: the name"),
            (r#"{"a": [[1]]}"#, "messages[1].attributes.a: must be"),
        ] {
            let text = format!(r#"{{"messages": [{{"body": 1}}, {{"body": 1, "attributes": {bad}}}]}}"#);
            let problem = format!("{:?}", read(&text).unwrap_err());
            assert!(problem.contains(place), "{problem}");
        }
    }

    #[test]
    fn errors_have_zaqars_titles() {
        for (bad, title) in [
            ("{}", "Invalid API request"),
            ("[1]", "Invalid API request"),
            (r#"{"messages": []}"#, "Invalid API request"),
            (r#"{"messages": {}}"#, "Invalid request body"),
            (r#"{"messages": [1]}"#, "Invalid request body"),
            (r#"{"messages": [{"ttl": 60}]}"#, "Invalid request body"),
            (r#"{"messages": [{"body": 1, "ttl": "60"}]}"#, "Invalid request body"),
            (r#"{"messages": [{"body": 1, "ttl": 60.0}]}"#, "Invalid request body"),
            (r#"{"messages": [{"body": 1, "ttl": null}]}"#, "Invalid request body"),
        ] {
            let problem = format!("{:?}", read(bad).unwrap_err());
            assert!(problem.contains(title), "{bad}: {problem}");
        }
    }

    proptest! {
        #[test]
        fn any_document_is_read_or_refused(text in "\\PC{0,60}", ttl in "\\PC{0,6}") {
            drop(read(&text));
            drop(read(&format!(r#"{{"messages": [{{"body": {text}, "ttl": {ttl}}}]}}"#)));
        }

        #[test]
        fn any_string_comes_back(text in ".*") {
            let body = serde_json::Value::from(text.clone()).to_string();
            let messages = read(&format!(r#"{{"messages": [{{"body": {body}}}]}}"#)).unwrap();
            prop_assert_eq!(serde_json::from_slice::<String>(&messages[0].body).unwrap(), text);
        }
    }
}
