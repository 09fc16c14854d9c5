//! An error as a client sees it: Zaqar's `{"title", "description"}`. Error statuses exist in this file alone.

use std::time::Duration;

use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::html;
use crate::{
    catalog::CatalogError,
    intake::IntakeError,
    outlet::OutletError,
    storage::{Deletion, StoreError},
    tenants::Beyond,
};

/// What a handler answers.
pub(super) type Answer = Result<Response, Problem>;

/// Seconds after which a client may try again when the host is full or its store is away.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("5");

/// An error as a client sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    status: StatusCode,
    title: &'static str,
    description: Option<String>,
    header: Option<(HeaderName, HeaderValue)>,
}

impl Problem {
    fn new(status: StatusCode, title: &'static str, description: impl Into<String>) -> Self {
        Self { status, title, description: Some(description.into()), header: None }
    }

    /// Its status.
    pub(crate) const fn status(&self) -> u16 {
        self.status.as_u16()
    }

    /// What kind of error it is.
    pub(crate) const fn title(&self) -> &'static str {
        self.title
    }

    /// What is wrong, and where.
    pub(crate) fn description(&self) -> &str {
        self.description.as_deref().unwrap_or(self.title)
    }

    /// There is no room for one more; there may be later.
    pub(crate) fn busy(description: impl Into<String>) -> Self {
        Self::later("Service temporarily unavailable", description)
    }

    /// A rule of the API is broken: a limit, an unknown value, a missing member.
    pub(crate) fn request(description: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "Invalid API request", description)
    }

    /// The body is not the JSON that is asked for.
    pub(crate) fn body(description: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "Invalid request body", description)
    }

    /// A member or parameter is no time.
    pub(super) fn moment(name: &str) -> Self {
        Self::request(format!(
            "{name}: must be a time by RFC 3339, like \"2026-01-31T09:00:00Z\", or Unix seconds."
        ))
    }

    /// A query parameter is not of its type.
    pub(super) fn parameter(name: &str, want: &str) -> Self {
        let description = format!("The \"{name}\" parameter is invalid. The value must be {want}.");
        Self::new(StatusCode::BAD_REQUEST, "Invalid parameter", description)
    }

    /// A header breaks a rule.
    pub(super) fn header(title: &'static str, description: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, title, description)
    }

    /// A PATCH that changes nothing that can be changed.
    pub(super) fn nothing_to_update() -> Self {
        let description = "At least one of `subscriber`, `ttl` and `options` must be given.";
        Self::new(StatusCode::BAD_REQUEST, "Unable to update subscription", description)
    }

    /// The client accepts no JSON.
    pub(super) fn not_acceptable() -> Self {
        let description = "Endpoint only serves `application/json`; specify client-side media type support with \
                           the \"Accept\" header.";
        Self::new(StatusCode::NOT_ACCEPTABLE, "Media type not acceptable", description)
    }

    /// The body has a media type that the route does not read.
    pub(super) fn media_type(accepted: &'static str) -> Self {
        let description = format!("Accepted media type for PATCH: {accepted}.");
        Self {
            header: Some((HeaderName::from_static("accept-patch"), HeaderValue::from_static(accepted))),
            ..Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Unsupported media type", description)
        }
    }

    /// There is no such thing.
    pub(crate) fn not_found(description: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "Not found", description)
    }

    /// There is no such route.
    pub(super) const fn no_route() -> Self {
        Self { status: StatusCode::NOT_FOUND, title: "404 Not Found", description: None, header: None }
    }

    /// The route has no such method; the router adds `Allow`.
    pub(super) const fn no_method() -> Self {
        let status = StatusCode::METHOD_NOT_ALLOWED;
        Self { status, title: "405 Method Not Allowed", description: None, header: None }
    }

    /// Something stands in the way.
    pub(crate) fn conflict(description: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "Resource conflict", description)
    }

    /// Nobody has shown who it is.
    pub(super) fn unauthorized(challenge: &str) -> Self {
        let description = "The request you have made requires authentication.";
        Self {
            header: HeaderValue::from_str(challenge).ok().map(|value| (header::WWW_AUTHENTICATE, value)),
            ..Self::new(StatusCode::UNAUTHORIZED, "Unauthorized", description)
        }
    }

    /// Who it is may not do this.
    pub(crate) fn forbidden(description: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "Not authorized", description)
    }

    /// Who could tell who it is does not answer.
    pub(super) fn unproven(after: Duration) -> Self {
        let problem = Self::later(
            "Service temporarily unavailable",
            "Tokens cannot be checked now. Please try again in a few seconds.",
        );
        Self { header: Some((header::RETRY_AFTER, after.as_secs().max(1).into())), ..problem }
    }

    /// A driver did not do its part.
    pub(super) fn driver(description: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_GATEWAY, "Driver failed", description)
    }

    /// A driver does not answer in time.
    pub(super) fn silent() -> Self {
        Self::later("Service temporarily unavailable", "There was no answer in time. Please try again.")
    }

    /// The store is away.
    fn unavailable() -> Self {
        let description = "The store could not be reached. Please try again in a few seconds.";
        Self::later("Service temporarily unavailable", description)
    }

    /// As a page for people: the link is not one of this host's.
    pub(super) fn page_not_found(text: String) -> Response {
        (StatusCode::NOT_FOUND, html::headers(), text).into_response()
    }

    /// As a page for people: what it was about is over.
    pub(super) fn page_gone(text: String) -> Response {
        (StatusCode::GONE, html::headers(), text).into_response()
    }

    /// As a page for people: the answer cannot be read.
    pub(super) fn page_unreadable(text: String) -> Response {
        (StatusCode::BAD_REQUEST, html::headers(), text).into_response()
    }

    /// As a page for people: the store is away.
    pub(super) fn page_unavailable(text: String) -> Response {
        (StatusCode::SERVICE_UNAVAILABLE, html::headers(), text).into_response()
    }

    fn later(title: &'static str, description: impl Into<String>) -> Self {
        Self {
            header: Some((header::RETRY_AFTER, RETRY_AFTER)),
            ..Self::new(StatusCode::SERVICE_UNAVAILABLE, title, description)
        }
    }

    /// The log says more.
    pub(super) fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "Internal server error",
            "The log of the host says more.",
        )
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = match self.description {
            Some(description) => json!({"title": self.title, "description": description}),
            None => json!({"title": self.title}),
        };
        let kind = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
        (self.status, kind, self.header.map(|one| [one]), body.to_string()).into_response()
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Full { .. } | StoreError::NoSpace(_) => {
                Self::later("Service temporarily unavailable", error.to_string())
            }
            StoreError::TooMany { .. } => Self::request(error.to_string()),
            StoreError::AskedTooOften { seconds, .. } => Self {
                header: Some((header::RETRY_AFTER, HeaderValue::from(seconds))),
                ..Self::new(StatusCode::TOO_MANY_REQUESTS, "Too many confirmations", error.to_string())
            },
            StoreError::KeyReused => {
                let status = StatusCode::UNPROCESSABLE_ENTITY;
                Self::new(status, "Idempotency key reused", error.to_string())
            }
            StoreError::Corrupt(_) | StoreError::Damaged(_) => {
                tracing::error!(%error, "a request met a value that cannot be read");
                Self::internal()
            }
            StoreError::Unavailable(_) | StoreError::Closed => {
                tracing::warn!(%error, "a request met a store that is away");
                Self::unavailable()
            }
        }
    }
}

