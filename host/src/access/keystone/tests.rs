//! Against a server that answers as the Identity API v3 says. The scenario `keystone` asks a real one.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicI64, AtomicU64, Ordering},
};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
    routing::get,
};
use nuncio_core::{Clock, EPOCH_MS};
use nuncio_plugin_sdk::Secret;
use serde_json::{Value, json};

use super::Keystone;
use crate::{
    access::{Action, Denied, Policy},
    config::{self, Config},
    times,
};

struct Turned(AtomicI64);

impl Clock for Turned {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// What the server knows and was asked.
#[derive(Default)]
struct Known {
    tokens: Mutex<Vec<(&'static str, Value)>>,
    /// The status of every answer, where it is not 0.
    broken: AtomicU64,
    logins: AtomicU64,
    asked: AtomicU64,
}

async fn login(State(known): State<Arc<Known>>, Json(body): Json<Value>) -> Response {
    let n = known.logins.fetch_add(1, Ordering::SeqCst) + 1;
    if body["auth"]["identity"]["password"]["user"]["password"] != "secret" {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let token = described("service", &["service"], EPOCH_MS + 3_600_000);
    (StatusCode::CREATED, [("x-subject-token", format!("own-{n}"))], Json(token)).into_response()
}

async fn tell(State(known): State<Arc<Known>>, headers: HeaderMap) -> Response {
    known.asked.fetch_add(1, Ordering::SeqCst);
    if let Ok(status) = u16::try_from(known.broken.load(Ordering::SeqCst))
        && status > 0
    {
        return StatusCode::from_u16(status).unwrap().into_response();
    }
    // Only the last token that was given is good.
    if headers["x-auth-token"] != format!("own-{}", known.logins.load(Ordering::SeqCst)).as_str() {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let tokens = known.tokens.lock().unwrap();
    let found = tokens.iter().find(|(token, _)| headers["x-subject-token"] == *token);
    found.map_or(StatusCode::NOT_FOUND.into_response(), |(_, token)| Json(token.clone()).into_response())
}

fn described(project: &str, roles: &[&str], expires: i64) -> Value {
    let roles: Vec<_> = roles.iter().map(|name| json!({"id": "r", "name": name})).collect();
    let expires = times::rfc3339(expires).unwrap();
    json!({"token": {"user": {"id": "u"}, "project": {"id": project}, "roles": roles, "expires_at": expires}})
}

struct Bench {
    known: Arc<Known>,
    clock: Arc<Turned>,
    keystone: Keystone,
}

impl Bench {
    async fn new(change: impl FnOnce(&mut config::Keystone)) -> Self {
        let known = Arc::new(Known::default());
        let routes = Router::new().route("/identity/v3/auth/tokens", get(tell).post(login));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/identity", listener.local_addr().unwrap());
        let served = routes.with_state(Arc::clone(&known));
        tokio::spawn(async move { axum::serve(listener, served).await.unwrap() });
        let mut config = Config::default();
        config.keystone.url = Some(url);
        config.keystone.username = Some("nuncio".to_owned());
        config.keystone.password = Some(Secret::new("secret"));
        change(&mut config.keystone);
        let clock = Arc::new(Turned(AtomicI64::new(EPOCH_MS)));
        let keystone = Keystone::new(&config.keystone, Policy::new(&config.auth), clock.clone()).unwrap();
        Self { known, clock, keystone }
    }

    fn knows(&self, token: &'static str, what: Value) {
        self.known.tokens.lock().unwrap().push((token, what));
    }

    fn forgets_all(&self) {
        self.known.tokens.lock().unwrap().clear();
    }

    fn turn(&self, ms: i64) {
        self.clock.0.fetch_add(ms, Ordering::SeqCst);
    }

    fn asked(&self) -> u64 {
        self.known.asked.load(Ordering::SeqCst)
    }
}

const HOUR: i64 = EPOCH_MS + 3_600_000;

#[tokio::test]
async fn a_token_is_asked_for_once_while_its_answer_holds() {
    let bench = Bench::new(|_| {}).await;
    bench.knows("good", described("p", &["member"], HOUR));
    for _ in 0..3 {
        let identity = bench.keystone.identify("good").await.unwrap().unwrap();
        assert_eq!((identity.project.as_str(), identity.user.as_deref()), ("p", Some("u")));
        assert!(identity.may(Action::QueuesCreate) && !identity.may(Action::Reload));
    }
    assert_eq!(bench.asked(), 1);
    let (one, other) = tokio::join!(bench.keystone.identify("bad"), bench.keystone.identify("bad"));
    assert_eq!((one, other), (Ok(None), Ok(None)));
    assert_eq!(bench.asked(), 2);
}

#[tokio::test]
async fn a_revoked_token_is_refused_after_the_time_of_the_cache() {
    let bench = Bench::new(|_| {}).await;
    bench.knows("good", described("p", &["member"], HOUR));
    assert!(bench.keystone.identify("good").await.unwrap().is_some());
    bench.forgets_all();
    bench.turn(59_999);
    assert!(bench.keystone.identify("good").await.unwrap().is_some());
    bench.turn(1);
    assert_eq!(bench.keystone.identify("good").await, Ok(None));
    // A refusal is forgotten sooner.
    bench.knows("good", described("p", &["member"], HOUR));
    bench.turn(10_000);
    assert!(bench.keystone.identify("good").await.unwrap().is_some());
}

#[tokio::test]
async fn a_token_that_has_expired_is_refused_whatever_is_remembered() {
    let bench = Bench::new(|_| {}).await;
    bench.knows("brief", described("p", &["member"], EPOCH_MS + 1_000));
    assert!(bench.keystone.identify("brief").await.unwrap().is_some());
    bench.turn(1_000);
    bench.forgets_all();
    assert_eq!(bench.keystone.identify("brief").await, Ok(None));
}

#[tokio::test]
async fn the_own_token_is_renewed_before_its_end_and_when_it_is_refused() {
    let bench = Bench::new(|keystone| keystone.cache = std::time::Duration::ZERO).await;
    bench.knows("good", described("p", &["member"], HOUR + 9_000_000));
    bench.keystone.identify("good").await.unwrap().unwrap();
    // Somebody revoked it.
    bench.known.logins.fetch_add(1, Ordering::SeqCst);
    bench.keystone.identify("good").await.unwrap().unwrap();
    assert_eq!(bench.known.logins.load(Ordering::SeqCst), 3);
    bench.turn(3_600_000 - 60_000);
    bench.keystone.identify("good").await.unwrap().unwrap();
    assert_eq!(bench.known.logins.load(Ordering::SeqCst), 4);
}

#[tokio::test]
async fn a_keystone_that_fails_is_no_refusal() {
    let bench = Bench::new(|_| {}).await;
    bench.knows("good", described("p", &["member"], HOUR));
    bench.knows("other", described("p", &["member"], HOUR));
    bench.keystone.identify("good").await.unwrap().unwrap();
    for status in [500, 403] {
        bench.known.broken.store(status, Ordering::SeqCst);
        let away = bench.keystone.identify("other").await;
        assert!(matches!(away, Err(Denied::Away { .. })), "{away:?}");
        let asked = bench.asked();
        // What is known holds, and nobody asks again at once.
        bench.keystone.identify("good").await.unwrap().unwrap();
        assert!(bench.keystone.identify("other").await.is_err());
        assert_eq!(bench.asked(), asked);
        bench.turn(1_001);
    }
    bench.known.broken.store(0, Ordering::SeqCst);
    bench.keystone.identify("other").await.unwrap().unwrap();
}

#[tokio::test]
async fn a_wrong_password_of_our_own_is_no_refusal_of_a_client() {
    let bench = Bench::new(|keystone| keystone.password = Some(Secret::new("wrong"))).await;
    bench.knows("good", described("p", &["member"], HOUR));
    assert!(matches!(bench.keystone.identify("good").await, Err(Denied::Away { .. })));
}

#[tokio::test]
async fn a_token_without_a_project_opens_nothing() {
    let bench = Bench::new(|_| {}).await;
    let mut token = described("p", &["admin"], HOUR);
    token["token"].as_object_mut().unwrap().remove("project");
    bench.knows("unscoped", token);
    assert_eq!(bench.keystone.identify("unscoped").await, Err(Denied::Unscoped));
    // What cannot be sent is no token, and Keystone is not taken for broken by it.
    assert_eq!(bench.keystone.identify("no header\n").await, Ok(None));
    bench.knows("good", described("p", &["member"], HOUR));
    bench.keystone.identify("good").await.unwrap().unwrap();
}

#[tokio::test]
async fn a_token_that_is_too_long_is_nobodys_and_harms_nobody_else() {
    let bench = Bench::new(|_| {}).await;
    bench.knows("good", described("p", &["member"], HOUR));
    // What no server would take as a header is not asked about at all.
    assert_eq!(bench.keystone.identify(&"x".repeat(8 << 10)).await, Ok(None));
    assert_eq!(bench.asked(), 0);
    // Some take less.
    for (asked, status) in [(1, 413), (2, 431)] {
        bench.known.broken.store(status, Ordering::SeqCst);
        assert_eq!(bench.keystone.identify(&"x".repeat(status as usize)).await, Ok(None), "{status}");
        assert_eq!(bench.asked(), asked);
    }
    bench.known.broken.store(0, Ordering::SeqCst);
    bench.keystone.identify("good").await.unwrap().unwrap();
}
