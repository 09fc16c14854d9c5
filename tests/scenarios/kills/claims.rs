//! Consumers that claim and delete while the host is killed: what was answered is true afterwards.

use std::{
    collections::{BTreeSet, HashMap},
    net::SocketAddr,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use nuncio_tests::{Host, Recipe, http::Client, until};
use serde_json::{Value, json};

use crate::clock::{SOON, long};

const CLAIMS: &str = "/v2/queues/jobs/claims";
const CONSUMERS: usize = 4;

/// Where the host is, while it is up, and what it answered.
#[derive(Default)]
struct Ledger {
    host: Mutex<Option<SocketAddr>>,
    /// The paths of answered claims, each with its messages.
    claims: Mutex<HashMap<String, BTreeSet<String>>>,
    /// Messages whose deletion was answered.
    deleted: Mutex<BTreeSet<String>>,
    /// Messages whose deletion was asked for.
    doomed: Mutex<BTreeSet<String>>,
    done: AtomicBool,
}

impl Ledger {
    /// Claims, and deletes the first message of each claim, until it is done.
    fn consume(&self) {
        while !self.done.load(Ordering::Relaxed) {
            let Some(address) = *self.host.lock().unwrap() else {
                thread::sleep(Duration::from_millis(2));
                continue;
            };
            // A host that is killed in between answers nothing, and nothing is written down.
            self.consume_once(address).unwrap_or_default();
        }
    }

    fn consume_once(&self, address: SocketAddr) -> std::io::Result<()> {
        let mut client = Client::connect(address)?;
        let json = [("Content-Type", "application/json")];
        let wish = json!({"ttl": 3600, "grace": 60}).to_string();
        let answer = client.send("POST", &format!("{CLAIMS}?limit=3"), &json, wish.as_bytes())?;
        if answer.status == 204 {
            thread::sleep(Duration::from_millis(5));
            return Ok(());
        }
        let path = answer.header("location").expect("a claim has a place").to_owned();
        let hrefs: Vec<String> = hrefs(&answer.expect(201).json());
        self.claims.lock().unwrap().insert(path, hrefs.iter().cloned().collect());
        let first = hrefs.first().expect("a claim holds something");
        self.doomed.lock().unwrap().insert(first.clone());
        client.send("DELETE", first, &[], b"")?.expect(204);
        self.deleted.lock().unwrap().insert(first.clone());
        Ok(())
    }
}

/// Where the messages are, with the claim that holds them.
fn hrefs(document: &Value) -> Vec<String> {
    let messages = document["messages"].as_array().expect("a list of messages");
    messages.iter().map(|one| one["href"].as_str().expect("a path").to_owned()).collect()
}

#[test]
fn claims_that_were_answered_survive_kills_and_no_message_has_two() {
    let kills = if long() { 40 } else { 8 };
    let mut host = Recipe::new().start();
    let ledger = Ledger::default();
    thread::scope(|scope| {
        for _ in 0..CONSUMERS {
            scope.spawn(|| ledger.consume());
        }
        for round in 0..kills {
            let bodies: Vec<Value> = (0..200).map(|n| json!(round * 200 + n)).collect();
            host.post("jobs", &bodies);
            let known = ledger.claims.lock().unwrap().len();
            *ledger.host.lock().unwrap() = Some(host.address());
            until("claims to be answered", SOON, || {
                (ledger.claims.lock().unwrap().len() > known + 10).then_some(())
            });
            *ledger.host.lock().unwrap() = None;
            host.restart();
        }
        ledger.done.store(true, Ordering::Relaxed);
    });
    check(&host, &ledger);
}

/// Each answered claim holds what it held, without what was deleted; and no message is in two of them or free.
fn check(host: &Host, ledger: &Ledger) {
    let (claims, deleted) = (ledger.claims.lock().unwrap(), ledger.deleted.lock().unwrap());
    let doomed = ledger.doomed.lock().unwrap();
    assert!(claims.len() > 80, "only {} claims were answered", claims.len());
    let mut seen = BTreeSet::new();
    for (path, messages) in &*claims {
        let answer = host.get(path);
        // A claim ends with its last message, which may have been deleted without an answer.
        let held: BTreeSet<String> = if answer.status == 404 {
            BTreeSet::new()
        } else {
            hrefs(&answer.expect(200).json()).into_iter().collect()
        };
        let must: BTreeSet<String> = messages.difference(&doomed).cloned().collect();
        assert!(held.is_superset(&must), "{path} has lost {:?}", must.difference(&held));
        assert!(held.is_subset(messages) && held.is_disjoint(&deleted), "{path} holds too much");
        for message in messages {
            let bare = message.split('?').next().expect("a path").to_owned();
            assert!(seen.insert(bare), "{message} was handed to two claims that live");
        }
    }
    let free = host.get("/v2/queues/jobs/messages?echo=true&limit=20").expect(200).json();
    for message in hrefs(&free) {
        assert!(!seen.contains(&message), "{message} is claimed and shown as free");
    }
}
