//! Clients that a real Keystone vouches for.

use std::time::Duration;

use nuncio_tests::{
    Host, Keystone, Recipe,
    http::{Answer, Client},
    until,
};

use crate::clock::SOON;

fn host(keystone: &Keystone, more: &str) -> Host {
    Recipe::new().section(&keystone.section(more)).env("KEYSTONE_PASSWORD", "secret").start()
}

/// One request as `project` says it is, with `token`.
fn ask(host: &Host, project: &str, token: &str, method: &str, path: &str) -> Answer {
    let mut client = Client::connect_as(host.address(), project).unwrap();
    let token = ("X-Auth-Token", token);
    client
        .send(method, path, if token.1.is_empty() { &[] } else { std::slice::from_ref(&token) }, b"")
        .unwrap()
}

#[test]
fn tokens_open_their_project_with_their_roles() {
    let keystone = Keystone::start(3600);
    let host = host(&keystone, "");
    let (ann, ben) = (keystone.account("ann", "member"), keystone.account("ben", "member"));
    let reader = keystone.member("rosa", "reader", &ann.project);
    let publisher = keystone.member("paul", "publisher", &ann.project);
    let (anns, bens) = (keystone.token_of(&ann), keystone.token_of(&ben));

    ask(&host, &ann.project, &anns, "PUT", "/v2/queues/orders").expect(201);
    let listed = ask(&host, &ann.project, &anns, "GET", "/v2/queues").expect(200).json();
    assert_eq!(listed["queues"][0]["name"], "orders");
    let bens_view = ask(&host, &ben.project, &bens, "GET", "/v2/queues").expect(200).json();
    assert_eq!(bens_view["queues"], serde_json::json!([]));
    // Who says that he is of another project is not let in.
    ask(&host, &ann.project, &bens, "GET", "/v2/queues").expect(403);

    let rosas = keystone.token_of(&reader);
    ask(&host, &ann.project, &rosas, "GET", "/v2/queues/orders").expect(200);
    ask(&host, &ann.project, &rosas, "PUT", "/v2/queues/more").expect(403);
    let pauls = keystone.token_of(&publisher);
    ask(&host, &ann.project, &pauls, "GET", "/v2/queues").expect(403);
    ask(&host, &ann.project, &anns, "GET", "/v2/drivers").expect(403);
    let admins = keystone.token("admin", Some("admin"));
    let mut client = Client::connect_as(host.address(), &admins_project(&host, &admins)).unwrap();
    client.send("GET", "/v2/drivers", &[("X-Auth-Token", &admins)], b"").unwrap().expect(200);

    let unscoped = keystone.token("ann", None);
    ask(&host, &ann.project, &unscoped, "GET", "/v2/queues").expect(403);
    for wrong in ["", "rubbish", anns.get(..anns.len() - 4).unwrap()] {
        let refused = ask(&host, &ann.project, wrong, "GET", "/v2/queues").expect(401);
        let challenge = refused.header("www-authenticate").unwrap().to_owned();
        assert_eq!(challenge, format!("Keystone uri=\"{}\"", keystone.url()));
    }
    for token in [&anns, &admins, "secret"] {
        assert!(!host.log().contains(token), "{}", host.log());
    }
}

/// The id of the project of `token`: what the host says that it is of.
fn admins_project(host: &Host, token: &str) -> String {
    let mut curl = nuncio_tests::command::command("curl", SOON);
    curl.args(["-sS", "-H", &format!("X-Auth-Token: {token}")])
        .arg(format!("http://{}/v2/usage", host.address()));
    let usage: serde_json::Value = serde_json::from_str(&nuncio_tests::command::succeed(&mut curl)).unwrap();
    usage["project"].as_str().unwrap().to_owned()
}

#[test]
fn a_token_that_was_revoked_is_refused_within_the_time_of_the_cache() {
    let keystone = Keystone::start(3600);
    let host = host(&keystone, "cache = \"1s\"");
    let ann = keystone.account("ann", "member");
    let token = keystone.token_of(&ann);
    ask(&host, &ann.project, &token, "GET", "/v2/queues").expect(200);
    keystone.revoke(&token);
    let refused = || (ask(&host, &ann.project, &token, "GET", "/v2/queues").status == 401).then_some(());
    until("the token to be refused", Duration::from_secs(20), refused);
    let new = keystone.token_of(&ann);
    ask(&host, &ann.project, &new, "GET", "/v2/queues").expect(200);
}

#[test]
fn a_token_that_expired_is_refused_though_it_is_remembered() {
    // The host's own tokens live as long, and are renewed.
    let keystone = Keystone::start(15);
    let host = host(&keystone, "cache = \"1h\"");
    let token = keystone.token("admin", Some("admin"));
    let project = admins_project(&host, &token);
    until("the token to expire", Duration::from_secs(60), || {
        let answer = ask(&host, &project, &token, "GET", "/v2/queues");
        assert!(matches!(answer.status, 200 | 401), "{}", answer.text());
        (answer.status == 401).then_some(())
    });
    let new = keystone.token("admin", Some("admin"));
    ask(&host, &project, &new, "GET", "/v2/queues").expect(200);
}

#[test]
fn while_keystone_is_away_who_is_known_is_served_and_nobody_is_refused() {
    let mut keystone = Keystone::start(3600);
    let host = host(&keystone, "");
    let ann = keystone.account("ann", "member");
    let (known, unknown) = (keystone.token_of(&ann), keystone.token_of(&ann));
    ask(&host, &ann.project, &known, "GET", "/v2/queues").expect(200);
    keystone.kill();
    ask(&host, &ann.project, &known, "GET", "/v2/queues").expect(200);
    let away = ask(&host, &ann.project, &unknown, "GET", "/v2/queues").expect(503);
    assert_eq!(away.header("retry-after"), Some("5"));
    keystone.go_on();
    until("the host to see that Keystone is back", SOON, || {
        (ask(&host, &ann.project, &unknown, "GET", "/v2/queues").status == 200).then_some(())
    });
}
