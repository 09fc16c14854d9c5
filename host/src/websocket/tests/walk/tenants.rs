//! The walks.

use serde_json::json;

use super::{
    asked::{VAIN, bodies},
    guest::Guest,
};
use crate::{
    access::{Grant, Grants},
    api::tests::{
        house::House as Routes,
        walk::{
            people::{OWNER, Person, STRANGER},
            things::{Things, seen},
        },
    },
    config::Strategy,
    signed,
    websocket::{actions, tests::client::House},
};

/// A host with what its owner has.
struct Walk {
    house: House,
    routes: Routes,
    owner: Person,
    /// What a host of its own has: its ids are shaped as all are, and lead to nothing here.
    elsewhere: Things,
}

impl Walk {
    async fn new() -> Self {
        let (house, routes, owner) = Self::host().await;
        let elsewhere = {
            let (house, routes, owner) = Self::host().await;
            Things::made(&routes, house.host.face(), &owner, 0).await
        };
        Self { house, routes, owner, elsewhere }
    }

    async fn host() -> (House, Routes, Person) {
        let house = House::with(|config| {
            config.auth.strategy = Strategy::Token;
            config.delivery.allow_networks = vec!["127.0.0.0/8".to_owned()];
        })
        .await;
        let routes = Routes::over(house.host.face().clone());
        let owner = Person::of(house.host.face(), OWNER, "member").await;
        (house, routes, owner)
    }

    /// Things that the owner makes, and the same places with what nobody has.
    async fn things(&self, n: usize) -> (Things, Things) {
        let there = Things::made(&self.routes, self.house.host.face(), &self.owner, n).await;
        let nowhere = there.absent(&self.elsewhere, n);
        (there, nowhere)
    }

    /// All that the owner can see.
    async fn seen(&self, things: &Things) -> String {
        seen(&self.routes, &self.owner, things).await
    }

    /// Asks for everything that `asked` lets through as `guest`, who must be refused with 403, whatever is there.
    async fn refused(&self, guest: &mut Guest, asked: impl Fn(crate::access::Action) -> bool) {
        let (there, nowhere) = self.things(0).await;
        let before = self.seen(&there).await;
        for (name, _) in actions().filter(|(_, action)| asked(*action)) {
            for pair in guest.both(name, &there, &nowhere).await {
                assert_eq!(pair.there.status, 403, "{}: {:?}", pair.what, pair.there);
                assert_eq!(pair.there, pair.nowhere, "{}", pair.what);
            }
        }
        assert_eq!(self.seen(&there).await, before);
    }
}

#[tokio::test]
async fn whoever_may_reaches_his_own_by_every_action() {
    let walk = Walk::new().await;
    let owner = Person::of(walk.house.host.face(), OWNER, "admin").await;
    let mut guest = Guest::known(&walk.house, &owner, OWNER).await;
    for (n, (name, _)) in actions().enumerate() {
        let (there, _) = walk.things(n).await;
        let mut reached = false;
        for body in bodies(name, &there) {
            let told = guest.ask(name, body).await;
            assert_ne!(told.status, 400, "{name}: {told:?}");
            reached |= (200..300).contains(&told.status);
        }
        assert_eq!(reached, !VAIN.contains(&name), "{name}: what reaches nothing proves nothing");
    }
}

#[tokio::test]
async fn whom_nobody_knows_is_told_the_same_of_every_action() {
    let walk = Walk::new().await;
    for person in Person::unknown(walk.house.host.face()).await {
        let mut guest = Guest::new(&walk.house, &person, OWNER).await;
        let status = guest.authenticate(&person, Some(OWNER)).await;
        assert!(matches!(status, 400 | 401), "{}: {status}", person.name);
        walk.refused(&mut guest, |_| true).await;
    }
}

#[tokio::test]
async fn a_connection_opens_no_project_but_that_of_its_token() {
    let walk = Walk::new().await;
    for role in ["admin", "member"] {
        let person = Person::of(walk.house.host.face(), STRANGER, role).await;
        let mut guest = Guest::known(&walk.house, &person, OWNER).await;
        assert_eq!(guest.authenticate(&person, Some(OWNER)).await, 403, "{role}");
        walk.refused(&mut guest, |_| true).await;
    }
}

#[tokio::test]
async fn a_connection_of_one_project_does_not_become_that_of_another() {
    let walk = Walk::new().await;
    let face = walk.house.host.face();
    let mut guest = Guest::known(&walk.house, &walk.owner, OWNER).await;
    let (stranger, again) =
        (Person::of(face, STRANGER, "member").await, Person::of(face, OWNER, "reader").await);
    assert_eq!(guest.authenticate(&stranger, None).await, 403);
    // It is still whose it was, and another token of the same project may take over.
    assert_eq!(guest.ask("queue_create", json!({"queue_name": "one"})).await.status, 201);
    assert_eq!(guest.authenticate(&again, None).await, 200);
    assert_eq!(guest.ask("queue_create", json!({"queue_name": "two"})).await.status, 403);
}

