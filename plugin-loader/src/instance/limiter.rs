//! So many a second, and a count of what was left out.

use std::sync::{Mutex, PoisonError};

const SECOND_MS: i64 = 1000;

/// Lets so many pass in a second.
#[derive(Debug)]
pub(super) struct Limiter {
    most: u32,
    window: Mutex<Window>,
}

#[derive(Debug, Default)]
struct Window {
    start_ms: i64,
    passed: u32,
    left_out: u64,
}

impl Limiter {
    pub(super) const fn new(most: u32) -> Self {
        Self { most, window: Mutex::new(Window { start_ms: i64::MIN, passed: 0, left_out: 0 }) }
    }

    /// Whether one more may pass now, and then how many were left out before it.
    pub(super) fn pass(&self, now_ms: i64) -> Option<u64> {
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that was set back begins a new second as well.
        if !(window.start_ms..window.start_ms.saturating_add(SECOND_MS)).contains(&now_ms) {
            let left_out = window.left_out;
            *window = Window { start_ms: now_ms, passed: 0, left_out };
        }
        if window.passed >= self.most {
            window.left_out += 1;
            return None;
        }
        window.passed += 1;
        Some(std::mem::take(&mut window.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_pass_in_a_second_and_the_rest_is_counted() {
        let limiter = Limiter::new(2);
        let passed: Vec<_> = [0, 1, 2, 999].map(|at| limiter.pass(at)).to_vec();
        assert_eq!(passed, [Some(0), Some(0), None, None]);
        assert_eq!((limiter.pass(1000), limiter.pass(1001)), (Some(2), Some(0)));
        assert_eq!(limiter.pass(-5), Some(0), "the clock was set back");
    }
}
