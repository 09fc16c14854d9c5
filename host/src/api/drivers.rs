//! `GET /v2/drivers`: who delivers what.

use axum::extract::State;
use nuncio_core::{Entry, Manifest};
use serde::Serialize;
use serde_json::json;

use super::{answer, face::Face, problem::Answer};

#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    manifest: &'a Manifest,
    origin: &'static str,
    /// Why it cannot deliver as it is configured.
    disabled: Option<String>,
}

impl<'a> From<&'a Entry> for Shown<'a> {
    fn from(entry: &'a Entry) -> Self {
        Self { manifest: &entry.manifest, origin: entry.origin.name(), disabled: entry.driver.disabled() }
    }
}

/// All drivers, by name. A manifest holds schemas, never settings.
pub(super) async fn list(State(face): State<Face>) -> Answer {
    let drivers: Vec<_> = face.dispatcher.entries().iter().map(Shown::from).collect();
    answer::ok(&json!({"drivers": drivers}))
}