#[tokio::test]
async fn what_another_project_signed_opens_nothing() {
    let walk = Walk::new().await;
    let (face, stranger) = (walk.house.host.face(), Person::default());
    let (there, _) = walk.things(0).await;
    let paths = ["messages", "claims", "subscriptions"]
        .map(|collection| format!("/v2/queues/{}/{collection}", there.of("queue")));
    let methods = ["GET", "POST", "PATCH", "DELETE"].map(str::to_owned);
    let grant = signed::Grant::new(STRANGER, paths, methods, face.clock.now_ms() + 600_000).unwrap();
    let mut guest = Guest::new(&walk.house, &stranger, OWNER).await;
    guest.client.headers["URL-Signature"] = json!(face.signer.sign(&grant));
    guest.client.headers["URL-Methods"] = json!(grant.methods());
    guest.client.headers["URL-Paths"] = json!(grant.paths());
    guest.client.headers["URL-Expires"] = json!(grant.expires());
    walk.refused(&mut guest, |_| true).await;
}

#[tokio::test]
async fn a_role_that_does_not_grant_an_action_is_told_the_same_of_what_is_there_and_what_is_not() {
    let walk = Walk::new().await;
    for (role, grants) in
        [("reader", Grants::READER), ("publisher", Grants::PUBLISHER), ("member", Grants::MEMBER)]
    {
        let person = Person::of(walk.house.host.face(), OWNER, role).await;
        let mut guest = Guest::known(&walk.house, &person, OWNER).await;
        walk.refused(&mut guest, |action| !grants.allow(action)).await;
    }
}

#[tokio::test]
async fn a_reader_changes_nothing_by_any_action() {
    let walk = Walk::new().await;
    let (there, _) = walk.things(0).await;
    let before = walk.seen(&there).await;
    let person = Person::of(walk.house.host.face(), OWNER, "reader").await;
    let mut guest = Guest::known(&walk.house, &person, OWNER).await;
    for (name, _) in actions() {
        for body in bodies(name, &there) {
            guest.ask(name, body).await;
        }
        assert_eq!(walk.seen(&there).await, before, "{name} asks for too little");
    }
}

#[tokio::test]
async fn what_another_project_has_is_as_if_it_were_not_there() {
    let walk = Walk::new().await;
    let (mut n, mut differ) = (0, Vec::new());
    for role in ["member", "admin"] {
        let person = Person::of(walk.house.host.face(), STRANGER, role).await;
        let mut guest = Guest::known(&walk.house, &person, STRANGER).await;
        // What concerns the host is not a project's.
        for (name, _) in
            actions().filter(|(_, action)| !matches!(action.asks(), Grant::Operate | Grant::Admin))
        {
            n += 1;
            let (there, nowhere) = walk.things(n).await;
            let before = walk.seen(&there).await;
            for pair in guest.both(name, &there, &nowhere).await {
                let what = &pair.what;
                assert!(!matches!(pair.there.status, 400 | 401 | 403), "{what}: {:?}", pair.there);
                assert!(!pair.there.body.contains("theirs"), "{what}: {:?}", pair.there);
                if pair.there != pair.nowhere {
                    differ.push(format!("{what}:\n  {:?}\n  {:?}", pair.there, pair.nowhere));
                }
            }
            assert_eq!(walk.seen(&there).await, before, "{name} {role}");
        }
    }
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}

#[tokio::test]
async fn a_stranger_is_pushed_nothing_of_what_the_owner_posts() {
    let walk = Walk::new().await;
    let (there, _) = walk.things(0).await;
    let person = Person::of(walk.house.host.face(), STRANGER, "member").await;
    let mut guest = Guest::known(&walk.house, &person, STRANGER).await;
    let mut owner = Guest::known(&walk.house, &walk.owner, OWNER).await;
    for (name, one) in [("subscription_create", 201), ("subscription_attach", 404)] {
        let told = guest.ask(name, bodies(name, &there).swap_remove(0)).await;
        assert_eq!(told.status, one, "{name}: {told:?}");
    }
    let told = owner.ask("subscription_attach", bodies("subscription_attach", &there).swap_remove(0)).await;
    assert_eq!(told.status, 200, "{told:?}");
    owner.client.say("message_post", &bodies("message_post", &there)[0]).await;
    let frames = [owner.client.text().await, owner.client.text().await];
    assert!(frames.iter().any(|frame| frame["Message_Type"] == "Notification"), "{frames:?}");
    assert_eq!(guest.ask("ping_node", json!({})).await.status, 204, "the answer is the next frame");
}
