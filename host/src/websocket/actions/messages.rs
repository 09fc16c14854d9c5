//! Messages.

use futures_util::future::BoxFuture;
use nuncio_core::{ClaimId, MessageId};
use serde::Serialize;
use serde_json::{Map, Value, json, value::RawValue};

use super::table::Answer;
use crate::{
    api::{self, Limit, Problem},
    intake::Producer,
    outlet::{Removal, checksum},
    storage::Pulled,
    websocket::{call::Call, request::Reply},
};

/// A message in Zaqar's shape.
#[derive(Serialize)]
pub(super) struct Shown {
    id: String,
    claim_id: Option<String>,
    ttl: i64,
    age: i64,
    body: Box<RawValue>,
    /// Only with `[queues] enable_checksum`.
    #[serde(skip_serializing_if = "Option::is_none")]
    checksum: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attributes: Option<Map<String, Value>>,
    /// Only what was popped says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    claim_count: Option<i64>,
}

/// What is stored of a POST, once it is; its place among others is taken with the first poll.
pub(in crate::websocket) async fn prepare(call: Call) -> Result<BoxFuture<'static, Answer>, Problem> {
    let queue = call.queue()?;
    let rules = call.face.intake.rules(&call.caller.project, &queue).await?;
    let limit = Limit { bytes: rules.max_post_size, ..Limit::post(&call.face.config) };
    limit.check(call.request.body.len())?;
    let none = || Problem::request("No messages were found in the request body.");
    let messages = api::wanted_messages(&call.request.body, call.raw("messages")?.ok_or_else(none)?)?;
    let from = Producer {
        project: call.caller.project.clone(),
        client: call.caller.client.clone(),
        ..Producer::default()
    };
    Ok(Box::pin(async move {
        let face = &call.face;
        let accepted = face.intake.post(from, &queue, &rules, messages).await?;
        let ids: Vec<_> = accepted.ids.into_iter().map(|id| face.ids.message(id).to_string()).collect();
        Ok(Reply::new(201, &json!({"message_ids": ids})))
    }))
}

/// A page.
pub(super) async fn list(call: Call) -> Answer {
    let found = api::messages_page(&call.face, &call.caller, &call.queue()?, &call.params()?).await?;
    Ok(Reply::new(200, &json!({"messages": all(&call, found)})))
}

/// One; 404 where it is not there.
pub(super) async fn show(call: Call) -> Answer {
    let text = call.text("message_id")?;
    let ids = api::message_ids(&call.face, &[&text])?;
    let found = call.face.store.messages_by_id(&call.caller.project, &call.queue()?, ids).await?;
    let missing = || Problem::not_found(format!("Message {text} does not exist."));
    let shown = all(&call, found).into_iter().next().ok_or_else(missing)?;
    Ok(Reply::new(200, &json!({"messages": shown})))
}

/// Those that are there.
pub(super) async fn show_many(call: Call) -> Answer {
    let ids = listed(&call)?.unwrap_or_default();
    let found = call.face.outlet.some(&call.caller.project, &call.queue()?, ids).await?;
    Ok(Reply::new(200, &json!({"messages": all(&call, found)})))
}

/// 204, there or not; while it is claimed, only with its claim.
pub(super) async fn delete(call: Call) -> Answer {
    let text = call.text("message_id")?;
    let claim = call.value::<String>("claim_id")?;
    // An id that this host never gave is that of no claim.
    let claim = claim.map(|text| call.face.ids.parse_claim(&text).unwrap_or_default());
    if let Some(id) = api::message_ids(&call.face, &[&text])?.pop() {
        call.face.outlet.delete(&call.caller.project, &call.queue()?, id, claim).await?;
    }
    Ok(Reply::new(204, &json!({})))
}

/// Those with given ids, or the first ones, which are answered.
pub(super) async fn delete_many(call: Call) -> Answer {
    let (queue, project, face) = (call.queue()?, &call.caller.project, &call.face);
    match (listed(&call)?, call.value("pop")?) {
        (Some(ids), None) => {
            face.outlet.delete_many(project, &queue, Removal { ids, claims: claims(&call)? }).await?;
            Ok(Reply::new(204, &json!({})))
        }
        (None, Some(n)) => {
            let popped = face.outlet.pop(project, &queue, n).await?;
            let now = face.clock.now_ms();
            let counted = |one: Pulled| Shown { claim_count: Some(one.claims), ..shown(&call, now, one) };
            let messages: Vec<_> = popped.into_iter().map(counted).collect();
            Ok(Reply::new(200, &json!({"messages": messages})))
        }
        (Some(_), Some(_)) => Err(Problem::request("`message_ids` and `pop` cannot be used together.")),
        (None, None) => Err(Problem::request("The request should have either `message_ids` or `pop`.")),
    }
}

/// The messages that `message_ids` names.
fn listed(call: &Call) -> Result<Option<Vec<MessageId>>, Problem> {
    let Some(texts) = call.value::<Vec<String>>("message_ids")? else { return Ok(None) };
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    api::message_ids(&call.face, &texts).map(Some)
}

/// The claims that `claim_ids` names.
fn claims(call: &Call) -> Result<Option<Vec<ClaimId>>, Problem> {
    let texts = call.value::<Vec<String>>("claim_ids")?;
    let id = |text: &String| call.face.ids.parse_claim(text).unwrap_or_default();
    Ok(texts.map(|texts| texts.iter().map(id).collect()))
}

/// Messages in Zaqar's shape.
pub(super) fn all(call: &Call, messages: Vec<Pulled>) -> Vec<Shown> {
    let now = call.face.clock.now_ms();
    messages.into_iter().map(|one| shown(call, now, one)).collect()
}

fn shown(call: &Call, now: i64, message: Pulled) -> Shown {
    Shown {
        id: call.face.ids.message(message.id).to_string(),
        claim_id: message.claim.map(|claim| call.face.ids.claim(claim).to_string()),
        ttl: message.ttl,
        age: crate::times::age(now, message.created),
        body: api::json_text(&message.body),
        checksum: if call.face.config.queues.enable_checksum { checksum(&message.body) } else { None },
        attributes: (!message.attributes.is_empty()).then(|| message.attributes.values().clone()),
        claim_count: None,
    }
}
