//! What the pool knows: the origins, and the connections at rest.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use tokio::{
    sync::{Mutex, Notify, OwnedSemaphorePermit, Semaphore},
    time::Instant,
};

use super::{
    super::{
        dial::Speaks,
        http1::Http1,
        http2::{Http2, Lane},
    },
    limits::Pooling,
};

/// What those who come to an origin wait at.
pub(super) struct Door {
    pub(super) origin: Arc<str>,
    /// The connections that may be opened.
    pub(super) slots: Arc<Semaphore>,
    /// Held by who opens the first connection, and by each that opens one for sharing.
    pub(super) first: Mutex<()>,
    /// A connection for sharing was opened.
    pub(super) shares: Notify,
}

/// One origin.
struct Place {
    door: Arc<Door>,
    speaks: Option<Speaks>,
    /// Numbers of connections in [`State::resting`], the longest at rest first.
    resting: VecDeque<u64>,
    shared: Vec<Arc<Http2>>,
    /// Requests that are here.
    visits: usize,
}

/// So long after its last answer a connection is taken without a look at it: one that was closed meanwhile says so
/// before it takes a request.
const TRUSTED: Duration = Duration::from_secs(1);

/// A connection at rest.
pub(super) struct Resting {
    pub(super) connection: Box<Http1>,
    origin: Arc<str>,
    since: Instant,
}

impl Resting {
    /// Whether it would take a request, as far as is known.
    pub(super) fn usable(&mut self) -> bool {
        (self.since.elapsed() < TRUSTED && self.connection.is_at_rest()) || self.connection.usable()
    }
}

/// What there is for who comes to an origin.
pub(super) enum Found {
    /// A part of a shared connection.
    Stream(Lane),
    /// A slot, and perhaps a connection at rest.
    Slot(OwnedSemaphorePermit, Option<Resting>),
    /// No slot.
    Nothing,
}

/// All origins. Connections that it lets go are returned, so that they are closed outside of its lock.
#[derive(Default)]
pub(super) struct State {
    places: HashMap<Arc<str>, Place>,
    /// In the order in which they came to rest.
    resting: BTreeMap<u64, Resting>,
    /// How many connections for sharing there are.
    shared: usize,
    next: u64,
}

/// Connections to be closed.
#[derive(Default)]
pub(super) struct Gone {
    #[allow(clippy::vec_box, reason = "each is boxed where it is kept, and moved as it is")]
    own: Vec<Box<Http1>>,
    shared: Vec<Arc<Http2>>,
}

impl State {
    /// Somebody comes to `origin`, and is to [`leave`](Self::leave) it; what is at rest is not for who wants a `fresh`
    /// connection.
    pub(super) fn arrive(
        &mut self,
        origin: &Arc<str>,
        limits: &Pooling,
        fresh: bool,
    ) -> (Arc<Door>, Found, Gone) {
        let Some(place) = self.places.get_mut(origin) else {
            let door = self.enter(origin, limits);
            let slot = Arc::clone(&door.slots).try_acquire_owned();
            let found = slot.map_or(Found::Nothing, |slot| Found::Slot(slot, None));
            return (door, found, Gone::default());
        };
        place.visits += 1;
        let mut gone = Gone::default();
        gone.shared.extend(place.shared.extract_if(.., |connection| connection.over()));
        gone.shared.iter().for_each(|connection| connection.retire());
        self.shared -= gone.shared.len();
        let door = Arc::clone(&place.door);
        if let Some(lane) = place.shared.iter().find_map(Http2::stream) {
            return (door, Found::Stream(lane), gone);
        }
        let Ok(slot) = Arc::clone(&door.slots).try_acquire_owned() else {
            return (door, Found::Nothing, gone);
        };
        let number = if fresh { None } else { place.resting.pop_back() };
        let resting = number.and_then(|number| self.resting.remove(&number));
        (door, Found::Slot(slot, resting), gone)
    }

    fn enter(&mut self, origin: &Arc<str>, limits: &Pooling) -> Arc<Door> {
        let slots = Arc::new(Semaphore::new(limits.connections.min(Semaphore::MAX_PERMITS)));
        let door = Arc::new(Door {
            origin: Arc::clone(origin),
            slots,
            first: Mutex::new(()),
            shares: Notify::new(),
        });
        let place = Place {
            door: Arc::clone(&door),
            speaks: None,
            resting: VecDeque::new(),
            shared: Vec::new(),
            visits: 1,
        };
        self.places.insert(Arc::clone(origin), place);
        door
    }

    /// Somebody leaves `origin`.
    pub(super) fn leave(&mut self, origin: &str) {
        if let Some(place) = self.places.get_mut(origin) {
            place.visits = place.visits.saturating_sub(1);
        }
        self.forget(origin);
    }

