//! The rules that every request meets first, in Zaqar's order: signature, content type, Accept, Client-ID, project,
//! queue name.

use std::sync::Arc;

use axum::{
    extract::{MatchedPath, RawPathParams, Request, State, rejection::RawPathParamsRejection},
    http::{HeaderMap, header},
    middleware::Next,
};
use uuid::Uuid;

use super::{
    face::Face,
    problem::{Answer, Problem},
    routes::{Rule, Rules},
    signature,
};
use crate::{
    access::{Bearer, Credentials, Denied, Identity},
    config::{Queues, Uuids},
    place::{self, Place},
    signed::Grant,
};

/// The longest idempotency key.
const MAX_KEY: usize = 255;
/// What `GET /v2/` serves; a client that asks for it is served everywhere.
const SERVED: [&str; 2] = ["application/json", "application/json-home"];

/// Who asks.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// The project.
    pub(crate) project: String,
    /// The Client-ID; empty where none is asked for.
    pub(crate) client: String,
    /// Who it is, and what it may do.
    pub(crate) identity: Arc<Identity>,
    /// The signature that lets it in. It stands for authentication and policy, for what it names alone.
    pub(crate) signed: Option<Arc<Grant>>,
    /// The token that it is known by to Keystone, for what is to be done there in its name.
    pub(crate) bearer: Option<Bearer>,
}

/// What the rules stand on.
#[derive(Clone)]
pub(super) struct Gate {
    pub(super) face: Face,
    pub(super) rules: Arc<Rules>,
}

/// The rules of Zaqar's own routes.
pub(super) async fn zaqar(
    State(gate): State<Gate>,
    params: Result<RawPathParams, RawPathParamsRejection>,
    mut request: Request,
    next: Next,
) -> Answer {
    let signed = signature::opened(&gate.face, &request)?;
    let proven = gate.proven(request.headers(), signed.as_deref()).await?;
    let headers = request.headers();
    common(headers)?;
    let client = client(headers, &gate.face.config.queues)?;
    let identity = gate.known(headers, proven).await?;
    let params = params.map_err(|_| identification("It is not UTF-8."))?;
    if let Some(place) = named(&params)? {
        request.extensions_mut().insert(place);
    }
    gate.permit(&request, &identity)?;
    gate.face.tenants.request(&identity.project)?;
    let project = identity.project.clone();
    let bearer = gate.bearer(request.headers(), signed.as_deref())?;
    request.extensions_mut().insert(Caller { project, client, identity, signed, bearer });
    Ok(next.run(request).await)
}

/// The rules of our additions: no Client-ID.
pub(super) async fn own(
    State(gate): State<Gate>,
    params: Result<RawPathParams, RawPathParamsRejection>,
    mut request: Request,
    next: Next,
) -> Answer {
    let signed = signature::opened(&gate.face, &request)?;
    let proven = gate.proven(request.headers(), signed.as_deref()).await?;
    common(request.headers())?;
    let params = params.map_err(|_| Problem::not_found("The path is not UTF-8."))?;
    if let Some(place) = named(&params)? {
        request.extensions_mut().insert(place);
    }
    let identity = gate.known(request.headers(), proven).await?;
    gate.permit(&request, &identity)?;
    gate.face.tenants.request(&identity.project)?;
    let project = identity.project.clone();
    let bearer = gate.bearer(request.headers(), signed.as_deref())?;
    request.extensions_mut().insert(Caller { project, client: String::new(), identity, signed, bearer });
    Ok(next.run(request).await)
}

/// What a request shows of its client.
pub(super) fn credentials(headers: &HeaderMap) -> Result<Credentials<'_>, Denied> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let bearer = || {
        let (scheme, token) = text("authorization")?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    };
    if headers.get("x-project-id").is_some_and(|value| value.to_str().is_err()) {
        return Err(Denied::BadProject("Project ids are visible ASCII."));
    }
    let token = text("x-auth-token").or_else(bearer);
    Ok(Credentials { project: text("x-project-id"), token, roles: text("x-roles") })
}

