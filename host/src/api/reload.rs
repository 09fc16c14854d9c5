//! `POST /v2/reload`: the configuration is read again.

use std::sync::Arc;

use axum::extract::State;

use super::{
    answer,
    face::Face,
    problem::{Answer, Problem},
};
use crate::reload::ReloadError;

/// 200 with what was applied, what was kept and why, and what needs a restart.
pub(super) async fn reload(State(face): State<Face>) -> Answer {
    answer::ok(&Arc::clone(&face.reload).again().await?)
}

impl From<ReloadError> for Problem {
    fn from(error: ReloadError) -> Self {
        match error {
            ReloadError::Config(_) => Self::request(error.to_string()),
            ReloadError::Fixed => Self::conflict(error.to_string()),
            ReloadError::Stopping => Self::silent(),
        }
    }
}
