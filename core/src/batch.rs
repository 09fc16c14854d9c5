//! Several notices for one driver at once.

use std::{future::poll_fn, task::Poll};

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

    /// Has `one` deliver each notice, all at once, and settles each as soon as it is known: one that hangs keeps none of
    /// the others waiting.
    pub async fn each<F: Future<Output = Outcomes>>(&self, one: impl Fn(&'a Notice<'a>) -> F) {
        let mut open: Vec<_> = self.notices.iter().map(|notice| Some(Box::pin(one(notice)))).collect();
        poll_fn(|context| {
            let mut left = false;
            for (position, item) in open.iter_mut().enumerate() {
                let Some(delivery) = item else { continue };
                match delivery.as_mut().poll(context) {
                    Poll::Ready(outcomes) => {
                        *item = None;
                        self.settle(position, outcomes);
                    }
                    Poll::Pending => left = true,
                }
            }
            if left { Poll::Pending } else { Poll::Ready(()) }
        })
        .await;
    }
}

#[cfg(test)]
mod tests {
    use std::{
        pin::pin,
        sync::Mutex,
        task::{Context, Waker},
    };

    use super::*;
    use crate::{Driver, Options, Outcome, SubscriberUri};

    #[derive(Default)]
    struct Settled(Mutex<Vec<(usize, Outcome)>>);

    impl Settle for Settled {
        fn settle(&self, position: usize, outcomes: Outcomes) {
            self.0.lock().unwrap().push((position, outcomes.of(0).outcome));
        }
    }

    /// Hangs until it is asked a second time, where the body says so.
    struct Slow;

    #[async_trait::async_trait]
    impl Driver for Slow {
        async fn deliver(&self, notice: &Notice<'_>) -> Outcomes {
            let mut asked = notice.body != b"hangs";
            poll_fn(|_| if std::mem::replace(&mut asked, true) { Poll::Ready(()) } else { Poll::Pending })
                .await;
            Outcome::Delivered.into()
        }
    }

    #[test]
    fn an_item_that_hangs_keeps_none_waiting() {
        let (uri, options) = (SubscriberUri::parse("x://h").unwrap(), Options::default());
        let mut notices = [Notice::new("d", &uri, &[], &options); 3];
        notices[0].body = b"hangs";
        let settled = Settled::default();
        let batch = Batch::new(&notices, &settled);
        let mut delivery = pin!(Slow.deliver_batch(&batch));
        let mut context = Context::from_waker(Waker::noop());
        assert!(delivery.as_mut().poll(&mut context).is_pending());
        assert_eq!(*settled.0.lock().unwrap(), [(1, Outcome::Delivered), (2, Outcome::Delivered)]);
        assert!(delivery.as_mut().poll(&mut context).is_ready());
        assert_eq!(settled.0.lock().unwrap()[2], (0, Outcome::Delivered));
    }
}
