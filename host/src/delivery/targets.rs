//! Targets made ready for dispatch: parsed once, remembered until their subscription changes.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use nuncio_core::{
    DeliveryKey, Entry, PublicIds, SubscriberUri, SubscriptionId, Switchboard, TargetId,
    duration::parse_duration, retry::Policy, uri::UriError,
};
use serde_json::Value;

use super::observe::Meter;
use crate::storage::{Store, StoreError, TargetView};

/// Targets remembered at most; beyond it all are forgotten and read again.
const MAX_KEPT: usize = 100_000;

/// A target with everything a dispatch needs.
pub(super) struct Ready {
    /// As it is stored.
    pub(super) view: TargetView,
    /// The subscriber that is dispatched to: the newest URI where one address moved, else the frozen one.
    pub(super) uri: Result<Arc<SubscriberUri>, UriError>,
    /// The driver, if it is in this host.
    pub(super) entry: Option<Entry>,
    /// Counts its attempts.
    pub(super) meter: Arc<Meter>,
    /// What comes after a failure.
    pub(super) policy: Arc<Policy>,
    /// Total time of one attempt.
    pub(super) deadline: Duration,
    /// The public id of the subscription; empty for an ad-hoc target.
    pub(super) subscription: String,
}

impl Ready {
    /// Whether the one address of this target was replaced by another one.
    pub(super) fn moved(&self) -> bool {
        let view = &self.view;
        view.addresses.len() == 1 && view.newest_addresses.len() == 1 && view.newest_uri != view.uri
    }

    /// The address of the recipient `position` of the target now; `None` when it was taken out.
    pub(super) fn address(&self, position: usize) -> Option<&str> {
        let view = &self.view;
        if self.moved() {
            return view.newest_addresses.first().map(String::as_str);
        }
        let address = view.addresses.get(position)?;
        let stays = view.newest_uri == view.uri || view.newest_addresses.contains(address);
        stays.then_some(address.as_str())
    }

    /// Whether an address said that it must not be used again.
    pub(super) fn is_gone(&self, address: &str) -> bool {
        self.view.gone.iter().any(|gone| gone == address)
    }
}

/// The remembered targets.
pub(super) struct Targets {
    store: Arc<dyn Store>,
    board: Switchboard,
    ids: PublicIds,
    default_policy: Arc<Policy>,
    default_deadline: Duration,
    kept: Mutex<Kept>,
    generation: AtomicU64,
    meters: Mutex<HashMap<String, Arc<Meter>>>,
}

#[derive(Default)]
struct Kept {
    by_id: HashMap<TargetId, Arc<Ready>>,
    /// The revisions of each subscription that are in it.
    revisions: HashMap<SubscriptionId, Vec<TargetId>>,
}

impl Kept {
    fn add(&mut self, id: TargetId, ready: &Arc<Ready>) {
        if self.by_id.len() >= MAX_KEPT {
            *self = Self::default();
        }
        if self.by_id.insert(id, Arc::clone(ready)).is_none()
            && ready.view.subscription != SubscriptionId::NONE
        {
            self.revisions.entry(ready.view.subscription).or_default().push(id);
        }
    }

    fn forget(&mut self, subscription: SubscriptionId) {
        for id in self.revisions.remove(&subscription).unwrap_or_default() {
            self.by_id.remove(&id);
        }
    }
}

impl Targets {
    pub(super) fn new(
        store: Arc<dyn Store>,
        board: Switchboard,
        ids: PublicIds,
        default_policy: Policy,
        default_deadline: Duration,
    ) -> Self {
        Self {
            store,
            board,
            ids,
            default_policy: Arc::new(default_policy),
            default_deadline,
            kept: Mutex::default(),
            generation: AtomicU64::new(0),
            meters: Mutex::default(),
        }
    }

    /// A target; `None` when the store has none of that id.
    pub(super) async fn get(&self, id: TargetId) -> Result<Option<Arc<Ready>>, StoreError> {
        if let Some(ready) = self.lock().by_id.get(&id) {
            return Ok(Some(Arc::clone(ready)));
        }
        let generation = self.generation.load(Ordering::Acquire);
        let Some(view) = self.store.target(id).await? else { return Ok(None) };
        let ready = Arc::new(self.prepare(view));
        let mut kept = self.lock();
        // A change may have been committed after the read: then what was read is used once and not remembered.
        if self.generation.load(Ordering::Acquire) == generation {
            kept.add(id, &ready);
        }
        Ok(Some(ready))
    }

