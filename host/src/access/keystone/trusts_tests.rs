//! Trusts and their tokens, against a server that answers as a Keystone 30.0.0 did. The scenario `trusts` asks a real one.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use nuncio_core::{Clock, EPOCH_MS, NoToken, Token, TokenCall};
use nuncio_plugin_sdk::Secret;
use serde_json::{Value, json};

use super::{Trusts, Untrusted};
use crate::{access::Bearer, config::Config, times};

struct Turned(AtomicI64);

impl Clock for Turned {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// How the server is, and what it was asked.
#[derive(Default)]
struct Server {
    /// The status of a login by a trust, where it is not 0.
    by_trust: u16,
    /// The status of a login by password alone, where it is not 0.
    by_password: u16,
    /// What is said of a trust, where it is there.
    trust: Option<Value>,
    /// The status of so many wishes for a trust.
    refused: Vec<u16>,
    logins: u32,
    wishes: Vec<Value>,
    /// Who the token by a trust is of, where it is not ann.
    acts_as: Option<&'static str>,
    /// The status of the end of a trust, where it is not 0.
    ending: u16,
    /// The trusts that were to be ended.
    ended: Vec<String>,
    /// Nobody is answered.
    silent: bool,
}

type Shared = Arc<Mutex<Server>>;

fn status(code: u16) -> Option<Response> {
    StatusCode::from_u16(code).ok().filter(|_| code != 0).map(IntoResponse::into_response)
}

async fn login(State(server): State<Shared>, Json(body): Json<Value>) -> Response {
    if server.lock().unwrap().silent {
        std::future::pending::<()>().await;
    }
    let mut server = server.lock().unwrap();
    let own = body["auth"]["scope"]["OS-TRUST:trust"].is_null();
    if let Some(refused) = status(if own { server.by_password } else { server.by_trust }) {
        return refused;
    }
    if own {
        let token = described("service", &["r-service"], 3_600_000);
        return (StatusCode::CREATED, [("x-subject-token", "own".to_owned())], Json(token)).into_response();
    }
    server.logins += 1;
    let (text, token) = (
        format!("by-trust-{}", server.logins),
        described(server.acts_as.unwrap_or("ann"), &["r-member"], 600_000),
    );
    (StatusCode::CREATED, [("x-subject-token", text)], Json(token)).into_response()
}

async fn tell(headers: HeaderMap) -> Response {
    let mut told = described("ann", &["r-member", "r-reader"], 600_000);
    match headers["x-subject-token"].to_str().unwrap() {
        "anns" => {}
        "by-trust" => told["token"]["OS-TRUST:trust"] = json!({"id": "t1", "impersonation": true}),
        "by-credential" => told["token"]["methods"] = json!(["application_credential"]),
        "own" => told["token"]["user"]["id"] = json!("service"),
        _ => return StatusCode::NOT_FOUND.into_response(),
    }
    Json(told).into_response()
}

async fn wish(State(server): State<Shared>, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    assert_eq!(headers["x-auth-token"], "anns");
    let mut server = server.lock().unwrap();
    server.wishes.push(body);
    let nth = server.wishes.len() - 1;
    if let Some(refused) = server.refused.get(nth).and_then(|code| status(*code)) {
        return refused;
    }
    (StatusCode::CREATED, Json(trust("ann", "service", "p"))).into_response()
}

async fn show(State(server): State<Shared>, Path(_): Path<String>) -> Response {
    let trust = server.lock().unwrap().trust.clone();
    trust.map_or(StatusCode::NOT_FOUND.into_response(), |trust| Json(trust).into_response())
}

async fn end(State(server): State<Shared>, Path(id): Path<String>) -> Response {
    server.lock().unwrap().ended.push(id);
    status(server.lock().unwrap().ending).unwrap_or(StatusCode::NO_CONTENT.into_response())
}

fn described(user: &str, roles: &[&str], life_ms: i64) -> Value {
    let roles: Vec<_> = roles.iter().map(|id| json!({"id": id, "name": "member"})).collect();
    let expires = times::rfc3339(EPOCH_MS + life_ms).unwrap();
    json!({"token": {"user": {"id": user}, "project": {"id": "p"}, "roles": roles, "expires_at": expires}})
}

fn trust(trustor: &str, trustee: &str, project: &str) -> Value {
    json!({"trust": {
        "id": "t1", "trustor_user_id": trustor, "trustee_user_id": trustee, "project_id": project, "expires_at": null,
        "impersonation": true, "roles": [{"id": "r-member", "name": "member"}],
    }})
}

struct Bench {
    server: Shared,
    clock: Arc<Turned>,
    trusts: Trusts,
}

impl Bench {
    async fn new() -> Self {
        let server = Shared::default();
        let routes = Router::new()
            .route("/v3/auth/tokens", get(tell).post(login))
            .route("/v3/OS-TRUST/trusts", post(wish))
            .route("/v3/OS-TRUST/trusts/{id}", get(show).delete(end));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut config = Config::default();
        config.keystone.url = Some(format!("http://{}", listener.local_addr().unwrap()));
        config.keystone.username = Some("nuncio".to_owned());
        config.keystone.password = Some(Secret::new("secret"));
        let served = routes.with_state(Arc::clone(&server));
        tokio::spawn(async move { axum::serve(listener, served).await.unwrap() });
        let clock = Arc::new(Turned(AtomicI64::new(EPOCH_MS)));
        let trusts = Trusts::new(&config.keystone, clock.clone()).unwrap();
        Self { server, clock, trusts }
    }

