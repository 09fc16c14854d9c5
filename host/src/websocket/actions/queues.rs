//! Queues.

use serde_json::{Map, Value, json};

use super::table::Answer;
use crate::{
    api,
    storage::Purge,
    websocket::{call::Call, request::Reply},
};

/// By name; without metadata unless it is asked for.
pub(super) async fn list(call: Call) -> Answer {
    let params = call.params()?;
    let detailed = params.flag("detailed")?;
    let rows = api::queues_page(&call.face, &call.caller, &params).await?;
    let shown = |row: crate::storage::QueueRow| match detailed {
        true => json!({"name": row.name, "metadata": row.metadata}),
        false => json!({"name": row.name}),
    };
    let queues: Vec<_> = rows.into_iter().map(shown).collect();
    Ok(Reply::new(200, &json!({"queues": queues})))
}

/// 201, or 204 when it was there.
pub(super) async fn create(call: Call) -> Answer {
    let (queue, metadata) = (call.queue()?, call.value::<Map<String, Value>>("metadata")?);
    let project = &call.caller.project;
    let new = call.face.catalog.create(project, &queue, metadata.unwrap_or_default()).await?;
    Ok(Reply::new(if new { 201 } else { 204 }, &format!("Queue {queue} created.")))
}

/// Its metadata, without defaults.
pub(super) async fn show(call: Call) -> Answer {
    let queue = call.queue()?;
    let row = call.face.store.queue(&call.caller.project, &queue).await?;
    let missing = || api::Problem::not_found(format!("Queue {queue} does not exist."));
    Ok(Reply::new(200, &row.ok_or_else(missing)?.metadata))
}

/// 204, there or not.
pub(super) async fn delete(call: Call) -> Answer {
    let queue = call.queue()?;
    call.face.catalog.delete(&call.caller.project, &queue).await?;
    Ok(Reply::new(204, &format!("Queue {queue} removed.")))
}

/// What it holds for pull; 404 with zeros when it is not there.
pub(super) async fn stats(call: Call) -> Answer {
    let (queue, face, project) = (call.queue()?, &call.face, &call.caller.project);
    let stats = face.store.queue_stats(project, &queue).await?;
    let there = face.store.queue(project, &queue).await?.is_some();
    let mut messages =
        json!({"claimed": stats.claimed, "free": stats.free, "total": stats.free + stats.claimed});
    let now = face.clock.now_ms();
    for (name, message) in [("oldest", stats.oldest), ("newest", stats.newest)] {
        if let Some((id, created)) = message {
            let (id, age) = (face.ids.message(id).to_string(), crate::times::age(now, created));
            messages[name] = json!({"id": id, "age": age, "created": crate::times::created(created)});
        }
    }
    Ok(Reply::new(if there { 200 } else { 404 }, &json!({"messages": messages})))
}

/// 204; messages and subscriptions, where it is not said which.
pub(super) async fn purge(call: Call) -> Answer {
    let what = match call.value::<Value>("resource_types")? {
        None => Purge { messages: true, subscriptions: true },
        Some(list) => api::resource_types(&json!({"resource_types": list}))?,
    };
    call.face.catalog.purge(&call.caller.project, &call.queue()?, what).await?;
    Ok(Reply::new(204, &json!({})))
}
