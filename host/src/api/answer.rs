//! Answers to requests that went well.

use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::{
    html,
    problem::{Answer, Problem},
};

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// 200 with `value`.
pub(super) fn ok(value: &impl Serialize) -> Answer {
    with(StatusCode::OK, value)
}

/// 201 with `value`, to be found at `location`.
pub(super) fn created(location: &str, value: &impl Serialize) -> Answer {
    Ok(located(with(StatusCode::CREATED, value)?, location))
}

/// 201 without a body.
pub(super) fn created_empty(location: &str) -> Response {
    located(StatusCode::CREATED.into_response(), location)
}

/// 202 with `value`: done later.
pub(super) fn accepted(value: &impl Serialize) -> Answer {
    with(StatusCode::ACCEPTED, value)
}

/// 202 with `value`: done later, to be followed at `location`.
pub(super) fn accepted_at(location: &str, value: &impl Serialize) -> Answer {
    Ok(located(accepted(value)?, location))
}

/// 204.
pub(super) fn no_content() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

/// 204, to be found at `location`.
pub(super) fn no_content_at(location: &str) -> Response {
    located(no_content(), location)
}

/// 300: the versions.
pub(super) fn choices(value: &impl Serialize) -> Answer {
    with(StatusCode::MULTIPLE_CHOICES, value)
}

/// 200 or 503 with `value`: whether the host can serve.
pub(super) fn readiness(ready: bool, value: &impl Serialize) -> Answer {
    with(if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, value)
}

/// What a driver answers to the far side; none when it is no final status.
pub(super) fn foreign(status: u16, content_type: &str, body: Vec<u8>) -> Option<Response> {
    let status = StatusCode::from_u16(status).ok().filter(|status| !status.is_informational())?;
    let mut response = (status, body).into_response();
    response.headers_mut().remove(header::CONTENT_TYPE);
    if !content_type.is_empty() {
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_str(content_type).ok()?);
    }
    Some(response)
}

/// 200 with a page for people.
pub(super) fn page(text: String) -> Response {
    (StatusCode::OK, html::headers(), text).into_response()
}

/// Marks an answer as the one that was given before under the same idempotency key.
pub(super) fn replayed(mut response: Response, replayed: bool) -> Response {
    if replayed {
        let name = HeaderName::from_static("idempotent-replay");
        response.headers_mut().insert(name, HeaderValue::from_static("true"));
    }
    response
}

fn with(status: StatusCode, value: &impl Serialize) -> Answer {
    let body = serde_json::to_vec(value).map_err(Problem::from)?;
    Ok((status, [(header::CONTENT_TYPE, JSON)], body).into_response())
}

fn located(mut response: Response, location: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(location) {
        response.headers_mut().insert(header::LOCATION, value);
    }
    response
}
