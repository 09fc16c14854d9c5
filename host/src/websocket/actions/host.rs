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

/// How the store is.
pub(super) async fn health(call: Call) -> Answer {
    let reachable = call.face.store.check().await.is_ok();
    Ok(Reply::new(200, &json!({"storage_reachable": reachable})))
}
