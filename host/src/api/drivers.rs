//! `GET /v2/drivers`: who delivers what.

use axum::extract::State;
use serde_json::{Value, json};

use super::{answer, face::Face, problem::Answer};
use crate::drivers::{described, described_refusal};

/// All drivers, by name, and those that were refused. A manifest holds schemas, never settings.
pub(super) async fn list(State(face): State<Face>) -> Answer {
    let drivers = face.board.now();
    let refused = drivers.refused().iter().map(described_refusal);
    let all: Vec<Value> = drivers.entries().iter().map(described).chain(refused).collect();
    answer::ok(&json!({"drivers": all}))
}
