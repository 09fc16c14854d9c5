//! Several notices for one driver at once.

use crate::{Notice, Outcomes};

/// Takes the outcomes of a batch, one item after the other.
pub trait Settle: Send + Sync {
    /// The outcomes of the notice at `position`; a second word on one position is ignored.
    fn settle(&self, position: usize, outcomes: Outcomes);
}

/// Several notices that a driver is given together, since its manifest allows so many.
///
/// Each item is settled by itself as soon as it is known, so that those that are done stay done when another panics or
/// the time is over. What is not settled when the driver returns counts as deferred, maybe sent.
#[derive(Clone, Copy)]
pub struct Batch<'a> {
    notices: &'a [Notice<'a>],
    settle: &'a dyn Settle,
}

impl std::fmt::Debug for Batch<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.notices.iter().map(|notice| notice.id)).finish()
    }
}

impl<'a> Batch<'a> {
    /// A batch of `notices` whose outcomes go to `settle`.
    #[must_use]
    pub const fn new(notices: &'a [Notice<'a>], settle: &'a dyn Settle) -> Self {
        Self { notices, settle }
    }

    /// The notices: at least one, at most the manifest's `limits.batch`.
    #[must_use]
    pub const fn notices(&self) -> &'a [Notice<'a>] {
        self.notices
    }

    /// Says what became of the notice at `position`.
    pub fn settle(&self, position: usize, outcomes: impl Into<Outcomes>) {
        self.settle.settle(position, outcomes.into());
    }
}
