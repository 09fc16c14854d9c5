//! One delivery on its way: it gives back its slot, or has the driver told, however it ends.

use std::{ptr, sync::Arc, task};

use nuncio_core::{Notice, Outcomes, Report, Scope, abi};

use super::running::Instance;
use crate::flight::{Forgotten, Seat, Token};

/// Where a delivery is, as its waiter knows it.
#[derive(Debug)]
enum Place {
    /// In a slot, not offered.
    Seated(Seat),
    /// Offered, or queued to be.
    Away(Token),
    /// Taken, or given up.
    Over,
}

/// One delivery on its way.
#[derive(Debug)]
pub(super) struct Flight<'a> {
    instance: &'a Arc<Instance>,
    /// Which notice of its batch it is.
    pub(super) position: usize,
    place: Place,
}

impl<'a> Flight<'a> {
    /// `notice`, the one at `position` of its batch, in a slot that was claimed.
    pub(super) fn new(instance: &'a Arc<Instance>, position: usize, seat: Seat, notice: &Notice<'_>) -> Self {
        instance.slots.fill(&seat, notice);
        Self { instance, position, place: Place::Seated(seat) }
    }

    /// Whether it waits to be offered.
    pub(super) const fn is_seated(&self) -> bool {
        matches!(self.place, Place::Seated(_))
    }

    /// Sets off from its seat: its token, and what the driver reads.
    pub(super) fn set_off(&mut self, queued: bool) -> (Token, *const abi::Notice) {
        let Place::Seated(seat) = &self.place else { return (Token::given(0), ptr::null()) };
        let (token, notice) = self.instance.slots.offer(seat, queued);
        self.place = Place::Away(token);
        (token, notice)
    }

    /// Takes it back from a driver that did not accept it.
    pub(super) fn return_unaccepted(&mut self) {
        if let Place::Away(token) = self.place {
            // Without a seat the driver has completed it all the same.
            if let Some(seat) = self.instance.slots.take_back(token) {
                self.place = Place::Seated(seat);
            }
        }
    }

    /// Takes a seat that a thread took back.
    pub(super) fn seat_again(&mut self, seat: Seat) {
        self.place = Place::Seated(seat);
    }

    /// The driver's word, if there is one.
    pub(super) fn take_now(&mut self) -> Option<Outcomes> {
        let Place::Away(token) = self.place else { return None };
        let outcomes = self.instance.slots.take_now(token)?;
        self.place = Place::Over;
        Some(outcomes)
    }

    /// The driver's word, once there is one.
    pub(super) fn poll(&mut self, context: &task::Context<'_>) -> task::Poll<Outcomes> {
        let Place::Away(token) = self.place else { return task::Poll::Pending };
        let outcomes = std::task::ready!(self.instance.slots.poll_take(token, context));
        self.place = Place::Over;
        task::Poll::Ready(outcomes)
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        match std::mem::replace(&mut self.place, Place::Over) {
            Place::Seated(seat) => self.instance.slots.release(seat),
            Place::Away(token) => self.instance.give_up(token),
            Place::Over => {}
        }
    }
}

impl Instance {
    /// Nobody waits for `token` any more: the driver is told, and keeps its slot until it completes it.
    fn give_up(&self, token: Token) {
        let Forgotten::InFlight(abandoned) = self.slots.forget(token) else { return };
        if let Some((table, _inside)) = self.enter() {
            // SAFETY: whoever is inside keeps the driver from being destroyed.
            unsafe { table.cancel(&[token.value()]) };
        }
        let slots = self.slots.count();
        if abandoned.is_power_of_two() && abandoned > slots / 8 {
            self.warn(&format!(
                "holds {abandoned} of {slots} slots for deliveries whose time is over: it must complete what is cancelled"
            ));
        }
    }
}

/// Why a notice was not taken.
pub(super) fn not_taken(status: abi::Status) -> Outcomes {
    let why = match status {
        abi::CLOSED => "the driver is being shut down".to_owned(),
        status => format!("the driver did not take the delivery (status {status})"),
    };
    Report::deferred(Scope::Account, why).into()
}
