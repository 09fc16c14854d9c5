//! `trust+http:` subscribers: what arrives has a token of whoever subscribed, which a real Keystone gives.

use std::time::Duration;

use nuncio_tests::{
    Host, Keystone, Member, Recipe, Sink,
    http::{Answer, Client},
    until,
};
use serde_json::{Value, json};

use crate::clock::SOON;

/// A trust that was replaced lasts twice as long as an attempt may.
const ATTEMPTS: &str = "deadline = \"8s\"\nmax_deadline = \"8s\"";

/// A Keystone, a host whose user there is no admin, and ann, who has a token.
struct Stage {
    keystone: Keystone,
    host: Host,
    sink: Sink,
    /// The id of the host's user.
    service: String,
    ann: Known,
}

/// Somebody with a token.
struct Known {
    project: String,
    token: String,
}

impl Stage {
    fn new() -> Self {
        let keystone = Keystone::start(3600);
        let nuncio = keystone.account("nuncio", "service");
        let section = keystone.section_of(&nuncio);
        let host =
            Recipe::new().section(&section).delivery(ATTEMPTS).env("KEYSTONE_PASSWORD", "secret").start();
        let behind = keystone.behind(&keystone.token_of(&nuncio)).unwrap();
        let service = behind["user"]["id"].as_str().unwrap().to_owned();
        let ann = known(&keystone, &keystone.account("ann", "member"));
        Self { keystone, host, sink: Sink::start(), service, ann }
    }

    fn ask(&self, who: &Known, method: &str, path: &str, body: &Value) -> Answer {
        let mut client = Client::connect_as(self.host.address(), &who.project).unwrap();
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let headers = [("X-Auth-Token", who.token.as_str()), ("Content-Type", "application/json")];
        client.send(method, path, &headers, &body).unwrap()
    }

    /// Subscribes `path` of the sink to the queue `q` by trust; the path of the subscription.
    fn subscribe(&self, who: &Known, path: &str, options: &Value) -> String {
        let wish = json!({"subscriber": self.uri(path), "ttl": 3600, "options": options});
        let made = self.ask(who, "POST", "/v2/queues/q/subscriptions", &wish).expect(201).json();
        format!("/v2/queues/q/subscriptions/{}", made["subscription_id"].as_str().unwrap())
    }

    fn uri(&self, path: &str) -> String {
        format!("trust+{}", self.sink.url(path))
    }

    fn post(&self, who: &Known) {
        self.ask(who, "POST", "/v2/queues/q/messages", &json!({"messages": [{"body": 1}]})).expect(201);
    }

    /// The token that came with the n-th message to `path`.
    fn token(&self, path: &str, n: usize) -> String {
        self.sink.wait_for(path, n, SOON)[n - 1].header("x-auth-token").expect("a token").to_owned()
    }

    /// The name of the user behind a token, which must be of ann's project.
    fn user(&self, token: &str) -> String {
        let behind = self.keystone.behind(token).expect("a token that is good");
        assert_eq!(behind["project"]["id"], self.ann.project);
        behind["user"]["name"].as_str().unwrap().to_owned()
    }

    /// Waits until just these trusts are there.
    fn trusts_are(&self, ids: &[&str]) {
        until("the trusts to be those", SOON, || {
            let all = self.keystone.trusts();
            let mut there: Vec<_> = all.iter().filter_map(|one| one["id"].as_str()).collect();
            let mut ids = ids.to_vec();
            there.sort_unstable();
            ids.sort_unstable();
            (there == ids).then_some(())
        });
    }

    fn trust_of(&self, who: &Known, subscription: &str) -> String {
        let shown = self.ask(who, "GET", subscription, &Value::Null).expect(200).json();
        shown["options"]["trust_id"].as_str().expect("a trust").to_owned()
    }
}

fn known(keystone: &Keystone, member: &Member) -> Known {
    Known { project: member.project.clone(), token: keystone.token_of(member) }
}

