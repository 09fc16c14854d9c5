//! A driver whose `submit` may block: it is offered notices on threads.

use std::sync::Arc;

use nuncio_core::abi;
use tokio::sync::oneshot;

use super::{flight::Flight, running::Instance, threads::Threads};
use crate::flight::{Seat, Token};

/// What a thread is to offer.
struct Tickets(Vec<(usize, Token, *const abi::Notice)>);

// SAFETY: the notices lie in slots that stay as they are until they are taken back or completed, on any thread.
unsafe impl Send for Tickets {}

/// What a thread took back, for whoever waits; if nobody does, the slots are free again.
struct Returned {
    instance: Arc<Instance>,
    status: abi::Status,
    seats: Vec<(usize, Seat)>,
}

impl Drop for Returned {
    fn drop(&mut self) {
        for (_, seat) in self.seats.drain(..) {
            self.instance.slots.release(seat);
        }
    }
}

impl Instance {
    /// Offers `flights`, all of them seated, on one of `threads`; those that the driver does not take are seated again.
    pub(super) async fn offer_on_thread(
        self: &Arc<Self>,
        threads: &Arc<Threads>,
        flights: &mut [Flight<'_>],
    ) -> abi::Status {
        let tickets = flights.iter_mut().enumerate().map(|(at, flight)| {
            let (token, notice) = flight.set_off(true);
            (at, token, notice)
        });
        let tickets = Tickets(tickets.collect());
        let (sender, receiver) = oneshot::channel();
        let instance = Arc::clone(self);
        if !threads.run(move || drop(sender.send(instance.offer_tickets(tickets)))) {
            flights.iter_mut().for_each(Flight::return_unaccepted);
            return abi::BUSY;
        }
        let Ok(mut returned) = receiver.await else { return abi::CLOSED };
        for (at, seat) in returned.seats.drain(..) {
            if let Some(flight) = flights.get_mut(at) {
                flight.seat_again(seat);
            }
        }
        returned.status
    }

    fn offer_tickets(self: Arc<Self>, Tickets(mut tickets): Tickets) -> Returned {
        tickets.retain(|(_, token, _)| self.slots.begin(*token));
        let notices: Vec<_> = tickets.iter().map(|(_, _, notice)| *notice).collect();
        let (status, accepted) = match self.enter() {
            _ if notices.is_empty() => (abi::OK, 0),
            // SAFETY: a slot keeps what it offers until the token is completed; whoever is inside keeps the driver
            // from being destroyed.
            Some((table, _inside)) => unsafe { table.submit(&notices) },
            None => (abi::CLOSED, 0),
        };
        let unaccepted = tickets.into_iter().skip(accepted);
        let seats = unaccepted
            .filter_map(|(at, token, _)| self.slots.take_back(token).map(|seat| (at, seat)))
            .collect();
        Returned { instance: self, status, seats }
    }
}
