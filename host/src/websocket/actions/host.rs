//! What concerns the host as a whole. Zaqar's schema names these actions, and its connection breaks when one is asked
//! for.

use serde_json::json;

use super::table::Answer;
use crate::{
    api,
    websocket::{call::Call, request::Reply},
};

/// The home document.
pub(super) async fn home(_: Call) -> Answer {
    Ok(Reply::new(200, &api::home_document()))
}

/// Whether the store answers.
pub(super) async fn ping(call: Call) -> Answer {
    call.face.store.check().await?;
    Ok(Reply::new(204, &json!({})))
}

/// What succeeds, and how long it takes.
pub(super) async fn health(call: Call) -> Answer {
    Ok(Reply::new(200, &api::health_report(&call.face).await))
}
