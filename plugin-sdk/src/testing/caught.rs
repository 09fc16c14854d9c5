//! Panics of a driver, as findings.

use std::{
    any::Any,
    cell::RefCell,
    panic::{self, AssertUnwindSafe},
    sync::Once,
};

thread_local! {
    static PLACE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Does `work`; a panic in it is told in one line, with file and line.
pub(super) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    remember_places();
    PLACE.with_borrow_mut(String::clear);
    panic::catch_unwind(AssertUnwindSafe(work)).map_err(|payload| {
        let place = PLACE.with_borrow(Clone::clone);
        format!("it panicked at {place}: {}", text(&*payload))
    })
}

/// The hook that was there is called as well, so that the test's own panics are shown as ever.
fn remember_places() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            let place = panic.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
            // While a thread ends there is nothing left to remember it in.
            PLACE.try_with(|kept| kept.replace(place)).ok();
            before(panic);
        }));
    });
}

fn text(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("without a text")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_told_with_its_place() {
        let told = caught(|| panic!("no {}", "subject")).unwrap_err();
        assert!(told.starts_with(&format!("it panicked at {}:", file!())), "{told}");
        assert!(told.ends_with(": no subject"), "{told}");
        assert_eq!(caught(|| 7), Ok(7));
    }
}
