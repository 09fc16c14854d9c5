//! Several deliveries offered at once, each settled as soon as it is completed.

use std::{future::poll_fn, sync::Arc, task::Poll};

use nuncio_core::{Batch, abi};

use super::{
    flight::{Flight, not_taken},
    running::Instance,
};

/// A batch on its way.
struct Round<'a, 'b> {
    instance: &'a Arc<Instance>,
    batch: &'a Batch<'b>,
    /// The next notice that has no slot yet.
    next: usize,
    seated: Vec<Flight<'a>>,
    away: Vec<Flight<'a>>,
}

impl Instance {
    pub(crate) async fn deliver_batch(self: &Arc<Self>, batch: &Batch<'_>) {
        let count = batch.notices().len();
        let mut round = Round {
            instance: self,
            batch,
            next: 0,
            seated: Vec::with_capacity(count.min(self.slots.count())),
            away: Vec::new(),
        };
        while !round.is_over() {
            if !round.claim().await {
                round.refuse_rest(abi::CLOSED);
                continue;
            }
            let has_room = round.offer().await;
            if !round.settle_now() && !round.is_over() {
                round.wait(has_room).await;
            }
        }
    }
}

impl Round<'_, '_> {
    fn is_over(&self) -> bool {
        self.next == self.batch.notices().len() && self.seated.is_empty() && self.away.is_empty()
    }

    /// Takes slots for as many as there are; waits for one if it would have none. `false`: there are none any more.
    async fn claim(&mut self) -> bool {
        while let Some(notice) = self.batch.notices().get(self.next) {
            let seat = match self.instance.slots.claim_now() {
                Some(seat) => seat,
                None if !self.seated.is_empty() || !self.away.is_empty() => return true,
                None => match self.instance.slots.claim().await {
                    Some(seat) => seat,
                    None => return false,
                },
            };
            self.seated.push(Flight::new(self.instance, self.next, seat, notice));
            self.next += 1;
        }
        true
    }

    /// Offers what is seated. `false`: the driver had no room for all.
    async fn offer(&mut self) -> bool {
        if self.seated.is_empty() {
            return true;
        }
        let status = self.instance.offer(&mut self.seated).await;
        if self.seated.iter().all(|flight| !flight.is_seated()) && self.away.is_empty() {
            std::mem::swap(&mut self.seated, &mut self.away);
            return true;
        }
        self.away.extend(self.seated.extract_if(.., |flight| !flight.is_seated()));
        if !matches!(status, abi::OK | abi::BUSY) {
            for flight in self.seated.drain(..) {
                self.batch.settle(flight.position, not_taken(status));
            }
        }
        self.seated.is_empty()
    }

    /// Settles what is completed. `false`: nothing is.
    fn settle_now(&mut self) -> bool {
        let before = self.away.len();
        self.away.retain_mut(|flight| match flight.take_now() {
            Some(outcomes) => {
                self.batch.settle(flight.position, outcomes);
                false
            }
            None => true,
        });
        self.away.len() < before
    }

    /// Waits for the next completion of its own, and for room in the driver if it had none.
    async fn wait(&mut self, has_room: bool) {
        let (away, batch, instance) = (&mut self.away, self.batch, self.instance);
        let completed = poll_fn(|context| {
            let before = away.len();
            away.retain_mut(|flight| match flight.poll(context) {
                Poll::Ready(outcomes) => {
                    batch.settle(flight.position, outcomes);
                    false
                }
                Poll::Pending => true,
            });
            if away.len() < before { Poll::Ready(()) } else { Poll::Pending }
        });
        if has_room {
            completed.await;
        } else {
            tokio::select! {
                () = completed => {}
                () = instance.room() => {}
            }
        }
    }

    fn refuse_rest(&mut self, status: abi::Status) {
        for position in self.next..self.batch.notices().len() {
            self.batch.settle(position, not_taken(status));
        }
        self.next = self.batch.notices().len();
    }
}