impl From<IntakeError> for Problem {
    fn from(error: IntakeError) -> Self {
        match error {
            IntakeError::Limit(text) => Self::request(text),
            IntakeError::Beyond(beyond) => beyond.into(),
            IntakeError::Store(error) => error.into(),
        }
    }
}

impl From<OutletError> for Problem {
    fn from(error: OutletError) -> Self {
        let status = match &error {
            OutletError::Limit(text) => return Self::request(text),
            OutletError::Claim(Deletion::NotClaimed | Deletion::UnknownClaim) => StatusCode::BAD_REQUEST,
            OutletError::Claim(_) => StatusCode::FORBIDDEN,
            OutletError::Store(error) => return error.clone().into(),
        };
        Self::new(status, "Unable to delete", error.to_string())
    }
}

impl From<Beyond> for Problem {
    fn from(beyond: Beyond) -> Self {
        match beyond {
            Beyond::Rate { after, .. } => Self {
                header: Some((header::RETRY_AFTER, after.as_secs().into())),
                ..Self::new(StatusCode::TOO_MANY_REQUESTS, "Too many requests", beyond.to_string())
            },
            Beyond::Stored { .. } | Beyond::Connections { .. } => {
                Self::new(StatusCode::FORBIDDEN, "Quota exceeded", beyond.to_string())
            }
            Beyond::Store(error) => error.into(),
        }
    }
}

impl From<CatalogError> for Problem {
    fn from(error: CatalogError) -> Self {
        match error {
            CatalogError::Refused(text) => Self::request(text),
            CatalogError::Conflict(text) => Self::conflict(text),
            CatalogError::Forbidden(text) => Self::forbidden(text),
            CatalogError::Absent(text) => Self::not_found(text),
            CatalogError::Away(text) => Self::later("Service temporarily unavailable", text),
            CatalogError::Store(error) => error.into(),
        }
    }
}

impl From<serde_json::Error> for Problem {
    fn from(error: serde_json::Error) -> Self {
        tracing::error!(%error, "an answer could not be written as JSON");
        Self::internal()
    }
}
