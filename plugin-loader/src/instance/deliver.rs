//! One delivery: a slot, an offer, an outcome.

use std::{future::poll_fn, ptr, sync::Arc, time::Duration};

use nuncio_core::{Notice, Outcomes, abi};

use super::{
    flight::{Flight, not_taken},
    running::Instance,
};

/// After how long a driver that had no room is offered the rest again, if nothing is completed before.
const OFFER_AGAIN: Duration = Duration::from_millis(10);

impl Instance {
    pub(crate) async fn deliver(self: &Arc<Self>, notice: &Notice<'_>) -> Outcomes {
        let seat = match self.slots.claim_now() {
            Some(seat) => seat,
            None => match self.slots.claim().await {
                Some(seat) => seat,
                None => return not_taken(abi::CLOSED),
            },
        };
        let mut flight = [Flight::new(self, 0, seat, notice)];
        loop {
            let status = self.offer(&mut flight).await;
            let [only] = &mut flight;
            if !only.is_seated() {
                return poll_fn(|context| only.poll(context)).await;
            }
            if !matches!(status, abi::OK | abi::BUSY) {
                return not_taken(status);
            }
            self.room().await;
        }
    }

    /// Waits until the driver may have room again.
    pub(super) async fn room(&self) {
        // Either is a reason to look again.
        drop(tokio::time::timeout(OFFER_AGAIN, self.next_completion()).await);
    }

    /// Offers `flights`, all of them seated; those that the driver does not take are seated again.
    pub(super) async fn offer(self: &Arc<Self>, flights: &mut [Flight<'_>]) -> abi::Status {
        match &self.submitting {
            None => self.offer_here(flights),
            Some(threads) => self.offer_on_thread(threads, flights).await,
        }
    }

    fn offer_here(&self, flights: &mut [Flight<'_>]) -> abi::Status {
        let Some((table, _inside)) = self.enter() else { return abi::CLOSED };
        let (mut one, mut many) = ([ptr::null()], Vec::new());
        let notices: &mut [*const abi::Notice] = if flights.len() == 1 {
            &mut one
        } else {
            many.resize(flights.len(), ptr::null());
            &mut many
        };
        for (place, flight) in notices.iter_mut().zip(flights.iter_mut()) {
            *place = flight.set_off(false).1;
        }
        // SAFETY: a slot keeps what it offers until the token is completed; whoever is inside keeps the driver from
        // being destroyed.
        let (status, accepted) = unsafe { table.submit(notices) };
        for flight in flights.iter_mut().skip(accepted) {
            flight.return_unaccepted();
        }
        status
    }
}
