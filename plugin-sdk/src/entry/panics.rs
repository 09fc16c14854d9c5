//! Panics of a driver: caught, and told with their message and place.

use std::{
    any::Any,
    cell::{Cell, RefCell},
    future::poll_fn,
    mem,
    panic::{self, AssertUnwindSafe, PanicHookInfo},
    pin::pin,
    sync::Once,
    task::Poll,
};

use super::{foreign::cut, logs};

/// The most bytes of a panic's message that are told.
const MESSAGE_BYTES: usize = 1000;

thread_local! {
    /// How deep this thread is in [`caught`].
    static DEPTH: Cell<u32> = const { Cell::new(0) };
    /// The last panic of this thread within [`caught`].
    static TOLD: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Has panics leave their place behind. Others than those in [`caught`] (of a driver's own threads and tasks) go to the
/// host's log, and to the hook that was there.
pub(super) fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |told| {
            if DEPTH.get() > 0 {
                TOLD.with_borrow_mut(|last| *last = Some(described(told)));
            } else {
                logs::panicked(&described(told));
                previous(told);
            }
        }));
    });
}

/// Runs `work`; a panic becomes its text: `panicked at FILE:LINE: MESSAGE`.
pub(super) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    DEPTH.set(DEPTH.get() + 1);
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    let result = result.map_err(|payload| {
        let told = TOLD.take();
        discard(payload);
        told.unwrap_or_else(|| "panicked".to_owned())
    });
    DEPTH.set(DEPTH.get() - 1);
    result
}

/// As [`caught`], for something that is awaited.
pub(super) async fn caught_in<T>(work: impl Future<Output = T>) -> Result<T, String> {
    let mut work = pin!(work);
    poll_fn(|context| match caught(|| work.as_mut().poll(context)) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(result)) => Poll::Ready(Ok(result)),
        Err(told) => Poll::Ready(Err(told)),
    })
    .await
}

/// What somebody panicked with may panic in its turn when it is dropped.
fn discard(payload: Box<dyn Any + Send>) {
    if let Err(again) = panic::catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        mem::forget(again);
    }
}

fn described(told: &PanicHookInfo<'_>) -> String {
    let message = cut(told.payload_as_str().unwrap_or("no message"), MESSAGE_BYTES);
    match told.location() {
        Some(place) => format!("panicked at {}:{}: {message}", place.file(), place.line()),
        None => format!("panicked: {message}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_names_file_line_and_message() {
        install();
        let line = line!() + 1;
        let told = caught(|| panic!("no {}", "luck")).unwrap_err();
        assert_eq!(told, format!("panicked at {}:{line}: no luck", file!()));
    }

    #[test]
    fn a_payload_that_panics_when_dropped_is_survived() {
        struct Bad;
        impl Drop for Bad {
            fn drop(&mut self) {
                panic!("again");
            }
        }
        install();
        let told = caught(|| panic::panic_any(Bad)).unwrap_err();
        assert!(told.starts_with("panicked at ") && told.ends_with("no message"), "{told}");
    }

    #[test]
    fn a_long_message_is_cut() {
        install();
        let told = caught(|| panic!("{}", "é".repeat(MESSAGE_BYTES))).unwrap_err();
        assert!(told.ends_with('é') && told.len() < MESSAGE_BYTES + 200, "{}", told.len());
    }
}
