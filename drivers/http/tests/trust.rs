//! `trust+http:`: what arrives with which token, and what becomes of deliveries that get none.

#![allow(clippy::unwrap_used, clippy::expect_used, unreachable_pub, dead_code)]

mod common;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use common::{
    made::{Letter, NOW_MS, driver},
    receiver::Receiver,
};
use nuncio_driver_http::Webhook;
use nuncio_plugin_sdk::{
    Clock, Context, Driver, HostCalls, Metric, NoToken, Outcome, Plugin, Receipt, Recipient, Scope, Token,
    TokenCall, async_trait, net::Policy, serde_json::json,
};

struct Stopped;

impl Clock for Stopped {
    fn now_ms(&self) -> i64 {
        NOW_MS
    }
}

/// Gives the tokens one after the other, the last one again and again.
struct Giver {
    gives: Vec<Result<&'static str, NoToken>>,
    asked: Mutex<Vec<TokenCall>>,
}

#[async_trait]
impl HostCalls for Giver {
    fn metric(&self, _: Metric) {}

    fn receipt(&self, _: Receipt) {}

    async fn token(&self, call: TokenCall) -> Result<Token, NoToken> {
        let mut asked = self.asked.lock().unwrap();
        let given = self.gives.get(asked.len()).or(self.gives.last()).unwrap().clone();
        asked.push(call);
        given.map(Token::new)
    }
}

fn webhook(gives: &[Result<&'static str, NoToken>]) -> (Webhook, Arc<Giver>) {
    let giver = Arc::new(Giver { gives: gives.to_vec(), asked: Mutex::default() });
    let policy = Policy::new(&["127.0.0.0/8".to_owned()], &[]).unwrap();
    let context = Context::new(Arc::new(Stopped), Arc::new(policy), Duration::from_secs(30));
    let context = context.with_host(Arc::clone(&giver) as _);
    (Webhook::new(Default::default(), &context).unwrap(), giver)
}

fn letter(to: &Receiver) -> Letter {
    let mut letter = Letter::to(&format!("trust+{}/hook", to.url)).with(json!({
        "trust_id": "t1", "post_headers": {"X-Auth-Token": "mine", "X-Team": "blue"},
    }));
    letter.meta.project = "p";
    letter
}

#[tokio::test]
async fn a_webhook_by_trust_has_a_token_of_its_project() {
    let receiver = Receiver::status("HTTP/1.1 204 No Content\r\n\r\n").await;
    let (webhook, giver) = webhook(&[Ok("gAAAA-1")]);
    assert_eq!(letter(&receiver).deliver(&webhook).await.outcome, Outcome::Delivered);
    let arrived = receiver.only();
    assert!(arrived.line.starts_with("POST /hook "), "{}", arrived.line);
    assert_eq!((&*arrived.headers["x-auth-token"], &*arrived.headers["x-team"]), ("gAAAA-1", "blue"));
    let asked = giver.asked.lock().unwrap();
    assert_eq!((asked.len(), &*asked[0].project, &*asked[0].trust), (1, "p", "t1"));
    assert!(!asked[0].patience.is_zero() && asked[0].patience < Duration::from_secs(10));
}

#[tokio::test]
async fn a_token_that_is_not_taken_is_renewed_once() {
    let receiver = Receiver::status("HTTP/1.1 401 x\r\ncontent-length: 4\r\n\r\nwho?").await;
    let (webhook_of_two, giver) = webhook(&[Ok("old"), Ok("new")]);
    let report = letter(&receiver).deliver(&webhook_of_two).await;
    assert_eq!((report.outcome, report.code, &*report.excerpt), (Outcome::Rejected, 401, "who?"));
    let tokens: Vec<_> = receiver.arrived().iter().map(|one| one.headers["x-auth-token"].clone()).collect();
    assert_eq!(tokens, ["old", "new"]);
    let refused = giver.asked.lock().unwrap()[1].refused.clone();
    assert_eq!(refused.as_ref().map(Token::expose), Some("old"));
    // The same one is not sent again.
    let (webhook_of_one, _) = webhook(&[Ok("only")]);
    assert_eq!(letter(&receiver).deliver(&webhook_of_one).await.code, 401);
    assert_eq!(receiver.arrived().len(), 3);
    // The trust was withdrawn meanwhile.
    let (withdrawn, _) = webhook(&[Ok("old"), Err(NoToken::Gone("it has ended".into()))]);
    assert_eq!(letter(&receiver).deliver(&withdrawn).await.outcome, Outcome::Gone);
}

#[tokio::test]
async fn without_a_token_nothing_is_sent() {
    let receiver = Receiver::status("HTTP/1.1 204 No Content\r\n\r\n").await;
    for (no, outcome, scope) in [
        (NoToken::Away("away".into()), Outcome::Deferred, Scope::Account),
        (NoToken::Gone("gone".into()), Outcome::Gone, Scope::Recipient),
        (NoToken::Refused("no".into()), Outcome::Rejected, Scope::Recipient),
    ] {
        let (webhook, _) = webhook(&[Err(no)]);
        let report = letter(&receiver).deliver(&webhook).await;
        assert_eq!((report.outcome, report.scope), (outcome, scope));
    }
    let (webhook, giver) = webhook(&[Ok("gAAAA")]);
    let report = letter(&receiver).with(json!({})).deliver(&webhook).await;
    assert_eq!(report.outcome, Outcome::Rejected);
    assert!(report.reason.contains("subscribe again"), "{}", report.reason);
    assert!(giver.asked.lock().unwrap().is_empty() && receiver.arrived().is_empty());
    // A host that gives none, as a library's: its word is a reason.
    let report = letter(&receiver).deliver(&*common::made::on_loopback()).await;
    assert_eq!(report.outcome, Outcome::Rejected);
    assert!(receiver.arrived().is_empty());
}

#[tokio::test]
async fn a_token_is_shown_nowhere() {
    const TOKEN: &str = "gAAAAABm0123456789abcdefghijklmnopqrstuvwxyz";
    let receiver = Receiver::status(
        "HTTP/1.1 400 x\r\ncontent-length: 57\r\n\r\nbad token gAAAAABm0123456789abcdefghijklmnopqrstuvwxyz ...",
    )
    .await;
    let (webhook, _) = webhook(&[Ok(TOKEN)]);
    let letter = letter(&receiver);
    let report = letter.deliver(&webhook).await;
    assert_eq!((report.code, &*report.excerpt), (400, "bad token ***"));
    let recipients = [Recipient::new(0, letter.uri.canonical())];
    let shown = webhook.render(&letter.notice(&recipients)).await.unwrap();
    assert!(shown.contains("x-auth-token: ***\n") && !shown.contains("mine"), "{shown}");
    assert!(!format!("{report:?}").contains("gAAAAABm0123"));
}

#[tokio::test]
async fn the_address_guard_holds_as_for_http() {
    let guarded = driver(json!(null), &[]).unwrap();
    for uri in ["trust+http://127.0.0.1/x", "trust+https://[::ffff:10.0.0.1]/x"] {
        let letter = Letter::to(uri);
        assert!(guarded.check(&letter.uri, &letter.options).await.is_err(), "{uri}");
    }
    let (webhook, _) = webhook(&[Ok("gAAAA")]);
    let mut inside = Letter::to("trust+http://10.0.0.1:1/x").with(json!({"trust_id": "t1"}));
    inside.patience_ms = 5_000;
    assert_eq!(inside.deliver(&webhook).await.outcome, Outcome::Rejected);
    let clear = Letter::to("trust+http://ann:hunter2@example.org/");
    assert!(guarded.check(&clear.uri, &clear.options).await.is_err());
}
