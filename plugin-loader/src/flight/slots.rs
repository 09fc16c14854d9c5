//! The slots of a driver: claimed, offered, completed, taken; no more than there are.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed},
    task::{Context, Poll},
};

use nuncio_core::{Notice, Outcomes, Report, Scope, abi};

use super::{
    free::Free,
    reports,
    secrets::Secrets,
    slot::{Phase, Slot},
    token::{self, Token},
};

/// What a driver holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Standing {
    /// Slots that are taken: deliveries in the driver's hands, and those that wait to be offered.
    pub in_flight: usize,
    /// Of these, deliveries that nobody waits for any more, and that the driver has not completed.
    pub abandoned: usize,
    /// All slots.
    pub slots: usize,
    /// Completions that were refused: second ones, and unknown tokens.
    pub refused: u64,
}

/// The slots of a driver.
#[derive(Debug)]
pub(crate) struct Slots {
    slots: Box<[Slot]>,
    free: Free,
    abandoned: AtomicUsize,
    refused: AtomicU64,
    ended: AtomicBool,
}

/// A slot that was claimed: filled, then offered, by one alone.
///
/// Plain data: whoever has it gives it back by [`Slots::release`], or takes or forgets its token.
#[derive(Debug)]
pub(crate) struct Seat(u32);

/// What there was when nobody waited for an outcome any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Forgotten {
    /// The driver has it, and may be told. So many are forgotten like this by now.
    InFlight(usize),
    /// Nothing that the driver would have to know of.
    Over,
}

impl Slots {
    pub(crate) fn new(count: u32) -> Self {
        Self {
            slots: (0..count).map(|_| Slot::new()).collect(),
            free: Free::all(count),
            abandoned: AtomicUsize::new(0),
            refused: AtomicU64::new(0),
            ended: AtomicBool::new(false),
        }
    }

    pub(crate) fn standing(&self) -> Standing {
        Standing {
            in_flight: self.slots.len() - self.free.count(),
            abandoned: self.abandoned.load(Relaxed),
            slots: self.slots.len(),
            refused: self.refused.load(Relaxed),
        }
    }

    /// How many slots there are.
    pub(crate) fn count(&self) -> usize {
        self.slots.len()
    }

    /// Whether the driver holds every slot for deliveries that nobody waits for any more.
    pub(crate) fn are_lost(&self) -> bool {
        self.abandoned.load(Relaxed) >= self.slots.len()
    }

    /// A free slot, if there is one and nobody waits for it.
    pub(crate) fn claim_now(&self) -> Option<Seat> {
        self.free.take_now().map(Seat)
    }

    /// A free slot, in turn; none once the driver has ended.
    pub(crate) async fn claim(&self) -> Option<Seat> {
        self.free.take().await.map(Seat)
    }

    /// Gives back a slot that was claimed and is in nobody's hands.
    pub(crate) fn release(&self, seat: Seat) {
        self.free.put(seat.0);
    }

    /// Copies `notice` into a claimed slot.
    pub(crate) fn fill(&self, seat: &Seat, notice: &Notice<'_>) {
        if let Some(slot) = self.slots.get(seat.0 as usize) {
            // SAFETY: whoever has the seat is the only one who touches the payload until it is offered.
            unsafe { (*slot.payload()).fill(notice) };
        }
    }

    /// Says that the driver, or a thread that will offer it, is given the slot: its token, and what the driver reads.
    ///
    /// Each offer has a new token, so that a word on an earlier one means nothing.
    pub(crate) fn offer(&self, seat: &Seat, queued: bool) -> (Token, *const abi::Notice) {
        let Some(slot) = self.slots.get(seat.0 as usize) else {
            return (Token::given(0), std::ptr::null());
        };
        let mut state = slot.lock();
        state.generation = token::next(state.generation);
        let token = Token::new(seat.0, state.generation);
        state.phase = if queued { Phase::Queued } else { Phase::Offered };
        state.wanted = true;
        state.waker = None;
        // SAFETY: the phase was `Idle`, and the caller has the seat.
        let payload = unsafe { &mut *slot.payload() };
        payload.set_token(token.value());
        (token, std::ptr::from_ref(payload.notice()))
    }

    /// For a thread that offers what was queued: whether it is still wanted. If not, the slot is free again.
    pub(crate) fn begin(&self, token: Token) -> bool {
        let Some(slot) = self.slots.get(token.slot()) else { return false };
        let mut state = slot.lock();
        if state.generation != token.generation() || !matches!(state.phase, Phase::Queued) {
            return false;
        }
        if state.wanted {
            state.phase = Phase::Offered;
            return true;
        }
        state.phase = Phase::Idle;
        drop(state);
        self.abandoned.fetch_sub(1, Relaxed);
        self.free.put(token.slot() as u32);
        false
    }

