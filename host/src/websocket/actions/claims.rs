//! Claims.

use nuncio_core::ClaimId;
use serde_json::json;

use super::{messages, table::Answer};
use crate::{
    api::Problem,
    outlet::Hold,
    times,
    websocket::{call::Call, request::Reply},
};

/// 201 with the messages, or 204 when nothing is free.
pub(super) async fn create(call: Call) -> Answer {
    let (project, queue, limit) = (&call.caller.project, call.queue()?, call.value("limit")?);
    let Some(claimed) = call.face.outlet.claim(project, &queue, hold(&call)?, limit).await? else {
        return Ok(Reply::new(204, &json!({"claim_id": null})));
    };
    let id = call.face.ids.claim(claimed.id).to_string();
    Ok(Reply::new(201, &json!({"claim_id": id, "messages": messages::all(&call, claimed.messages)})))
}

/// 404 where it is not there.
pub(super) async fn show(call: Call) -> Answer {
    let (id, text) = id(&call)?;
    let claimed = call.face.store.claimed(&call.caller.project, &call.queue()?, id).await?;
    let claimed = claimed.ok_or_else(|| missing(&text))?;
    let age = times::age(call.face.clock.now_ms(), claimed.since);
    let messages = messages::all(&call, claimed.messages);
    Ok(Reply::new(200, &json!({"age": age, "ttl": claimed.ttl, "messages": messages})))
}

/// 204; it lives from now on.
pub(super) async fn update(call: Call) -> Answer {
    let (id, text) = id(&call)?;
    if call.face.outlet.renew(&call.caller.project, &call.queue()?, id, hold(&call)?).await? {
        return Ok(Reply::new(204, &format!("Claim {text} updated.")));
    }
    Err(missing(&text))
}

/// 204, there or not.
pub(super) async fn delete(call: Call) -> Answer {
    let text = call.text("claim_id")?;
    if let Some(id) = call.face.ids.parse_claim(&text) {
        call.face.store.claim_release(&call.caller.project, &call.queue()?, id).await?;
    }
    Ok(Reply::new(204, &format!("Claim {text} deleted.")))
}

fn hold(call: &Call) -> Result<Hold, Problem> {
    Ok(Hold { ttl: call.value("ttl")?, grace: call.value("grace")? })
}

fn id(call: &Call) -> Result<(ClaimId, String), Problem> {
    let text = call.text("claim_id")?;
    let id = call.face.ids.parse_claim(&text).ok_or_else(|| missing(&text))?;
    Ok((id, text))
}

fn missing(claim: &str) -> Problem {
    Problem::not_found(format!("Claim {claim} does not exist."))
}
