use std::sync::atomic::{AtomicI64, Ordering};

use nuncio_core::EPOCH_MS;
use tempfile::TempDir;
use tokio::sync::mpsc;

use super::*;
use crate::{
    access::KeyWish as Wish,
    storage::sqlite::{self, Sqlite},
};

struct Turned(AtomicI64);

impl Clock for Turned {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// A door with a store of its own and a clock that is turned.
struct Door {
    access: Access,
    config: Config,
    store: Arc<dyn Store>,
    clock: Arc<Turned>,
    _dir: TempDir,
}

impl Door {
    async fn new(strategy: config::Strategy) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.auth.strategy = strategy;
        let clock = Arc::new(Turned(AtomicI64::new(EPOCH_MS + 1_000)));
        let options = sqlite::Options {
            path: dir.path().join("n.db"),
            log: 0,
            key: None,
            limits: sqlite::Limits::default(),
            clock: clock.clone(),
            published: mpsc::channel(8).0,
        };
        let store: Arc<dyn Store> = Sqlite::open(options).unwrap();
        let access = Access::start(&config, Arc::clone(&store), clock.clone()).await.unwrap();
        Self { access, config, store, clock, _dir: dir }
    }

    async fn key(&self, roles: &[&str], expires: Option<i64>) -> (String, String) {
        let roles = roles.iter().map(|role| (*role).to_owned()).collect();
        let wish = Wish { project: "p".to_owned(), name: "ci".to_owned(), roles, expires };
        let made = self.access.keys().create(wish).await.unwrap();
        (made.row.id.clone(), made.text().to_string())
    }

    async fn show(&self, token: &str) -> Result<Arc<Identity>, Denied> {
        self.access.identify(Credentials { token: Some(token), ..Credentials::default() }).await
    }
}

fn unproven() -> Denied {
    Denied::Unproven { challenge: "Bearer".into() }
}

fn shown<'a>(project: &'a str, roles: Option<&'a str>) -> Credentials<'a> {
    Credentials { project: Some(project), token: None, roles }
}

#[tokio::test]
async fn without_authentication_the_headers_are_believed() {
    let access = Door::new(config::Strategy::None).await.access;
    let plain = access.identify(shown("p", None)).await.unwrap();
    assert_eq!(plain.project, "p");
    assert!(access.permit(&plain, Action::Reload).is_ok());
    assert_eq!(access.permit(&plain, Action::HealthGet), Err(Denied::Forbidden));
    let admin = access.identify(shown("p", Some("cook, Admin"))).await.unwrap();
    assert!(access.permit(&admin, Action::HealthGet).is_ok());
}

#[tokio::test]
async fn without_authentication_a_project_is_asked_for() {
    let access = Door::new(config::Strategy::None).await.access;
    for (project, why) in [(None, Denied::NoProject), (Some(""), Denied::EmptyProject)] {
        let shown = Credentials { project, ..Credentials::default() };
        assert_eq!(access.identify(shown).await, Err(why));
    }
    assert!(access.identify(shown(&"p".repeat(256), None)).await.is_ok());
    let long = access.identify(shown(&"p".repeat(257), None)).await;
    assert!(matches!(long, Err(Denied::BadProject(_))));
}

#[tokio::test]
async fn a_key_says_whose_it_is_and_what_it_may_do() {
    let door = Door::new(config::Strategy::Token).await;
    let (id, token) = door.key(&["reader"], None).await;
    let identity = door.show(&token).await.unwrap();
    assert_eq!((identity.project.as_str(), identity.user.as_deref()), ("p", Some(id.as_str())));
    assert!(identity.may(Action::QueuesGet) && !identity.may(Action::QueuesCreate));
    // Roles that a header names count for nothing.
    let more = Credentials { token: Some(&token), roles: Some("admin"), project: Some("p") };
    assert!(!door.access.identify(more).await.unwrap().may(Action::Reload));
    let other = Credentials { token: Some(&token), roles: None, project: Some("q") };
    assert_eq!(door.access.identify(other).await, Err(Denied::OtherProject));
}

#[tokio::test]
async fn only_the_whole_key_opens() {
    let door = Door::new(config::Strategy::Token).await;
    let (id, token) = door.key(&["member"], None).await;
    let end = if token.ends_with('A') { "B" } else { "A" };
    let last = token.get(..token.len() - 1).unwrap();
    for wrong in [&format!("{last}{end}"), last, &format!("nk_{id}_"), &id, ""] {
        assert_eq!(door.show(wrong).await, Err(unproven()), "{wrong}");
    }
    assert_eq!(door.access.identify(shown("p", Some("admin"))).await, Err(unproven()));
}

#[tokio::test]
async fn a_key_that_expired_or_was_revoked_opens_nothing() {
    let door = Door::new(config::Strategy::Token).await;
    let (_, brief) = door.key(&["member"], Some(EPOCH_MS + 5_000)).await;
    let (id, token) = door.key(&["member"], None).await;
    assert!(door.show(&brief).await.is_ok());
    door.clock.0.store(EPOCH_MS + 5_000, Ordering::SeqCst);
    assert_eq!(door.show(&brief).await, Err(unproven()));
    assert!(door.show(&token).await.is_ok());
    assert!(door.access.keys().revoke(&id).await.unwrap());
    assert_eq!(door.show(&token).await, Err(unproven()));
    assert!(!door.access.keys().revoke(&id).await.unwrap());
}

#[tokio::test]
async fn keys_are_there_after_a_restart_and_are_nowhere_to_be_read() {
    let door = Door::new(config::Strategy::Token).await;
    let (id, token) = door.key(&["member"], None).await;
    let again = Access::start(&door.config, Arc::clone(&door.store), door.clock.clone()).await.unwrap();
    assert!(again.identify(Credentials { token: Some(&token), ..Credentials::default() }).await.is_ok());
    let listed = again.keys().list(Some("p"), "", 10);
    assert_eq!(listed.len(), 1);
    assert!(again.keys().list(Some("q"), "", 10).is_empty() && again.keys().list(None, &id, 10).is_empty());
    let secret = token.splitn(3, '_').nth(2).unwrap();
    assert!(!format!("{listed:?} {again:?} {:?}", shown("p", None)).contains(secret));
}

#[tokio::test]
async fn a_wish_that_cannot_be_granted_names_its_member() {
    let door = Door::new(config::Strategy::Token).await;
    let good = Wish { project: "p".to_owned(), roles: vec!["member".to_owned()], ..Wish::default() };
    for (wish, told) in [
        (Wish { project: String::new(), ..good.clone() }, "project:"),
        (Wish { name: "n".repeat(129), ..good.clone() }, "name:"),
        (Wish { roles: Vec::new(), ..good.clone() }, "roles:"),
        (Wish { roles: vec!["cook".to_owned()], ..good.clone() }, "roles: `cook` is not a role"),
        (Wish { expires: Some(EPOCH_MS), ..good }, "expires:"),
    ] {
        let error = door.access.keys().create(wish).await.unwrap_err().to_string();
        assert!(error.starts_with(told), "{error}");
    }
}