#[test]
fn a_webhook_by_trust_has_a_token_of_who_subscribed_until_the_subscription_ends() {
    let stage = Stage::new();
    let Stage { ann, keystone, .. } = &stage;
    let subscription = stage.subscribe(ann, "/hook", &json!({}));
    let shown = stage.ask(ann, "GET", &subscription, &Value::Null).expect(200).json();
    assert_eq!(shown["subscriber"], stage.uri("/hook"));
    let trust = stage.trust_of(ann, &subscription);
    let all = keystone.trusts();
    assert_eq!((all.len(), &all[0]["id"]), (1, &json!(trust)));
    assert_eq!(
        (&all[0]["trustee_user_id"], &all[0]["project_id"]),
        (&json!(stage.service), &json!(ann.project))
    );
    assert!(all[0]["expires_at"].is_string(), "{}", all[0]);

    stage.post(ann);
    let token = stage.token("/hook", 1);
    assert_eq!(stage.user(&token), "ann");
    // It is kept, and Keystone is not asked again.
    stage.post(ann);
    assert_eq!(stage.token("/hook", 2), token);

    // A plain subscriber beside it gets none.
    let plain = json!({"subscriber": stage.sink.url("/plain"), "ttl": 3600});
    stage.ask(ann, "POST", "/v2/queues/q/subscriptions", &plain).expect(201);
    stage.post(ann);
    assert_eq!(stage.sink.wait_for("/plain", 1, SOON)[0].header("x-auth-token"), None);

    let seen = stage.ask(ann, "GET", "/v2/deliveries?queue=q", &Value::Null).expect(200).text();
    for (what, text) in [("the log", stage.host.log()), ("the API", seen)] {
        assert!(!text.contains(&token) && !text.contains(&ann.token), "{what} shows a token");
    }
    stage.ask(ann, "DELETE", &subscription, &Value::Null).expect(204);
    stage.trusts_are(&[]);
    assert_eq!(keystone.behind(&token), None);
}

#[test]
fn whoever_changes_a_subscription_by_trust_is_who_trusts() {
    let stage = Stage::new();
    let Stage { ann, keystone, .. } = &stage;
    let kim = known(keystone, &keystone.member("kim", "member", &ann.project));
    let subscription = stage.subscribe(ann, "/anns", &json!({}));
    let anns = stage.trust_of(ann, &subscription);

    // A trust that stands there to be read is of no use to another one.
    let stolen = json!({"subscriber": stage.uri("/kims"), "options": {"trust_id": anns}});
    stage.ask(&kim, "POST", "/v2/queues/q/subscriptions", &stolen).expect(403);
    let once =
        json!({"to": [{"uri": stage.uri("/kims"), "options": {"trust_id": anns}}], "content": {"text": "x"}});
    stage.ask(&kim, "POST", "/v2/notifications", &once).expect(400);

    stage.ask(&kim, "PATCH", &subscription, &json!({"subscriber": stage.uri("/kims")})).expect(204);
    let kims = stage.trust_of(&kim, &subscription);
    // What is under way still has the one before.
    assert_eq!(keystone.trusts().len(), 2);
    stage.trusts_are(&[&kims]);
    stage.post(ann);
    assert_eq!(stage.user(&stage.token("/kims", 1)), "kim");

    // What was shown may be sent back; a longer life needs a longer trust.
    let shown = stage.ask(ann, "GET", &subscription, &Value::Null).expect(200).json();
    stage.ask(ann, "PATCH", &subscription, &json!({"options": shown["options"], "ttl": 7200})).expect(204);
    let anns = stage.trust_of(ann, &subscription);
    stage.trusts_are(&[&anns]);
    stage.post(ann);
    assert_eq!(stage.user(&stage.token("/kims", 2)), "ann");

    // A second subscriber with the same URI is none, and leaves no trust behind.
    let again = json!({"subscriber": stage.uri("/kims"), "ttl": 3600});
    stage.ask(&kim, "POST", "/v2/queues/q/subscriptions", &again);
    stage.trusts_are(&[&anns]);
    stage.ask(ann, "DELETE", "/v2/queues/q", &Value::Null).expect(204);
    stage.trusts_are(&[]);
}