    /// The policy of a target, the default one when it cannot be read.
    pub(super) async fn policy(&self, id: TargetId) -> Arc<Policy> {
        match self.get(id).await {
            Ok(Some(ready)) => Arc::clone(&ready.policy),
            _ => Arc::clone(&self.default_policy),
        }
    }

    /// Forgets the targets of these subscriptions.
    pub(super) fn forget(&self, subscriptions: &[SubscriptionId]) {
        let mut kept = self.lock();
        self.generation.fetch_add(1, Ordering::AcqRel);
        subscriptions.iter().for_each(|one| kept.forget(*one));
    }

    /// Forgets all targets: a queue changed what holds for its subscriptions, or drivers were switched.
    pub(super) fn forget_all(&self) {
        let mut kept = self.lock();
        self.generation.fetch_add(1, Ordering::AcqRel);
        *kept = Kept::default();
    }

    fn prepare(&self, view: TargetView) -> Ready {
        let moved = view.addresses.len() == 1 && view.newest_addresses.len() == 1;
        let (uri, driver) =
            if moved { (&view.newest_uri, &view.newest_driver) } else { (&view.uri, &view.driver) };
        let subscription = match view.subscription {
            SubscriptionId::NONE => String::new(),
            id => self.ids.subscription(id).to_string(),
        };
        let deadline = view.options.text("deadline").and_then(|text| parse_duration(text).ok());
        Ready {
            uri: SubscriberUri::parse(uri).map(Arc::new),
            entry: self.board.now().by_name(driver).cloned(),
            meter: self.meter(driver),
            policy: self.policy_of(&view),
            deadline: deadline.unwrap_or(self.default_deadline),
            subscription,
            view,
        }
    }

    fn meter(&self, driver: &str) -> Arc<Meter> {
        let mut meters = self.meters.lock().unwrap_or_else(PoisonError::into_inner);
        let known = meters.entry(driver.to_owned());
        Arc::clone(known.or_insert_with(|| Arc::new(Meter::of(driver))))
    }

    fn policy_of(&self, view: &TargetView) -> Arc<Policy> {
        let key = "_retry_policy";
        let zaqar = nuncio_core::retry::effective(view.queue_metadata.get(key), view.options.get(key));
        let own = |value: &Value| Policy::own(value).ok();
        zaqar
            .and_then(|value| Policy::zaqar(value).ok())
            .or_else(|| view.options.get("retry").and_then(own))
            .map_or_else(|| Arc::clone(&self.default_policy), Arc::new)
    }

    /// The public id of a delivery.
    pub(super) fn public(&self, key: DeliveryKey) -> String {
        self.ids.delivery(key).to_string()
    }

    /// The public id of a message.
    pub(super) fn public_message(&self, id: nuncio_core::MessageId) -> String {
        self.ids.message(id).to_string()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nuncio_core::Options;
    use serde_json::Map;

    fn ready(addresses: &[&str], newest: &[&str]) -> Ready {
        let owned = |list: &[&str]| list.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
        let view = TargetView {
            id: TargetId(1),
            subscription: SubscriptionId(1),
            project: "p".into(),
            queue: "q".into(),
            queue_metadata: Map::new(),
            ended: false,
            expired: false,
            driver: "d".into(),
            uri: addresses.join(","),
            addresses: owned(addresses),
            newest_uri: newest.join(","),
            newest_addresses: owned(newest),
            newest_driver: "d".into(),
            options: Options::default(),
            gone: Vec::new(),
            frozen: false,
            consent: Default::default(),
        };
        Ready {
            uri: SubscriberUri::parse("log:x").map(Arc::new),
            entry: None,
            meter: Arc::new(Meter::of("d")),
            policy: Arc::default(),
            deadline: Duration::from_secs(1),
            subscription: String::new(),
            view,
        }
    }

    #[test]
    fn one_address_moves_to_one_address() {
        assert_eq!(ready(&["a"], &["b"]).address(0), Some("b"));
        assert_eq!(ready(&["a"], &["a"]).address(0), Some("a"));
    }

    #[test]
    fn of_several_addresses_those_that_stay_go_on() {
        let changed = ready(&["a", "b", "c"], &["c", "a", "d"]);
        assert_eq!([0, 1, 2].map(|position| changed.address(position)), [Some("a"), None, Some("c")]);
        assert_eq!(ready(&["a", "b"], &["c"]).address(0), None);
    }

    #[test]
    fn a_recipient_beyond_the_target_has_no_address() {
        assert_eq!(ready(&["a", "b"], &["a", "b"]).address(2), None);
    }
}
