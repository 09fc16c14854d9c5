//! One place for a delivery in a driver's hands.

use std::{
    cell::UnsafeCell,
    sync::{Mutex, MutexGuard, PoisonError},
    task::Waker,
};

use nuncio_core::Outcomes;

use super::payload::Payload;

/// Where a delivery is.
///
/// ```text
///  Idle ──offer──> Offered ──complete──> Done ──take──> Idle
///   │ ▲               │ └─take_back─> Idle
///   │ └──not wanted───┤
///   └──queue──> Queued┘   (a thread will offer it)
/// ```
#[derive(Debug)]
pub(super) enum Phase {
    /// Nobody's, or being filled by whoever claimed the slot.
    Idle,
    /// A thread will offer it to the driver.
    Queued,
    /// The driver has it. It reads the payload until it completes the token.
    Offered,
    /// The driver's word waits to be taken.
    Done(Outcomes),
}

/// Where the delivery of a slot is, and who waits for it.
#[derive(Debug)]
pub(super) struct State {
    pub(super) phase: Phase,
    /// Of the token that means the present use.
    pub(super) generation: u32,
    /// Whether somebody still waits for the outcome.
    pub(super) wanted: bool,
    pub(super) waker: Option<Waker>,
}

/// One place for a delivery in a driver's hands.
#[derive(Debug)]
pub(super) struct Slot {
    state: Mutex<State>,
    /// Beside the lock, since the driver reads it while nobody holds the lock. Written by whoever claimed the slot,
    /// while its phase is `Idle`; read by all others under the lock, while it is `Offered`.
    payload: UnsafeCell<Payload>,
}

// SAFETY: the payload is written by one alone, who claimed the slot, and the lock orders that before and after every
// read (see `payload`).
unsafe impl Sync for Slot {}

impl Slot {
    pub(super) const fn new() -> Self {
        let state = State { phase: Phase::Idle, generation: 0, wanted: false, waker: None };
        Self { state: Mutex::new(state), payload: UnsafeCell::new(Payload::new()) }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) const fn payload(&self) -> *mut Payload {
        self.payload.get()
    }
}
