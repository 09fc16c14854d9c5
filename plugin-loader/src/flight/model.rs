//! The slots against a model of them: whatever a host and a driver do, in any order.

use std::task::{Context, Poll, Waker};

use nuncio_core::{Notice, Options, Outcome, Outcomes, Recipient, SubscriberUri, abi};
use proptest::{collection::vec, prelude::*};

use super::{
    secrets::Secrets,
    slots::{Forgotten, Seat, Slots},
    token::Token,
};

const SLOTS: u32 = 3;

/// What a host or a driver does. Numbers choose among what there is.
#[derive(Clone, Debug)]
enum Step {
    Claim,
    Release(usize),
    Offer(usize, bool),
    Begin(usize),
    TakeBack(usize),
    Complete(usize, i32),
    CompleteForged(u64),
    Take(usize),
    Forget(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::Claim),
        1 => any::<usize>().prop_map(Step::Release),
        4 => (any::<usize>(), any::<bool>()).prop_map(|(at, queued)| Step::Offer(at, queued)),
        2 => any::<usize>().prop_map(Step::Begin),
        1 => any::<usize>().prop_map(Step::TakeBack),
        4 => (any::<usize>(), 0..4i32).prop_map(|(at, status)| Step::Complete(at, status)),
        1 => any::<u64>().prop_map(Step::CompleteForged),
        3 => any::<usize>().prop_map(Step::Take),
        2 => any::<usize>().prop_map(Step::Forget),
    ]
}

/// Where the model has a token.
#[derive(Clone, Copy, Debug, PartialEq)]
enum At {
    Queued { wanted: bool },
    Offered { wanted: bool },
    Done(Outcome),
    Over,
}

/// The slots, and what they should be.
struct Model {
    slots: Slots,
    seats: Vec<Seat>,
    tokens: Vec<(Token, At)>,
    refused: u64,
}

impl Model {
    /// The token of `tokens` that `choice` means, of all that ever were.
    fn chosen(&mut self, choice: usize) -> Option<&mut (Token, At)> {
        let count = self.tokens.len();
        (count > 0).then(|| &mut self.tokens[choice % count])
    }

    fn complete(&self, token: u64, status: abi::Status) -> bool {
        let report = abi::Report {
            size: size_of::<abi::Report>() as u32,
            index: abi::ALL,
            status,
            scope: 0,
            code: 0,
            flags: 0,
            retry_after_ms: 0,
            cost: 0,
            reason: abi::Bytes::EMPTY,
            provider_id: abi::Bytes::EMPTY,
            excerpt: abi::Bytes::EMPTY,
        };
        let reports = [&raw const report];
        let size = size_of::<abi::Completion>() as u32;
        let reports = reports.as_ptr();
        let completion = abi::Completion { size, reserved: 0, token, reports, report_count: 1 };
        // SAFETY: the completion and its report are alive.
        unsafe { self.slots.complete(Token::given(token), &raw const completion, &Secrets::default()) }
    }

    fn run(&mut self, step: Step) {
        match step {
            Step::Claim => self.seats.extend(self.slots.claim_now()),
            Step::Release(at) if !self.seats.is_empty() => {
                let seat = self.seats.swap_remove(at % self.seats.len());
                self.slots.release(seat);
            }
            Step::Offer(at, queued) if !self.seats.is_empty() => self.offer(at, queued),
            Step::Begin(at) => {
                let Some(&mut (token, was)) = self.chosen(at) else { return };
                let begun = self.slots.begin(token);
                assert_eq!(begun, was == At::Queued { wanted: true }, "{was:?}");
                self.chosen(at).unwrap().1 = match was {
                    At::Queued { wanted: true } => At::Offered { wanted: true },
                    At::Queued { wanted: false } => At::Over,
                    other => other,
                };
            }
            Step::TakeBack(at) => {
                let Some(&mut (token, was)) = self.chosen(at) else { return };
                let seat = self.slots.take_back(token);
                let wanted = matches!(was, At::Queued { wanted: true } | At::Offered { wanted: true });
                assert_eq!(seat.is_some(), wanted, "{was:?}");
                self.seats.extend(seat);
                if matches!(was, At::Queued { .. } | At::Offered { .. }) {
                    self.chosen(at).unwrap().1 = At::Over;
                }
            }
            Step::Complete(at, status) => self.complete_chosen(at, status),
            Step::CompleteForged(token) if self.tokens.iter().all(|(one, _)| one.value() != token) => {
                assert!(!self.complete(token, abi::GONE));
                self.refused += 1;
            }
            Step::Take(at) => self.take(at),
            Step::Forget(at) => self.forget(at),
            _ => {}
        }
    }

