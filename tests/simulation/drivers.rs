//! Far sides in every mood.

use std::time::Duration;

use nuncio_core::{
    Report, Scope,
    engine::{End, Job},
};

use crate::rng::Rng;

/// The deadline of an attempt, milliseconds.
pub(crate) const DEADLINE_MS: i64 = 30_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    Good,
    /// Each recipient by chance.
    Flaky,
    Down,
    /// Asks to be left alone for a while.
    Busy,
    /// Answers when the deadline has passed.
    Hanging,
    /// The account is refused.
    Refusing,
    /// A template is missing.
    Missing,
}

impl Mood {
    pub(crate) const ALL: [Self; 7] =
        [Self::Good, Self::Flaky, Self::Down, Self::Busy, Self::Hanging, Self::Refusing, Self::Missing];

    /// How an attempt ends, and whether by the deadline.
    pub(crate) fn answer(self, rng: &mut Rng, job: &Job) -> (Vec<(u32, End)>, bool) {
        let timed_out = self == Self::Hanging;
        let ends = job.open.iter().filter_map(|open| Some((open.idx, self.end(rng)?))).collect();
        (ends, timed_out)
    }

    fn end(self, rng: &mut Rng) -> Option<End> {
        let report = match self {
            Self::Good => Report::delivered(),
            Self::Flaky => return flaky(rng),
            Self::Down => Report::deferred(Scope::Destination, "connection refused"),
            Self::Busy => {
                let wait = Duration::from_millis(rng.range(1, 400_000));
                Report::deferred(Scope::Destination, "429").retry_after(wait)
            }
            Self::Hanging => Report::deferred(Scope::Destination, "timed out").maybe_sent(),
            Self::Refusing => Report::deferred(Scope::Account, "bad password"),
            Self::Missing => return Some(End::Held("no template".to_owned())),
        };
        Some(End::Report(report))
    }
}

fn flaky(rng: &mut Rng) -> Option<End> {
    Some(End::Report(match rng.below(20) {
        0..=9 => Report::delivered().code(200),
        10..=13 => Report::deferred(Scope::Recipient, "busy"),
        14 => Report::deferred(Scope::Destination, "reset"),
        15 => Report::rejected(Scope::Message, "too large"),
        16 => Report::gone("no such user"),
        17 => return Some(End::Cancelled),
        18 => return Some(End::Suppressed),
        _ => return None,
    }))
}
