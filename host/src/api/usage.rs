//! `GET /v2/usage`: what the project took and has.

use axum::{Extension, extract::State};
use serde_json::json;

use super::{answer, context::Caller, face::Face, problem::Answer, times};
use crate::storage::Usage;

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

/// What was taken in by day, the newest first, and what it may be.
pub(super) async fn show(State(face): State<Face>, Extension(caller): Extension<Caller>) -> Answer {
    let days = face.tenants.usage(&caller.project).await?;
    let stored = face.tenants.stored(&caller.project).await?;
    let quota = face.tenants.quotas().of(&caller.project);
    let total = days.iter().fold(Usage::default(), |total, day| total.plus(day.usage));
    let shown: Vec<_> = days
        .iter()
        .map(|day| {
            let date = times::created(day.day.saturating_mul(DAY_MS));
            json!({
                "date": date.split('T').next(),
                "messages": day.usage.messages,
                "bytes": day.usage.bytes,
                "deliveries": day.usage.deliveries,
            })
        })
        .collect();
    answer::ok(&json!({
        "project": caller.project,
        "total": {"messages": total.messages, "bytes": total.bytes, "deliveries": total.deliveries},
        "days": shown,
        "stored": {"messages": stored.messages, "bytes": stored.bytes},
        "limits": {
            "requests_per_second": quota.requests_per_second,
            "messages_per_second": quota.messages_per_second,
            "websocket_connections": quota.websocket_connections,
            "queues": quota.queues,
            "subscriptions": quota.subscriptions,
            "devices": quota.devices,
            "stored_messages": quota.stored_messages,
            "stored_bytes": quota.stored_bytes,
        },
    }))
}