    /// Takes back what the driver did not accept. `None` when it has completed it all the same, or nobody wants it.
    pub(crate) fn take_back(&self, token: Token) -> Option<Seat> {
        let slot = self.slots.get(token.slot())?;
        let mut state = slot.lock();
        if state.generation != token.generation() || !matches!(state.phase, Phase::Queued | Phase::Offered) {
            return None;
        }
        state.phase = Phase::Idle;
        // What the driver says of this token from now on means nothing.
        state.generation = token::next(state.generation);
        let wanted = state.wanted;
        drop(state);
        let seat = Seat(token.slot() as u32);
        if wanted {
            return Some(seat);
        }
        self.abandoned.fetch_sub(1, Relaxed);
        self.release(seat);
        None
    }

    /// Takes the driver's word. `false`: the token is unknown, or was completed before.
    ///
    /// # Safety
    /// `completion` must be readable as far as its size says, and so must be what it points to (rules 1 and 2).
    pub(crate) unsafe fn complete(
        &self,
        token: Token,
        completion: *const abi::Completion,
        secrets: &Secrets,
    ) -> bool {
        let held = self.slots.get(token.slot()).map(|slot| (slot, slot.lock()));
        let held = held.filter(|(_, state)| {
            state.generation == token.generation() && matches!(state.phase, Phase::Offered)
        });
        let Some((slot, mut state)) = held else {
            self.refused.fetch_add(1, Relaxed);
            return false;
        };
        if !state.wanted {
            state.phase = Phase::Idle;
            drop(state);
            self.abandoned.fetch_sub(1, Relaxed);
            self.free.put(token.slot() as u32);
            return true;
        }
        // SAFETY: the payload is only read while it is offered, and the lock is held; the rest by the caller's word.
        state.phase = Phase::Done(unsafe { reports::read(completion, &*slot.payload(), secrets) });
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
        true
    }

    /// The driver's word, once there is one; then the slot is free again.
    pub(crate) fn poll_take(&self, token: Token, context: &Context<'_>) -> Poll<Outcomes> {
        self.take(token, Some(context)).map_or(Poll::Pending, Poll::Ready)
    }

    /// As [`poll_take`](Self::poll_take), without being woken.
    pub(crate) fn take_now(&self, token: Token) -> Option<Outcomes> {
        self.take(token, None)
    }

    fn take(&self, token: Token, context: Option<&Context<'_>>) -> Option<Outcomes> {
        let slot = self.slots.get(token.slot())?;
        let mut state = slot.lock();
        if state.generation != token.generation() {
            return Some(silent());
        }
        match std::mem::replace(&mut state.phase, Phase::Idle) {
            Phase::Done(outcomes) => {
                drop(state);
                self.free.put(token.slot() as u32);
                return Some(outcomes);
            }
            phase => state.phase = phase,
        }
        if self.ended.load(Relaxed) {
            return Some(silent());
        }
        if let Some(context) = context {
            match &mut state.waker {
                Some(waker) => waker.clone_from(context.waker()),
                none => *none = Some(context.waker().clone()),
            }
        }
        None
    }

    /// Says that nobody waits for `token` any more. What the driver holds keeps its slot until it is completed.
    pub(crate) fn forget(&self, token: Token) -> Forgotten {
        let Some(slot) = self.slots.get(token.slot()) else { return Forgotten::Over };
        let mut state = slot.lock();
        if state.generation != token.generation() {
            return Forgotten::Over;
        }
        let phase = std::mem::replace(&mut state.phase, Phase::Idle);
        match phase {
            Phase::Queued | Phase::Offered => {
                let in_flight = matches!(phase, Phase::Offered);
                state.phase = phase;
                state.waker = None;
                if std::mem::replace(&mut state.wanted, false) {
                    let abandoned = self.abandoned.fetch_add(1, Relaxed) + 1;
                    return if in_flight { Forgotten::InFlight(abandoned) } else { Forgotten::Over };
                }
            }
            Phase::Done(_) => {
                drop(state);
                self.free.put(token.slot() as u32);
            }
            Phase::Idle => {}
        }
        Forgotten::Over
    }

    /// Ends it all: nobody gets a slot any more, and who waits for an outcome is told that there will be none.
    pub(crate) fn end(&self) {
        self.ended.store(true, Relaxed);
        self.free.close();
        for slot in &self.slots {
            let waker = slot.lock().waker.take();
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }
}

/// What is said of a notice that the driver will say nothing of.
fn silent() -> Outcomes {
    Report::deferred(Scope::Account, "the driver ended without a word on this delivery").maybe_sent().into()
}
