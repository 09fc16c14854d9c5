use std::{
    thread,
    time::{Duration, Instant},
};

/// Looks every 10 ms until `look` finds something or `limit` has passed.
pub fn patiently<T>(limit: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + limit;
    loop {
        let found = look();
        if found.is_some() || Instant::now() >= end {
            return found;
        }
        thread::sleep(Duration::from_millis(10));
    }
}

/// As [`patiently`]; finding nothing fails the test, naming `what` was waited for.
#[track_caller]
pub fn until<T>(what: &str, limit: Duration, look: impl FnMut() -> Option<T>) -> T {
    patiently(limit, look).unwrap_or_else(|| panic!("waited {limit:?} in vain for {what}"))
}
