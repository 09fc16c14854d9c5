//! What the host says of every delivery, held against what it acknowledged and what arrived.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    fmt,
};

use serde_json::Value;

use crate::{Host, Sink, http::Answer};

/// Every state that a delivery can be in.
const STATES: [&str; 7] = ["waiting", "held", "delivered", "dead", "cancelled", "expired", "suppressed"];

/// What was acknowledged: the deliveries of each message.
#[derive(Clone, Debug, Default)]
pub struct Accepted(HashMap<String, usize>);

impl Accepted {
    /// Takes down the answer to a POST of messages, each to so many recipients.
    #[track_caller]
    pub fn messages(&mut self, answer: &Answer, recipients: usize) {
        let answer = answer.json();
        for path in answer["resources"].as_array().expect("the paths of messages") {
            let (_, id) = path.as_str().and_then(|path| path.rsplit_once('/')).expect("a path");
            self.0.insert(id.to_owned(), recipients);
        }
    }

    /// Takes down the answer to a notification, and returns the ids of its deliveries.
    #[track_caller]
    pub fn notification(&mut self, answer: &Answer) -> Vec<String> {
        let answer = answer.json();
        let deliveries = answer["deliveries"].as_array().expect("a list of deliveries");
        self.0.insert(text(&answer["id"]), deliveries.len());
        deliveries.iter().map(|one| text(&one["id"])).collect()
    }

    /// How many messages.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// How many deliveries they have.
    #[must_use]
    pub fn deliveries(&self) -> usize {
        self.0.values().sum()
    }

    /// Takes over what `other` took down.
    pub fn append(&mut self, other: Self) {
        self.0.extend(other.0);
    }
}

/// One delivery, as the host lists it.
#[derive(Debug)]
struct Entry {
    message: String,
    state: String,
    to: String,
}

/// All deliveries of some projects, by id.
#[derive(Debug)]
pub struct Account {
    entries: HashMap<String, Entry>,
}

impl Account {
    /// Asks the host for the deliveries of `projects`, each of which must be listed once and in a known state.
    #[must_use]
    #[track_caller]
    pub fn of(host: &Host, projects: &[&str]) -> Self {
        let mut entries = HashMap::new();
        for project in projects {
            for one in host.tenant(project).deliveries("limit=1000") {
                let entry = Entry {
                    message: text(&one["message"]),
                    state: text(&one["state"]),
                    to: text(&one["to"]),
                };
                assert!(STATES.contains(&entry.state.as_str()), "a state nobody knows: {one}");
                let twice = entries.insert(text(&one["id"]), entry);
                assert!(twice.is_none(), "listed twice: {one}");
            }
        }
        let account = Self { entries };
        account.is_the_hosts(host);
        account
    }

    /// What the host itself counts says the same: accepted is the sum of the states. A count may be of a later moment
    /// than the list was.
    #[track_caller]
    fn is_the_hosts(&self, host: &Host) {
        let [accepted, open, ended] = ["accepted", "open", "ended"]
            .map(|name| host.metric(&format!("nuncio_{name}_deliveries")) as usize);
        assert_eq!(accepted, open + ended, "the host's own account does not close; listed: {self}");
        assert!(accepted >= self.total(), "the host accepted {accepted}; listed: {self}");
    }

    /// How many there are.
    #[must_use]
    pub fn total(&self) -> usize {
        self.entries.len()
    }

    /// How many are in `state`.
    #[must_use]
    pub fn count(&self, state: &str) -> usize {
        self.entries.values().filter(|one| one.state == state).count()
    }

    /// Where the deliveries in `state` go to.
    #[must_use]
    pub fn addresses(&self, state: &str) -> BTreeSet<&str> {
        self.entries.values().filter(|one| one.state == state).map(|one| one.to.as_str()).collect()
    }

    /// Every accepted message has all of its deliveries in here. There may be more: what was stored and not
    /// acknowledged, because the host ended in between.
    #[track_caller]
    pub fn closes(&self, accepted: &Accepted) {
        let mut found: HashMap<&str, usize> = HashMap::new();
        for one in self.entries.values() {
            *found.entry(&one.message).or_default() += 1;
        }
        let wrong: Vec<_> =
            accepted.0.iter().filter(|(id, n)| found.get(id.as_str()) != Some(*n)).take(5).collect();
        assert!(
            wrong.is_empty(),
            "accepted {} deliveries of {} messages; the account has {self}; not all of, for one, {wrong:?}",
            accepted.deliveries(),
            accepted.count()
        );
    }

    /// What arrived was recorded as delivered, and what was recorded as delivered did arrive.
    #[track_caller]
    pub fn agrees_with(&self, sinks: &[&Sink]) {
        self.claims_nothing_else_than_what_arrived(sinks);
        let delivered = |id: &String| self.entries.get(id).is_some_and(|one| one.state == "delivered");
        let taken = sinks.iter().flat_map(|sink| sink.taken_ids());
        let forgotten: Vec<_> = taken.filter(|id| !delivered(id)).take(5).collect();
        assert!(forgotten.is_empty(), "taken and not called delivered, for one: {forgotten:?}; {self}");
    }

    /// What was recorded as delivered did arrive.
    #[track_caller]
    pub fn claims_nothing_else_than_what_arrived(&self, sinks: &[&Sink]) {
        let taken: HashSet<String> = sinks.iter().flat_map(|sink| sink.taken_ids()).collect();
        let claimed = self.entries.iter().filter(|(_, one)| one.state == "delivered");
        let invented: Vec<_> = claimed.filter(|(id, _)| !taken.contains(*id)).take(5).collect();
        assert!(invented.is_empty(), "called delivered and never taken, for one: {invented:?}; {self}");
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut states: BTreeMap<&str, usize> = BTreeMap::new();
        for one in self.entries.values() {
            *states.entry(&one.state).or_default() += 1;
        }
        write!(f, "{} deliveries {states:?}", self.entries.len())
    }
}

#[track_caller]
fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("a text and not {value}")).to_owned()
}
