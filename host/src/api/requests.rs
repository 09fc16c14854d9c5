//! What every request gets: an id that its log lines and its answer bear, and a place in the metrics.

use std::{
    collections::HashMap,
    convert::Infallible,
    pin::Pin,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
};

use axum::{
    extract::{MatchedPath, Request},
    http::{HeaderName, HeaderValue, Method},
    response::Response,
};
use metrics::Counter;
use tower_service::Service;
use tracing::Instrument;
use uuid::Uuid;

const ID: HeaderName = HeaderName::from_static("x-openstack-request-id");
const PREFIX: &str = "req-";

/// Names and counts requests.
pub(super) struct Requests {
    first: u128,
    issued: AtomicU64,
    /// By route. To look a counter up by its labels costs more than the rest of counting; routes, known methods and
    /// our own statuses are few.
    counters: RwLock<HashMap<String, Vec<Counted>>>,
}

struct Counted {
    method: &'static str,
    status: u16,
    counter: Counter,
}

impl Requests {
    /// Ids from a place of its own.
    pub(super) fn new() -> Arc<Self> {
        metrics::describe_counter!("nuncio_http_requests_total", "Requests by method, route and status");
        let first = Uuid::new_v4().as_u128();
        Arc::new(Self { first, issued: AtomicU64::new(0), counters: RwLock::default() })
    }

    /// `req-` and a UUID: unique, and no secret, so that not each costs the system's randomness.
    fn id(&self) -> String {
        let issued = self.issued.fetch_add(1, Ordering::Relaxed);
        let bytes = (self.first ^ u128::from(issued)).to_be_bytes();
        let mut text = [0; 40];
        let (prefix, rest) = text.split_at_mut(PREFIX.len());
        prefix.copy_from_slice(PREFIX.as_bytes());
        uuid::Builder::from_random_bytes(bytes).into_uuid().hyphenated().encode_lower(rest);
        String::from_utf8_lossy(&text).into_owned()
    }

    fn count(&self, method: &'static str, route: &str, status: u16) {
        let known = self.counters.read().unwrap_or_else(PoisonError::into_inner);
        let same = |one: &&Counted| one.status == status && one.method == method;
        match known.get(route).and_then(|all| all.iter().find(same)) {
            Some(found) => found.counter.increment(1),
            None => {
                drop(known);
                self.add(method, route, status).increment(1);
            }
        }
    }

    fn add(&self, method: &'static str, route: &str, status: u16) -> Counter {
        let counter = metrics::counter!(
            "nuncio_http_requests_total",
            "method" => method, "route" => route.to_owned(), "status" => status.to_string()
        );
        let mut known = self.counters.write().unwrap_or_else(PoisonError::into_inner);
        let counted = Counted { method, status, counter: counter.clone() };
        known.entry(route.to_owned()).or_default().push(counted);
        counter
    }
}

/// Gives each request that `S` answers its id, and counts it by its answer.
///
/// A layer of its own, since axum's `from_fn` boxes the service and its future several times a request.
#[derive(Clone)]
pub(super) struct Named<S> {
    pub(super) requests: Arc<Requests>,
    pub(super) inner: S,
}

impl<S> Service<Request> for Named<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let id = self.requests.id();
        let route = request.extensions().get::<MatchedPath>().cloned();
        let method = known(request.method());
        let span = tracing::debug_span!("request", id, method, route = name(route.as_ref()));
        let answered = span.in_scope(|| self.inner.call(request)).instrument(span.clone());
        let requests = Arc::clone(&self.requests);
        Box::pin(async move {
            let mut response = answered.await?;
            requests.count(method, name(route.as_ref()), response.status().as_u16());
            if let Ok(value) = HeaderValue::try_from(id) {
                response.headers_mut().insert(ID, value);
            }
            Ok(response)
        })
    }
}

fn name(route: Option<&MatchedPath>) -> &str {
    route.map_or("none", MatchedPath::as_str)
}

/// A method's name, where a client's invention is `other`: it becomes a label of a metric.
fn known(method: &Method) -> &'static str {
    const NAMES: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    NAMES.into_iter().find(|name| *name == method.as_str()).unwrap_or("other")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_that_a_client_invented_makes_no_label_of_its_own() {
        assert_eq!(known(&Method::PATCH), "PATCH");
        assert_eq!(known(&Method::from_bytes(b"INVENTED").unwrap()), "other");
    }

    #[test]
    fn ids_are_different_uuids_of_version_4() {
        let requests = Requests::new();
        let ids = [requests.id(), requests.id()];
        assert_ne!(ids[0], ids[1]);
        for id in ids {
            let uuid = Uuid::try_parse(id.strip_prefix(PREFIX).unwrap()).unwrap();
            assert_eq!(uuid.get_version_num(), 4);
        }
    }

    #[test]
    fn a_counter_is_looked_up_once() {
        let requests = Requests::new();
        for status in [201, 201, 400] {
            requests.count("POST", "/v2/ping", status);
        }
        assert_eq!(requests.counters.read().unwrap()["/v2/ping"].len(), 2);
    }
}