    /// Which HTTP `origin` speaks, where that is known.
    pub(super) fn speaks(&self, origin: &str) -> Option<Speaks> {
        self.places.get(origin)?.speaks
    }

    /// `origin` speaks `speaks`.
    pub(super) fn learn(&mut self, origin: &str, speaks: Speaks) {
        if let Some(place) = self.places.get_mut(origin) {
            place.speaks = Some(speaks);
        }
    }

    /// The connection to `origin` that came to rest last: the likeliest to be open still.
    pub(super) fn wake(&mut self, origin: &str) -> Option<Resting> {
        let number = self.places.get_mut(origin)?.resting.pop_back()?;
        self.resting.remove(&number)
    }

    /// `connection` comes to rest, and who had it [`leaves`](Self::leave).
    pub(super) fn rest(&mut self, origin: &str, connection: Box<Http1>, limits: &Pooling) -> Gone {
        let Some(place) = self.places.get_mut(origin) else { return Gone::default() };
        place.visits = place.visits.saturating_sub(1);
        self.next += 1;
        place.resting.push_back(self.next);
        let origin = Arc::clone(&place.door.origin);
        self.resting.insert(self.next, Resting { connection, origin, since: Instant::now() });
        self.trim(limits)
    }

    /// A stream of a shared connection to `origin`.
    pub(super) fn stream(&self, origin: &str) -> Option<Lane> {
        self.places.get(origin)?.shared.iter().find_map(Http2::stream)
    }

    /// A stream of a shared connection to `origin` that waits for others to end.
    pub(super) fn crowd(&self, origin: &str) -> Option<Lane> {
        let open = self.places.get(origin)?.shared.iter().filter(|one| !one.over());
        open.min_by_key(|one| one.streams()).map(Http2::crowd)
    }

    /// `connection` is for sharing.
    pub(super) fn share(&mut self, origin: &str, connection: Arc<Http2>, limits: &Pooling) -> Gone {
        let Some(place) = self.places.get_mut(origin) else { return Gone::default() };
        place.shared.push(connection);
        self.shared += 1;
        self.trim(limits)
    }

    /// Closes what is at rest beyond the limit.
    fn trim(&mut self, limits: &Pooling) -> Gone {
        let mut gone = Gone::default();
        while self.resting.len() + self.shared > limits.idle {
            if let Some(number) = self.resting.keys().next().copied() {
                gone.own.extend(self.end(number));
            } else if let Some(connection) = self.unshare_longest_idle() {
                gone.shared.push(connection);
            } else {
                break;
            }
        }
        gone
    }

    /// Closes what has rested too long and what the far side has closed.
    pub(super) fn sweep(&mut self, limits: &Pooling) -> Gone {
        let mut gone = Gone::default();
        let over: Vec<u64> = self
            .resting
            .iter_mut()
            .filter_map(|(number, resting)| {
                let late = resting.since.elapsed() >= limits.idle_timeout;
                (late || !resting.connection.usable()).then_some(*number)
            })
            .collect();
        for number in over {
            gone.own.extend(self.end(number));
        }
        for place in self.places.values_mut() {
            gone.shared.extend(place.shared.extract_if(.., |connection| {
                connection.over() || connection.idle().is_some_and(|idle| idle >= limits.idle_timeout)
            }));
        }
        self.shared -= gone.shared.len();
        self.places.retain(|_, place| !place.deserted());
        gone
    }

    /// Whether there is nothing to sweep.
    pub(super) fn is_empty(&self) -> bool {
        self.resting.is_empty() && self.shared == 0
    }

    fn end(&mut self, number: u64) -> Option<Box<Http1>> {
        let Resting { connection, origin, .. } = self.resting.remove(&number)?;
        if let Some(place) = self.places.get_mut(&origin) {
            place.resting.retain(|one| *one != number);
        }
        self.forget(&origin);
        Some(connection)
    }

    /// Looks at all of them: it is called when one has just been opened, which costs far more.
    fn unshare_longest_idle(&mut self) -> Option<Arc<Http2>> {
        let of = |place: &Place| place.shared.iter().filter_map(|one| one.idle()).max();
        let (_, origin) = self
            .places
            .iter()
            .filter_map(|(origin, place)| Some((of(place)?, Arc::clone(origin))))
            .max_by_key(|(idle, _)| *idle)?;
        let place = self.places.get_mut(&origin)?;
        let at = place.shared.iter().position(|one| one.idle().is_some())?;
        let connection = place.shared.swap_remove(at);
        self.shared -= 1;
        self.forget(&origin);
        Some(connection)
    }

    fn forget(&mut self, origin: &str) {
        if self.places.get(origin).is_some_and(Place::deserted) {
            self.places.remove(origin);
        }
    }
}

impl Place {
    fn deserted(&self) -> bool {
        self.visits == 0 && self.resting.is_empty() && self.shared.is_empty()
    }
}
