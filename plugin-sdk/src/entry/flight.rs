//! What did not end when it was first looked at: it runs on the instance's runtime and ends exactly once.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, Waker},
};

use super::panics::caught;

/// What is under way, and borrows nothing that it does not hold.
pub(super) type Work<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// How it ended.
#[derive(Debug)]
pub(super) enum End<T> {
    /// With a result.
    Done(T),
    /// With a panic.
    Panicked(String),
    /// Before it was through: somebody asked for it, or the runtime went down.
    Cancelled,
}

/// Polls `work` where we are; what is not ready is polled again on the runtime, with a waker that wakes.
pub(super) fn poll_once<T>(work: Pin<&mut (impl Future<Output = T> + ?Sized)>) -> Option<T> {
    match work.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => Some(result),
        Poll::Pending => None,
    }
}

/// Asks for the end of a [`Flight`].
#[derive(Debug, Default)]
pub(super) struct Cancel(Mutex<Asked>);

#[derive(Debug, Default)]
struct Asked {
    asked: bool,
    waker: Option<Waker>,
}

impl Cancel {
    /// Ends the flight soon.
    pub(super) fn ask(&self) {
        let waker = {
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            state.asked = true;
            state.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn is_asked(&self, waker: &Waker) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut state.waker {
            Some(known) => known.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
        state.asked
    }
}

/// Carries `work` to its end, lets go of it, and then tells `tell`: once, also when it is dropped before.
pub(super) struct Flight<T, F: FnOnce(End<T>)> {
    work: Option<Work<T>>,
    tell: Option<F>,
    cancel: Arc<Cancel>,
}

impl<T, F: FnOnce(End<T>) + Unpin> Flight<T, F> {
    pub(super) const fn new(work: Work<T>, cancel: Arc<Cancel>, tell: F) -> Self {
        Self { work: Some(work), tell: Some(tell), cancel }
    }
}

impl<T, F: FnOnce(End<T>)> Flight<T, F> {
    /// The work goes first: the host may free what it borrowed as soon as it is told.
    fn end(&mut self, end: End<T>) {
        let work = self.work.take();
        let dropped = caught(|| drop(work));
        let Some(tell) = self.tell.take() else { return };
        tell(match (end, dropped) {
            (End::Cancelled, Err(told)) => End::Panicked(told),
            (end, _) => end,
        });
    }
}

impl<T, F: FnOnce(End<T>) + Unpin> Future for Flight<T, F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        if this.cancel.is_asked(context.waker()) {
            this.end(End::Cancelled);
            return Poll::Ready(());
        }
        let Some(work) = &mut this.work else { return Poll::Ready(()) };
        let end = match caught(|| work.as_mut().poll(context)) {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(result)) => End::Done(result),
            Err(told) => End::Panicked(told),
        };
        this.end(end);
        Poll::Ready(())
    }
}

impl<T, F: FnOnce(End<T>)> Drop for Flight<T, F> {
    fn drop(&mut self) {
        self.end(End::Cancelled);
    }
}
