//! How many submissions wait for their answers at a time: fewer once the message centre is overloaded, then slowly more.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Semaphore, SemaphorePermit};

/// The places of submissions whose answers are awaited.
#[derive(Debug)]
pub(super) struct Window {
    places: Semaphore,
    most: usize,
    width: Mutex<Width>,
}

#[derive(Debug)]
struct Width {
    /// How many places there are meant to be.
    now: usize,
    /// Places that are still taken and go when they are left.
    owed: usize,
    /// What was taken since the width changed.
    taken: usize,
}

/// A place in the window, left when it is dropped.
#[derive(Debug)]
pub(super) struct Place<'a> {
    window: &'a Window,
    permit: Option<SemaphorePermit<'a>>,
}

impl Window {
    /// A window of `most` places, at least one.
    pub(super) fn new(most: usize) -> Self {
        let most = most.max(1);
        Self { places: Semaphore::new(most), most, width: Mutex::new(Width { now: most, owed: 0, taken: 0 }) }
    }

    /// Waits for a place.
    pub(super) async fn place(&self) -> Place<'_> {
        // It is never closed.
        Place { window: self, permit: self.places.acquire().await.ok() }
    }

    /// The far side asked for less: half as many places.
    pub(super) fn narrow(&self) {
        let mut width = self.width();
        let less = width.now - (width.now / 2).max(1);
        width.now -= less;
        width.taken = 0;
        width.owed += less - self.places.forget_permits(less);
    }

    /// The far side took one: after as many as there are places there is one more.
    pub(super) fn widen(&self) {
        let mut width = self.width();
        if width.now == self.most {
            return;
        }
        width.taken += 1;
        if width.taken < width.now {
            return;
        }
        width.taken = 0;
        width.now += 1;
        if width.owed > 0 {
            width.owed -= 1;
        } else {
            self.places.add_permits(1);
        }
    }

    fn width(&self) -> MutexGuard<'_, Width> {
        self.width.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut width = self.window.width();
        if width.owed > 0
            && let Some(permit) = self.permit.take()
        {
            width.owed -= 1;
            permit.forget();
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    /// How many places are free: takes all, and leaves them.
    fn free(window: &Window) -> usize {
        let mut taken = Vec::new();
        while let Some(place) = window.place().now_or_never() {
            taken.push(place);
        }
        taken.len()
    }

    #[test]
    fn it_halves_and_grows_back_one_by_one() {
        let window = Window::new(8);
        window.narrow();
        assert_eq!(free(&window), 4);
        (0..4).for_each(|_| window.widen());
        assert_eq!(free(&window), 5);
        (0..5 + 6 + 7).for_each(|_| window.widen());
        assert_eq!(free(&window), 8);
        (0..100).for_each(|_| window.widen());
        assert_eq!(free(&window), 8, "never above the most");
    }

    #[test]
    fn places_that_are_taken_go_when_they_are_left() {
        let window = Window::new(4);
        let taken: Vec<_> = (0..4).filter_map(|_| window.place().now_or_never()).collect();
        window.narrow();
        window.narrow();
        window.narrow();
        assert_eq!(free(&window), 0);
        drop(taken);
        assert_eq!(free(&window), 1, "one always remains");
    }
}
