//! The first rule that a request meets: what carries a signature is let in by it or not at all; what carries none must
//! ask for a host that is this one.

use std::sync::Arc;

use axum::{extract::Request, http::HeaderMap};

use super::{face::Face, problem::Problem};
use crate::signed::{Grant, Presented};

/// The signature that lets `request` in; `None` for a request without one.
///
/// # Errors
/// A signature that does not, for whatever reason: a bare 404, as Zaqar's. An empty header is one that does not. Without
/// one, a host that is not known to be this one.
pub(super) fn opened(face: &Face, request: &Request) -> Result<Option<Arc<Grant>>, Problem> {
    let headers = request.headers();
    if !headers.contains_key("url-signature") {
        face.access.reached(request)?;
        return Ok(None);
    }
    let (method, path) = (request.method().as_str(), request.uri().path());
    presented(headers)
        .and_then(|shown| face.signer.verify(&shown, method, path, face.clock.now_ms()))
        .map(|grant| Some(Arc::new(grant)))
        .ok_or_else(Problem::no_route)
}

fn presented(headers: &HeaderMap) -> Option<Presented<'_>> {
    // Of two equal headers nobody can say which was meant.
    let one = |name: &str| {
        let mut all = headers.get_all(name).iter();
        match (all.next(), all.next()) {
            (Some(value), None) => value.to_str().ok(),
            _ => None,
        }
    };
    Some(Presented {
        signature: one("url-signature")?,
        methods: one("url-methods")?,
        paths: one("url-paths")?,
        expires: one("url-expires")?,
        project: one("x-project-id")?,
    })
}
