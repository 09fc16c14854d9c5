//! Who a client of a connection is: what it showed once, or what each request shows.

use std::{fmt, sync::Arc, time::Duration};

use nuncio_core::Clock;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{
    actions::{QUEUE, Verb},
    request::{Reply, Request},
};
use crate::{
    access::{Credentials, Denied, Identity},
    api::{self, Caller, Face, Problem},
    place,
    signed::{Grant, Presented},
};

/// What a client showed of itself, if it had to.
#[derive(Default)]
pub(super) struct Shown(Option<Proof>);

struct Proof {
    token: Zeroizing<String>,
    project: String,
    /// Unix milliseconds.
    expires: Option<i64>,
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Shown").field(&self.0.as_ref().map(|proof| &proof.project)).finish()
    }
}

impl Shown {
    /// `authenticate`: looks at a token, and remembers it for what follows.
    pub(super) async fn authenticate(&mut self, face: &Face, request: &Request) -> Reply {
        let (token, project) = (request.header("X-Auth-Token"), request.header("X-Project-ID"));
        let authentified = Reply::new(200, &json!({"message": "Authentified."}));
        if !face.access.asks_for_proof() {
            return authentified;
        }
        let Some(token) = token else { return Reply::schema() };
        match face.access.identify(Credentials { project, token: Some(token), roles: None }).await {
            Ok(identity) => {
                // What is attached already is looked after by this proof alone.
                if self.0.as_ref().is_some_and(|proof| proof.project != identity.project) {
                    return Reply::error(
                        403,
                        "The connection is another project's: open one for this project.",
                    );
                }
                let (project, expires) = (identity.project.clone(), identity.expires);
                self.0 = Some(Proof { token: token.to_owned().into(), project, expires });
                authentified
            }
            Err(Denied::Unproven { .. }) => Reply::error(401, "Authentication failed."),
            Err(denied) => Reply::of(&denied.into()),
        }
    }

    /// The project that a client showed to be of.
    pub(super) fn project(&self) -> Option<&str> {
        self.0.as_ref().map(|proof| proof.project.as_str())
    }

    /// Who makes a request, if it may.
    pub(super) async fn admit(&self, face: &Face, verb: &Verb, request: &Request) -> Result<Caller, Reply> {
        let problem = |problem: Problem| Reply::of(&problem);
        let members = request.members().map_err(problem)?;
        let (Some(client), Some(project)) = (request.header("Client-ID"), request.header("X-Project-ID"))
        else {
            return Err(Reply::schema());
        };
        if !verb.takes(&members) {
            return Err(Reply::schema());
        }
        let signed = signed(face, verb, request)?;
        let identity = match &signed {
            Some(grant) => Arc::new(Identity::signed(grant.project().to_owned(), grant.expires_ms())),
            None => self.identity(face, project, request).await?,
        };
        face.access.permit(&identity, verb.action).map_err(|denied| Reply::of(&denied.into()))?;
        face.tenants.request(&identity.project).map_err(|beyond| Reply::of(&beyond.into()))?;
        let client = api::client_id(client, &face.config.queues).map_err(problem)?;
        if verb.names_queue()
            && let Some(raw) = members.get(QUEUE)
        {
            let name: String = serde_json::from_str(raw.get()).map_err(|_| Reply::schema())?;
            place::check(&name).map_err(|why| problem(api::identification(why)))?;
        }
        let token = self.0.as_ref().map(|proof| proof.token.as_str()).filter(|_| signed.is_none());
        let bearer = face.access.bearer(Credentials { project: None, token, roles: None });
        Ok(Caller { project: identity.project.clone(), client, identity, signed, bearer })
    }

    /// How long the client is known at least.
    pub(super) fn ends_in(&self, clock: &dyn Clock) -> Duration {
        let Some(expires) = self.0.as_ref().and_then(|proof| proof.expires) else { return Duration::MAX };
        Duration::from_millis(expires.saturating_sub(clock.now_ms()).max(0).unsigned_abs())
    }

    /// Whether the client is still who it showed to be; one that showed nothing is.
    pub(super) async fn holds(&self, face: &Face) -> bool {
        let Some(proof) = &self.0 else { return true };
        let ended = proof.expires.is_some_and(|end| end <= face.clock.now_ms());
        !ended && !matches!(self.known(face, &proof.project).await, Err(Denied::Unproven { .. }))
    }

    async fn identity(&self, face: &Face, project: &str, request: &Request) -> Result<Arc<Identity>, Reply> {
        let found = if !face.access.asks_for_proof() {
            let roles = request.header("X-Roles");
            face.access.identify(Credentials { project: Some(project), token: None, roles }).await
        } else if self.0.is_some() {
            self.known(face, project).await
        } else {
            return Err(Reply::unknown_client());
        };
        found.map_err(|denied| match denied {
            Denied::Unproven { .. } => Reply::unknown_client(),
            denied => Reply::of(&denied.into()),
        })
    }

    async fn known(&self, face: &Face, project: &str) -> Result<Arc<Identity>, Denied> {
        let token = self.0.as_ref().map(|proof| proof.token.as_str());
        face.access.identify(Credentials { project: Some(project), token, roles: None }).await
    }
}

/// What a signed URL opens that a request carries in its headers, if it carries one.
fn signed(face: &Face, verb: &Verb, request: &Request) -> Result<Option<Arc<Grant>>, Reply> {
    let Some(signature) = request.headers.get("URL-Signature") else { return Ok(None) };
    let all = ["URL-Methods", "URL-Paths", "URL-Expires", "X-Project-ID"].map(|name| {
        let value = request.headers.get(name);
        value.map(joined).unwrap_or_default()
    });
    let [methods, paths, expires, project] = &all;
    let signature = joined(signature);
    let shown = Presented { signature: &signature, methods, paths, expires, project };
    let queue = request.members().ok().and_then(|members| {
        let raw = members.get(QUEUE)?;
        serde_json::from_str::<String>(raw.get()).ok()
    });
    let grant = verb.http.zip(queue).and_then(|((method, collection), queue)| {
        let path = format!("/v2/queues/{queue}/{collection}");
        face.signer.verify(&shown, method, &path, face.clock.now_ms())
    });
    grant.map(|grant| Some(Arc::new(grant))).ok_or_else(Reply::unknown_client)
}

/// A list as it stands in a header.
fn joined(value: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    match value {
        Value::Array(list) => list.iter().map(text).collect::<Vec<_>>().join(","),
        other => text(other),
    }
}
