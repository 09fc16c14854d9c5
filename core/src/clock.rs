//! Time comes from one place, so that tests can drive it.

/// The time.
pub trait Clock: Send + Sync {
    /// Unix milliseconds; may jump when somebody sets the clock.
    fn now_ms(&self) -> i64;
}