    fn turn(&self, ms: i64) {
        self.clock.0.fetch_add(ms, Ordering::SeqCst);
    }

    fn server(&self, change: impl FnOnce(&mut Server)) {
        change(&mut self.server.lock().unwrap());
    }

    async fn token(&self, call: TokenCall) -> Result<String, NoToken> {
        self.trusts.token(&call).await.map(|token| token.expose().to_owned())
    }
}

fn call() -> TokenCall {
    TokenCall::new("p", "t1", Duration::from_secs(30))
}

fn refused(token: &str) -> TokenCall {
    call().instead_of(Token::new(token))
}

#[tokio::test]
async fn a_token_is_kept_until_a_minute_before_it_ends() {
    let bench = Bench::new().await;
    let (one, other) = tokio::join!(bench.token(call()), bench.token(call()));
    assert_eq!((one.as_deref(), other.as_deref()), (Ok("by-trust-1"), Ok("by-trust-1")));
    bench.turn(539_999);
    assert_eq!(bench.token(call()).await.as_deref(), Ok("by-trust-1"));
    bench.turn(1);
    assert_eq!(bench.token(call()).await.as_deref(), Ok("by-trust-2"));
    assert!(!format!("{:?} {:?}", bench.trusts, Bearer::new("anns")).contains("anns"));
}

#[tokio::test]
async fn a_token_that_was_refused_is_renewed_unless_it_is_new() {
    let bench = Bench::new().await;
    assert_eq!(bench.token(call()).await.as_deref(), Ok("by-trust-1"));
    bench.turn(4_999);
    assert_eq!(bench.token(refused("by-trust-1")).await.as_deref(), Ok("by-trust-1"));
    bench.turn(1);
    assert_eq!(bench.token(refused("by-trust-1")).await.as_deref(), Ok("by-trust-2"));
    // Others that were refused the old one find the new one there.
    bench.turn(5_000);
    assert_eq!(bench.token(refused("by-trust-1")).await.as_deref(), Ok("by-trust-2"));
}

#[tokio::test]
async fn a_token_is_of_the_project_that_asks_or_nobodys() {
    let bench = Bench::new().await;
    for _ in 0..2 {
        let other = TokenCall::new("q", "t1", Duration::from_secs(30));
        assert!(matches!(bench.token(other).await, Err(NoToken::Refused(_))));
    }
    for bad in ["", "../../auth/tokens", "a b", &"t".repeat(65)] {
        let odd = TokenCall::new("p", bad, Duration::from_secs(30));
        assert!(matches!(bench.token(odd).await, Err(NoToken::Refused(_))), "{bad}");
    }
}

#[tokio::test]
async fn why_there_is_no_token_is_told_apart() {
    let bench = Bench::new().await;
    bench.server(|server| server.by_trust = 401);
    assert!(matches!(bench.token(call()).await, Err(NoToken::Gone(_))));
    bench.server(|server| server.trust = Some(trust("ann", "service", "p")));
    assert!(matches!(bench.token(call()).await, Err(NoToken::Refused(_))));
    let mut ended = trust("ann", "service", "p");
    ended["trust"]["expires_at"] = times::rfc3339(EPOCH_MS).unwrap().into();
    bench.server(|server| server.trust = Some(ended));
    assert!(matches!(bench.token(call()).await, Err(NoToken::Gone(_))));
    bench.server(|server| server.by_trust = 403);
    assert!(matches!(bench.token(call()).await, Err(NoToken::Refused(why)) if why.contains("role")));
    // A password that is not taken any more says nothing of the trust.
    bench.server(|server| (server.by_trust, server.by_password) = (401, 401));
    assert!(
        matches!(bench.token(call()).await, Err(NoToken::Away(why)) if why.contains("[keystone] username"))
    );
}

#[tokio::test]
async fn while_keystone_fails_it_is_not_asked_at_every_delivery() {
    let bench = Bench::new().await;
    bench.server(|server| server.by_trust = 500);
    assert!(matches!(bench.token(call()).await, Err(NoToken::Away(why)) if why.contains("500")));
    bench.server(|server| server.by_trust = 0);
    assert!(matches!(bench.token(call()).await, Err(NoToken::Away(_))));
    bench.turn(1_001);
    assert_eq!(bench.token(call()).await.as_deref(), Ok("by-trust-1"));
    bench.server(|server| server.silent = true);
    let other = TokenCall::new("p", "t2", Duration::from_millis(20));
    assert!(matches!(bench.token(other).await, Err(NoToken::Away(why)) if why.contains("in time")));
}

#[tokio::test]
async fn a_trust_has_the_roles_of_its_token_and_an_end_of_its_own() {
    let bench = Bench::new().await;
    bench.server(|server| server.refused = vec![409]);
    assert_eq!(bench.trusts.grant(&Bearer::new("anns"), EPOCH_MS + 60_000).await.as_deref(), Ok("t1"));
    let wishes = bench.server.lock().unwrap().wishes.clone();
    let ends = wishes.iter().map(|wish| wish["trust"]["expires_at"].as_str().unwrap());
    let due = [0, 1].map(|later| times::rfc3339(EPOCH_MS + 60_000 + later).unwrap());
    assert_eq!(ends.collect::<Vec<_>>(), due);
    let trust = &wishes[1]["trust"];
    assert_eq!(trust["roles"], json!([{"id": "r-member"}, {"id": "r-reader"}]));
    assert_eq!((&trust["trustor_user_id"], &trust["trustee_user_id"]), (&json!("ann"), &json!("service")));
    assert_eq!((&trust["project_id"], &trust["impersonation"]), (&json!("p"), &json!(true)));

    // What has no end that Keystone could write, what it does not allow, and whose token is not good any more.
    assert!(bench.trusts.grant(&Bearer::new("anns"), i64::MAX).await.is_ok());
    bench.server(|server| server.refused = vec![0, 0, 0, 403]);
    assert!(matches!(bench.trusts.grant(&Bearer::new("anns"), 1).await, Err(Untrusted::Forbidden(_))));
    assert!(matches!(bench.trusts.grant(&Bearer::new("old"), 1).await, Err(Untrusted::Forbidden(_))));
    bench.server(|server| server.refused = vec![503; 9]);
    assert_eq!(bench.trusts.grant(&Bearer::new("anns"), 1).await, Err(Untrusted::Away));
}

#[tokio::test]
async fn a_trust_that_is_brought_is_the_callers_own() {
    let bench = Bench::new().await;
    let vouch = async |id: &str, found: Option<Value>| {
        bench.server(|server| server.trust = found);
        bench.trusts.vouch(&Bearer::new("anns"), id).await.is_ok()
    };
    assert!(vouch("t1", Some(trust("ann", "service", "p"))).await);
    assert!(!vouch("t1", Some(trust("kim", "service", "p"))).await);
    assert!(!vouch("t1", Some(trust("ann", "kim", "p"))).await);
    assert!(!vouch("t1", Some(trust("ann", "service", "q"))).await);
    assert!(!vouch("../x", Some(trust("ann", "service", "p"))).await);
    assert!(!vouch("t1", None).await);
    let mut plain = trust("ann", "service", "p");
    plain["trust"]["impersonation"] = json!(false);
    assert!(!vouch("t1", Some(plain)).await);
    let mut more = trust("ann", "service", "p");
    more["trust"]["roles"] =
        json!([{"id": "r-member", "name": "member"}, {"id": "r-admin", "name": "admin"}]);
    assert!(!vouch("t1", Some(more)).await);
}

#[tokio::test]
async fn who_acts_for_somebody_does_not_give_that_on() {
    let bench = Bench::new().await;
    bench.server(|server| server.trust = Some(trust("ann", "service", "p")));
    for (token, word) in
        [("by-trust", "by a trust"), ("by-credential", "by a trust"), ("own", "the host itself")]
    {
        let bearer = Bearer::new(token);
        let refusals =
            [bench.trusts.vouch(&bearer, "t1").await, bench.trusts.grant(&bearer, 1).await.map(drop)];
        for refused in refusals {
            assert!(matches!(&refused, Err(Untrusted::Forbidden(why)) if why.contains(word)), "{refused:?}");
        }
    }
    assert!(bench.server.lock().unwrap().wishes.is_empty());
}

#[tokio::test]
async fn a_token_of_the_hosts_own_user_goes_to_nobody() {
    let bench = Bench::new().await;
    bench.server(|server| server.acts_as = Some("service"));
    let refused = bench.token(call()).await;
    assert!(matches!(&refused, Err(NoToken::Refused(why)) if why.contains("impersonation")), "{refused:?}");
}

#[tokio::test]
async fn the_trust_of_a_subscription_that_was_changed_serves_what_is_under_way() {
    let bench = Bench::new().await;
    let trusts = Arc::new(bench.trusts);
    trusts.replaced("t1".to_owned(), Duration::from_secs(60));
    trusts.replaced("t2".to_owned(), Duration::ZERO);
    while bench.server.lock().unwrap().ended.is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(bench.server.lock().unwrap().ended, ["t2"]);
    assert!(trusts.token(&call()).await.is_ok());

    // Were it ended already, the address would still not be gone.
    trusts.release("t1".to_owned());
    bench.server.lock().unwrap().by_trust = 401;
    assert!(matches!(trusts.token(&call()).await, Err(NoToken::Away(why)) if why.contains("another trust")));
    bench.clock.0.fetch_add(120_000, Ordering::SeqCst);
    assert!(matches!(trusts.token(&call()).await, Err(NoToken::Refused(_))));
    let other = TokenCall::new("p", "t3", Duration::from_secs(30));
    assert!(matches!(trusts.token(&other).await, Err(NoToken::Gone(_))));
}

#[tokio::test]
async fn a_trust_has_ended_only_where_it_is_not_there() {
    let bench = Bench::new().await;
    assert_eq!(bench.trusts.end("t1").await, Ok(()));
    bench.server(|server| (server.trust, server.ending) = (Some(trust("ann", "service", "p")), 403));
    assert!(bench.trusts.end("t1").await.is_err_and(|error| error.0.contains("403")));
    bench.server(|server| server.ending = 404);
    assert_eq!(bench.trusts.end("t1").await, Ok(()));
    bench.server(|server| server.by_trust = 401);
    assert!(bench.trusts.end("t1").await.is_err_and(|error| error.0.contains("401")));
    bench.server(|server| server.by_trust = 403);
    assert!(bench.trusts.end("t1").await.is_err());
    bench.server(|server| server.trust = None);
    assert_eq!(bench.trusts.end("t1").await, Ok(()));
    // A wrong password says nothing of the trust.
    bench.server(|server| (server.by_trust, server.by_password) = (401, 401));
    assert!(bench.trusts.end("t1").await.is_err());
}