impl Gate {
    /// Who has proven who it is. Where clients must, nothing is said to them before they did, as with Keystone's
    /// middleware; where they need not, Zaqar asks for other headers first.
    async fn proven(
        &self,
        headers: &HeaderMap,
        signed: Option<&Grant>,
    ) -> Result<Option<Arc<Identity>>, Denied> {
        if let Some(grant) = signed {
            let identity = Identity::signed(grant.project().to_owned(), grant.expires_ms());
            return Ok(Some(Arc::new(identity)));
        }
        if !self.face.access.asks_for_proof() {
            return Ok(None);
        }
        self.face.access.identify(credentials(headers)?).await.map(Some)
    }

    /// The token of whoever was let in by one of Keystone.
    fn bearer(&self, headers: &HeaderMap, signed: Option<&Grant>) -> Result<Option<Bearer>, Denied> {
        if signed.is_some() { Ok(None) } else { Ok(self.face.access.bearer(credentials(headers)?)) }
    }

    async fn known(
        &self,
        headers: &HeaderMap,
        proven: Option<Arc<Identity>>,
    ) -> Result<Arc<Identity>, Denied> {
        match proven {
            Some(identity) => Ok(identity),
            None => self.face.access.identify(credentials(headers)?).await,
        }
    }

    /// Whether the route's action is allowed. A route without a rule is refused.
    fn permit(&self, request: &Request, identity: &Identity) -> Result<(), Problem> {
        let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
        match self.rules.of(route, request.method()) {
            Some(Rule::Needs(action)) => Ok(self.face.access.permit(identity, action)?),
            Some(Rule::Open(_)) => Ok(()),
            None => Err(Denied::Forbidden.into()),
        }
    }
}

fn common(headers: &HeaderMap) -> Result<(), Problem> {
    content_type(headers)?;
    accept(headers)
}

/// The media type of the body, lower case, without parameters.
pub(super) fn media_type(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    Some(text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
}

/// `Idempotency-Key`: 1 to 255 visible ASCII characters.
pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let sound =
        |text: &&str| (1..=MAX_KEY).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    match value.to_str().ok().filter(sound) {
        Some(text) => Ok(Some(text.to_owned())),
        None => Err(Problem::header(
            "Invalid Idempotency-Key",
            format!("Idempotency-Key must be 1 to {MAX_KEY} visible ASCII characters."),
        )),
    }
}

/// `curl -d` sends JSON as a form unless it is told otherwise; Zaqar refuses that, whatever the body is.
fn content_type(headers: &HeaderMap) -> Result<(), Problem> {
    let body =
        headers.contains_key(header::CONTENT_LENGTH) || headers.contains_key(header::TRANSFER_ENCODING);
    if !body || media_type(headers).as_deref() != Some("application/x-www-form-urlencoded") {
        return Ok(());
    }
    Err(Problem::header(
        "Invalid Content-Type",
        "Endpoint does not accept `application/x-www-form-urlencoded` content; currently supported media type is \
         `application/json`; specify proper client-side media type with the \"Content-Type\" header.",
    ))
}

/// RFC 9110 section 12.5.1: a range with weight 0 is one that is not accepted.
fn accept(headers: &HeaderMap) -> Result<(), Problem> {
    let mut ranges =
        headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).peekable();
    if ranges.peek().is_none() || ranges.flat_map(|value| value.split(',')).any(accepts) {
        return Ok(());
    }
    Err(Problem::not_acceptable())
}

fn accepts(range: &str) -> bool {
    let mut parts = range.split(';').map(str::trim);
    let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
    let refused = parts.any(|part| {
        let weight = part.split_once('=').filter(|(name, _)| name.trim().eq_ignore_ascii_case("q"));
        weight.is_some_and(|(_, q)| q.trim().parse() == Ok(0.0_f32))
    });
    !refused
        && (SERVED.contains(&kind.as_str()) || kind == "*/*" || kind == "application/*" || kind.is_empty())
}