#[test]
fn a_trust_of_the_subscribers_own_is_used_and_left_to_him() {
    let stage = Stage::new();
    let Stage { ann, keystone, .. } = &stage;
    let trust = keystone.trust(&ann.token, &stage.service);
    let subscription = stage.subscribe(ann, "/own", &json!({"trust_id": trust}));
    stage.post(ann);
    assert_eq!(stage.user(&stage.token("/own", 1)), "ann");
    // A subscription that ends with its trust shows that the other one was spared.
    let other = stage.subscribe(ann, "/other", &json!({}));
    stage.ask(ann, "DELETE", &subscription, &Value::Null).expect(204);
    stage.ask(ann, "DELETE", &other, &Value::Null).expect(204);
    stage.trusts_are(&[&trust]);

    // A trust in somebody else is none in this host.
    let elsewhere =
        keystone.trust(&ann.token, keystone.behind(&ann.token).unwrap()["user"]["id"].as_str().unwrap());
    let wish = json!({"subscriber": stage.uri("/no"), "options": {"trust_id": elsewhere}});
    stage.ask(ann, "POST", "/v2/queues/q/subscriptions", &wish).expect(403);
    // Nor can a token that is by a trust itself make one, or bring the one that it is by.
    let borrowed = Known {
        project: ann.project.clone(),
        token: stage.sink.received("/own")[0].header("x-auth-token").unwrap().to_owned(),
    };
    for options in [json!({}), json!({"trust_id": trust})] {
        let wish = json!({"subscriber": stage.uri("/no"), "options": options});
        let refused = stage.ask(&borrowed, "POST", "/v2/queues/q/subscriptions", &wish).expect(403);
        assert!(refused.text().contains("by a trust or an application credential"), "{}", refused.text());
    }
}

#[test]
fn a_trust_that_is_withdrawn_ends_the_subscription_with_words() {
    let stage = Stage::new();
    let Stage { ann, keystone, .. } = &stage;
    let subscription = stage.subscribe(ann, "/gone", &json!({}));
    keystone.withdraw(&ann.token, &stage.trust_of(ann, &subscription));
    stage.post(ann);
    let reason = until("the subscription to be disabled", SOON, || {
        let shown = stage.ask(ann, "GET", &subscription, &Value::Null).expect(200).json();
        shown["disabled"]["reason"].as_str().map(str::to_owned)
    });
    assert!(reason.contains("trust"), "{reason}");
    assert!(stage.sink.received("/gone").is_empty());
    // Changed, it is trusted anew.
    stage.ask(ann, "PATCH", &subscription, &json!({"ttl": 3600})).expect(204);
    stage.ask(ann, "POST", &format!("{subscription}/enable"), &Value::Null).expect(204);
    stage.post(ann);
    assert_eq!(stage.user(&stage.token("/gone", 1)), "ann");
}

#[test]
fn while_keystone_is_away_deliveries_by_trust_wait_and_no_try_is_burnt() {
    let mut stage = Stage::new();
    // Two tries are all that there is.
    stage.subscribe(&stage.ann, "/late", &json!({"retry": {"schedule": ["0s"]}}));
    let plain = json!({"subscriber": stage.sink.url("/plain"), "ttl": 3600});
    stage.ask(&stage.ann, "POST", "/v2/queues/q/subscriptions", &plain).expect(201);
    stage.keystone.kill();
    stage.post(&stage.ann);
    // To the same host, without a token: it is not held up.
    stage.sink.wait_for("/plain", 1, SOON);
    let deliveries = |state: &str| {
        let path = format!("/v2/deliveries?queue=q&state={state}");
        let page = stage.ask(&stage.ann, "GET", &path, &Value::Null).expect(200).json();
        page["deliveries"].as_array().unwrap().clone()
    };
    until("a third attempt", Duration::from_secs(60), || {
        deliveries("held").first().filter(|one| one["attempts"].as_u64() > Some(2)).cloned()
    });
    let wish = json!({"subscriber": stage.uri("/new"), "ttl": 3600});
    let away = stage.ask(&stage.ann, "POST", "/v2/queues/q/subscriptions", &wish).expect(503);
    assert_eq!(away.header("retry-after"), Some("5"));
    stage.keystone.go_on();
    let patience = Duration::from_secs(120);
    assert_eq!(
        stage.sink.wait_for("/late", 1, patience)[0].header("x-auth-token").map(str::is_empty),
        Some(false)
    );
}
