//! The walks.

use axum::http::Method;

use super::{
    asked::words,
    door::{Door, Told},
    people::{OWNER, Person, STRANGER},
    things::{Things, plain, seen},
};
use crate::{
    access::{Action, Grant, Grants},
    api::{router::all, routes::Rule, tests::house::House},
    config::{Config, Strategy},
};

async fn house() -> House {
    let mut config = Config::default();
    config.auth.strategy = Strategy::Token;
    config.delivery.allow_networks = vec!["127.0.0.0/8".to_owned()];
    House::with_config(config, None).await
}

/// Routes that ask for an action.
fn guarded() -> impl Iterator<Item = (&'static str, Method, Action)> {
    all().into_iter().filter_map(|(path, method, rule)| match rule {
        Rule::Needs(action) => Some((path, method, action)),
        Rule::Open(_) => None,
    })
}

async fn ask(
    house: &House,
    who: &Person,
    things: &Things,
    (path, method, action): (&str, &Method, Action),
) -> Told {
    let words = words(action);
    let path = format!("{}?{}", things.path(path), words.query);
    plain(house.send(who, method.as_str(), &path, words.body).await)
}

/// Things that exist in a host of its own: their ids are shaped as all are, and lead to nothing anywhere else.
async fn elsewhere() -> Things {
    let house = house().await;
    let owner = Person::of(&house.face, OWNER, "member").await;
    Things::made(&house, &house.face, &owner, 0).await
}

#[test]
fn whoever_reaches_the_host_is_asked_for_nothing_on_these_routes_alone() {
    let mut open: Vec<_> =
        all().into_iter().filter(|(.., rule)| matches!(rule, Rule::Open(_))).map(|(path, ..)| path).collect();
    open.sort_unstable();
    open.dedup();
    let known = [
        "/",
        "/healthz",
        "/metrics",
        "/readyz",
        "/v2/confirm",
        "/v2/inbound/{driver}/{account}",
        "/v2/inbound/{driver}/{account}/",
        "/v2/inbound/{driver}/{account}/{*below}",
        "/v2/openapi.json",
        "/v2/unsubscribe",
    ];
    assert_eq!(open, known);
}

#[tokio::test]
async fn whom_nobody_knows_is_told_the_same_of_everything() {
    let house = house().await;
    let owner = Person::of(&house.face, OWNER, "member").await;
    let there = Things::made(&house, &house.face, &owner, 0).await;
    let nowhere = there.absent(&elsewhere().await, 0);
    let before = seen(&house, &owner, &there).await;
    let mut answers = Vec::new();
    for person in Person::unknown(&house.face).await {
        for (path, method, action) in guarded() {
            for things in [&there, &nowhere] {
                let told = ask(&house, &person, things, (path, &method, action)).await;
                assert_eq!(told.status, 401, "{method} {path} {}: {told:?}", person.name);
                answers.push(told.body);
            }
        }
    }
    answers.retain(|body| body != "\"\"");
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_eq!(seen(&house, &owner, &there).await, before);
}

#[tokio::test]
async fn a_token_opens_no_project_but_its_own() {
    let house = house().await;
    let owner = Person::of(&house.face, OWNER, "member").await;
    let there = Things::made(&house, &house.face, &owner, 0).await;
    let nowhere = there.absent(&elsewhere().await, 0);
    let before = seen(&house, &owner, &there).await;
    for role in ["admin", "member"] {
        let person = Person::of(&house.face, STRANGER, role).await.claiming(OWNER);
        for (path, method, action) in guarded() {
            let [one, other] = [
                ask(&house, &person, &there, (path, &method, action)).await,
                ask(&house, &person, &nowhere, (path, &method, action)).await,
            ];
            assert_eq!(one.status, 403, "{method} {path} {}: {one:?}", person.name);
            assert_eq!(one, other, "{method} {path} {}", person.name);
        }
    }
    assert_eq!(seen(&house, &owner, &there).await, before);
}

#[tokio::test]
async fn a_role_that_does_not_grant_it_is_told_the_same_of_what_is_there_and_what_is_not() {
    let house = house().await;
    let owner = Person::of(&house.face, OWNER, "member").await;
    let there = Things::made(&house, &house.face, &owner, 0).await;
    let nowhere = there.absent(&elsewhere().await, 0);
    let before = seen(&house, &owner, &there).await;
    for (role, grants) in
        [("reader", Grants::READER), ("publisher", Grants::PUBLISHER), ("member", Grants::MEMBER)]
    {
        let person = Person::of(&house.face, OWNER, role).await;
        for (path, method, action) in guarded().filter(|(.., action)| !grants.allow(*action)) {
            let [one, other] = [
                ask(&house, &person, &there, (path, &method, action)).await,
                ask(&house, &person, &nowhere, (path, &method, action)).await,
            ];
            assert_eq!(one.status, 403, "{method} {path} {role}: {one:?}");
            assert_eq!(one, other, "{method} {path} {role}");
        }
    }
    assert_eq!(seen(&house, &owner, &there).await, before);
}

#[tokio::test]
async fn what_another_project_has_is_as_if_it_were_not_there() {
    let house = house().await;
    let owner = Person::of(&house.face, OWNER, "member").await;
    let elsewhere = elsewhere().await;
    let mut differ = Vec::new();
    for role in ["member", "admin"] {
        let person = Person::of(&house.face, STRANGER, role).await;
        let mut n = if role == "member" { 0 } else { 1000 };
        for (path, method, action) in guarded() {
            // What concerns the host is not a project's.
            if matches!(action.asks(), Grant::Operate | Grant::Admin) {
                continue;
            }
            n += 1;
            let there = Things::made(&house, &house.face, &owner, n).await;
            let nowhere = there.absent(&elsewhere, n);
            let before = seen(&house, &owner, &there).await;
            let one = ask(&house, &person, &there, (path, &method, action)).await;
            let other = ask(&house, &person, &nowhere, (path, &method, action)).await;
            assert!(!matches!(one.status, 401 | 403), "{method} {path} {role}: {one:?}");
            assert!(!one.body.contains("theirs"), "{method} {path} {role}: {one:?}");
            if path.contains('{') && one != other {
                differ.push(format!("{method} {path} {role}:\n  {one:?}\n  {other:?}"));
            }
            assert_eq!(seen(&house, &owner, &there).await, before, "{method} {path} {role}");
        }
    }
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}
