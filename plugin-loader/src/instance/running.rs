//! A driver that was made, and all that its callbacks touch.

use std::{
    fmt,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use nuncio_core::{Clock, Context, HostCalls, Manifest, abi};
use tokio::sync::Notify;

use super::{
    calls::Calls,
    devices::Lookups,
    gate::{Gate, Inside},
    limiter::Limiter,
    log::{RECORDS_A_SECOND, WARNINGS_A_SECOND},
    methods::DisabledWord,
    table::Table,
    threads::Threads,
};
use crate::flight::{Secrets, Slots};

/// The most threads in which a driver's `submit` may block at once.
const MOST_BLOCKING: usize = 64;
/// The most threads in which methods run at once: a driver should answer at once, but it may hang.
const MOST_CALLING: usize = 4;
/// The most calls of methods that wait for a thread.
const MOST_WAITING: usize = 256;

/// The table of functions that a driver was given.
struct HostTable {
    _kept: Box<abi::Host>,
}

// SAFETY: nothing is read through it on this side.
unsafe impl Send for HostTable {}
// SAFETY: as above.
unsafe impl Sync for HostTable {}

/// A driver that was made. The `ctx` of its host table points here, so it lives until `destroy` returned.
pub(crate) struct Instance {
    pub(crate) name: String,
    pub(crate) manifest: Arc<Manifest>,
    pub(crate) slots: Slots,
    pub(super) secrets: Secrets,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) host: Arc<dyn HostCalls>,
    pub(super) calls: Calls,
    pub(super) lookups: Lookups,
    pub(super) calling: Arc<Threads>,
    /// Where `submit` may block, if the manifest says that it does.
    pub(super) submitting: Option<Arc<Threads>>,
    pub(super) disabled: DisabledWord,
    pub(super) records: Limiter,
    pub(super) warnings: Limiter,
    table: OnceLock<Table>,
    /// What the driver was given; it may read it until it is destroyed.
    host_table: OnceLock<HostTable>,
    gate: Gate,
    /// Rung by each completion while somebody waits for room in the driver.
    room: Notify,
    waiting_for_room: AtomicUsize,
}

impl fmt::Debug for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Instance")
            .field("name", &self.name)
            .field("slots", &self.slots.standing())
            .finish_non_exhaustive()
    }
}

impl Instance {
    /// An instance whose table is not known yet.
    pub(crate) fn new(manifest: Arc<Manifest>, secrets: Secrets, context: &Context, slots: u32) -> Arc<Self> {
        let blocking = (manifest.limits.in_flight as usize).clamp(1, MOST_BLOCKING);
        Arc::new(Self {
            name: manifest.name.clone(),
            slots: Slots::new(slots),
            secrets,
            clock: Arc::clone(&context.clock),
            host: Arc::clone(&context.host),
            calls: Calls::default(),
            lookups: Lookups::here(),
            calling: Threads::new(MOST_CALLING, MOST_WAITING),
            submitting: manifest.blocking.then(|| Threads::new(blocking, slots as usize)),
            disabled: DisabledWord::default(),
            records: Limiter::new(RECORDS_A_SECOND),
            warnings: Limiter::new(WARNINGS_A_SECOND),
            table: OnceLock::new(),
            host_table: OnceLock::new(),
            gate: Gate::default(),
            room: Notify::new(),
            waiting_for_room: AtomicUsize::new(0),
            manifest,
        })
    }

    /// Says what `create` filled in.
    pub(crate) fn set_table(&self, table: Table) {
        // It is set once, by whoever made the driver.
        self.table.set(table).ok();
    }

    /// Keeps what the driver was given, for as long as it lives.
    pub(crate) fn keep_host(&self, host: Box<abi::Host>) {
        self.host_table.set(HostTable { _kept: host }).ok();
    }

    pub(crate) const fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// Goes inside the driver: not before it is made, and not once it is being destroyed.
    pub(super) fn enter(&self) -> Option<(&Table, Inside<'_>)> {
        let table = self.table.get()?;
        self.gate.enter().map(|inside| (table, inside))
    }

    /// Lets nobody inside any more and waits until nobody is; then its table, which is the caller's alone.
    pub(super) fn close(&self) -> Option<&Table> {
        self.gate.close();
        self.table.get()
    }

    /// Rings for those who wait for room in the driver.
    pub(super) fn ring(&self) {
        // Who is missed here looks again after its time limit.
        if self.waiting_for_room.load(Relaxed) > 0 {
            self.room.notify_waiters();
        }
    }

    /// The next completion, whichever delivery it is of.
    pub(super) async fn next_completion(&self) {
        struct Waiting<'a>(&'a AtomicUsize);
        impl Drop for Waiting<'_> {
            fn drop(&mut self) {
                self.0.fetch_sub(1, Relaxed);
            }
        }
        self.waiting_for_room.fetch_add(1, Relaxed);
        let _waiting = Waiting(&self.waiting_for_room);
        self.room.notified().await;
    }
}