    fn offer(&mut self, at: usize, queued: bool) {
        let seat = self.seats.swap_remove(at % self.seats.len());
        let uri = SubscriberUri::parse("x:a").unwrap();
        let (recipients, options) = ([Recipient::new(0, "a")], Options::default());
        self.slots.fill(&seat, &Notice::new("d1", &uri, &recipients, &options));
        let (token, notice) = self.slots.offer(&seat, queued);
        // SAFETY: it stays as it is until it is completed.
        assert_eq!(unsafe { (*notice).token }, token.value());
        assert!(self.tokens.iter().all(|(other, _)| *other != token), "a token was given twice");
        let at = if queued { At::Queued { wanted: true } } else { At::Offered { wanted: true } };
        self.tokens.push((token, at));
    }

    fn complete_chosen(&mut self, at: usize, status: abi::Status) {
        let Some(&mut (token, was)) = self.chosen(at) else { return };
        let taken = self.complete(token.value(), status);
        assert_eq!(taken, matches!(was, At::Offered { .. }), "{was:?}");
        let word = [Outcome::Delivered, Outcome::Deferred, Outcome::Rejected, Outcome::Gone][status as usize];
        match was {
            At::Offered { wanted: true } => self.chosen(at).unwrap().1 = At::Done(word),
            At::Offered { wanted: false } => self.chosen(at).unwrap().1 = At::Over,
            _ => self.refused += 1,
        }
    }

    fn take(&mut self, at: usize) {
        let Some(&mut (token, was)) = self.chosen(at) else { return };
        let context = Context::from_waker(Waker::noop());
        match was {
            At::Done(word) => {
                let taken = self.slots.poll_take(token, &context).map(|one: Outcomes| one.of(0).outcome);
                assert_eq!(taken, Poll::Ready(word));
                self.chosen(at).unwrap().1 = At::Over;
            }
            At::Queued { wanted: true } | At::Offered { wanted: true } => {
                assert!(self.slots.take_now(token).is_none());
            }
            // Whoever gave it up, or took it, does not ask again.
            _ => {}
        }
    }

    fn forget(&mut self, at: usize) {
        let Some(&mut (token, was)) = self.chosen(at) else { return };
        let (now, forgotten) = match was {
            At::Queued { wanted: true } => (At::Queued { wanted: false }, false),
            At::Offered { wanted: true } => (At::Offered { wanted: false }, true),
            At::Done(_) => (At::Over, false),
            _ => return,
        };
        let said = self.slots.forget(token);
        assert_eq!(matches!(said, Forgotten::InFlight(_)), forgotten, "{was:?}");
        self.chosen(at).unwrap().1 = now;
    }

    /// Every slot is free, claimed, or that of one token; none is lost and none is there twice.
    fn check(&self) {
        let held = self.tokens.iter().filter(|(_, at)| *at != At::Over).count();
        let given_up = |at: &At| matches!(at, At::Queued { wanted: false } | At::Offered { wanted: false });
        let abandoned = self.tokens.iter().filter(|(_, at)| given_up(at)).count();
        let standing = self.slots.standing();
        assert_eq!((standing.in_flight, standing.abandoned), (self.seats.len() + held, abandoned));
        assert_eq!(standing.refused, self.refused);
    }
}

proptest! {
    #[test]
    fn slots_are_as_the_model_says(steps in vec(step(), 0..200)) {
        let mut model =
            Model { slots: Slots::new(SLOTS), seats: Vec::new(), tokens: Vec::new(), refused: 0 };
        for step in steps {
            model.run(step);
            model.check();
        }
    }
}
