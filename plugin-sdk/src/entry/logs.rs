//! The driver's log lines go to the host.
//!
//! A library has its own copy of `tracing` and of its one global subscriber, so all instances share it: a line goes to
//! the host of the youngest one that lives.

use std::sync::{Arc, Once, PoisonError, RwLock};

use nuncio_core::abi;
use tracing_core::{
    Dispatch, Event, Interest, Level, Metadata, Subscriber, dispatcher,
    span::{Attributes, Id, Record},
};

use super::{fields::Fields, host::Host};

/// The hosts of the instances that live, the youngest last.
static HOSTS: RwLock<Vec<Arc<Host>>> = RwLock::new(Vec::new());

/// Sends lines to `host` from now on.
pub(super) fn forward_to(host: &Arc<Host>) {
    static ONCE: Once = Once::new();
    HOSTS.write().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(host));
    ONCE.call_once(|| {
        // Whoever was first in this process' copy of `tracing` stays: then the host sees these lines anyway.
        drop(dispatcher::set_global_default(Dispatch::new(Forward)));
    });
}

/// Sends no more lines to `host`.
pub(super) fn forget(host: &Arc<Host>) {
    HOSTS.write().unwrap_or_else(PoisonError::into_inner).retain(|one| !Arc::ptr_eq(one, host));
}

/// Says that a thread or task of the driver's own panicked.
pub(super) fn panicked(told: &str) {
    // Not waited for: the panic may be of somebody who holds it.
    if let Some(host) = HOSTS.try_read().ok().and_then(|hosts| hosts.last().cloned()) {
        host.error("panic", told);
    }
}

fn youngest() -> Option<Arc<Host>> {
    HOSTS.read().unwrap_or_else(PoisonError::into_inner).last().cloned()
}

struct Forward;

impl Subscriber for Forward {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        // The host may change its mind, so it is asked each time.
        if metadata.is_event() { Interest::sometimes() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let wanted = |host: Arc<Host>| host.log_enabled(level(*metadata.level()), metadata.target());
        metadata.is_event() && youngest().is_some_and(wanted)
    }

    fn event(&self, event: &Event<'_>) {
        let Some(host) = youngest() else { return };
        let metadata = event.metadata();
        let mut fields = Fields::default();
        event.record(&mut fields);
        let (message, json) = fields.into_parts();
        host.log(level(*metadata.level()), metadata.target(), &message, &json);
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

fn level(level: Level) -> i32 {
    match level {
        Level::ERROR => abi::LOG_ERROR,
        Level::WARN => abi::LOG_WARN,
        Level::INFO => abi::LOG_INFO,
        Level::DEBUG => abi::LOG_DEBUG,
        Level::TRACE => abi::LOG_TRACE,
    }
}