fn client(headers: &HeaderMap, limits: &Queues) -> Result<String, Problem> {
    let Some(value) = headers.get("client-id") else {
        return Err(Problem::header("Missing header value", "The \"Client-Id\" header is required."));
    };
    client_id(value.to_str().unwrap_or_default(), limits)
}

/// A Client-ID in its one form.
pub(crate) fn client_id(text: &str, limits: &Queues) -> Result<String, Problem> {
    match limits.client_id_uuid_safe {
        Uuids::Strict => Uuid::try_parse(text)
            .map(|uuid| uuid.to_string())
            .map_err(|_| Problem::header("Wrong UUID value", "Malformed hexadecimal UUID.")),
        Uuids::Off if (limits.min_length_client_id..=limits.max_length_client_id).contains(&text.len()) => {
            Ok(text.to_owned())
        }
        Uuids::Off => Err(Problem::header(
            "Invalid Client-ID",
            format!(
                "Client-ID must be {} to {} characters long (min_length_client_id, max_length_client_id).",
                limits.min_length_client_id, limits.max_length_client_id
            ),
        )),
    }
}

/// The queue or topic that the path names.
fn named(params: &RawPathParams) -> Result<Option<Place>, Problem> {
    let find = |wanted: &str| params.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value);
    let (name, of): (_, fn(&str) -> Place) = match (find("queue"), find("topic")) {
        (Some(queue), _) => (queue, Place::queue),
        (None, Some(topic)) => (topic, Place::topic),
        (None, None) => return Ok(None),
    };
    place::check(name).map_err(identification)?;
    Ok(Some(of(name)))
}

/// A queue name or a project id that breaks the rules of names.
pub(crate) fn identification(description: &str) -> Problem {
    let title = "Invalid queue identification";
    Problem::header(
        title,
        format!("The format of the submitted queue name or project id is not valid. {description}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use proptest::prelude::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn json_must_be_acceptable() {
        for good in [
            "*/*",
            "application/json",
            "text/html, application/*;q=0.5",
            "application/json; charset=utf-8",
            "",
        ] {
            assert_eq!(accept(&headers(&[("accept", good)])), Ok(()), "{good}");
        }
        for bad in ["text/xml", "application/json;q=0", "application/xml, text/*"] {
            assert!(accept(&headers(&[("accept", bad)])).is_err(), "{bad}");
        }
        assert_eq!(accept(&HeaderMap::new()), Ok(()));
    }

    #[test]
    fn a_form_is_refused_only_with_a_body() {
        let form = ("content-type", "Application/x-www-form-urlencoded; charset=utf-8");
        assert!(content_type(&headers(&[form, ("content-length", "2")])).is_err());
        assert!(content_type(&headers(&[form, ("transfer-encoding", "chunked")])).is_err());
        assert_eq!(content_type(&headers(&[form])), Ok(()));
    }

    #[test]
    fn equal_client_ids_are_equal_however_they_are_written() {
        let limits = Config::default().queues;
        let dashed = client(&headers(&[("client-id", "3381AF92-2b9e-11e3-b191-71861300734c")]), &limits);
        let bare = client(&headers(&[("client-id", "3381af922b9e11e3b19171861300734c")]), &limits);
        assert_eq!(dashed, bare);
        assert!(client(&headers(&[("client-id", "not-a-uuid")]), &limits).is_err());
        let loose = Queues { client_id_uuid_safe: Uuids::Off, ..limits };
        assert!(client(&headers(&[("client-id", "not-a-uuid")]), &loose).is_ok());
        assert!(client(&headers(&[("client-id", "short")]), &loose).is_err());
    }

    proptest! {
        #[test]
        fn any_accept_is_read(text in "[ -~]{0,60}") {
            drop(accept(&headers(&[("accept", &text)])));
        }
    }
}
