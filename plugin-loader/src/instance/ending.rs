//! The end of a driver: shutdown under a watchdog, then destroy.

use std::{mem, sync::Arc, thread, time::Duration};

use tokio::sync::oneshot;

use super::running::Instance;

/// How much longer than its grace a driver may take to end.
const MORE: Duration = Duration::from_secs(1);

/// Shuts the driver down on a thread of its own; the receiver hears when it is destroyed.
///
/// The thread keeps the instance alive: a driver that hangs may still call the host.
pub(crate) fn end(instance: &Arc<Instance>, grace: Duration) -> oneshot::Receiver<()> {
    let (sender, receiver) = oneshot::channel();
    let grace_ms = u32::try_from(grace.as_millis()).unwrap_or(u32::MAX);
    let kept = Arc::clone(instance);
    let ending = move || {
        if let Some((table, _inside)) = kept.enter() {
            // SAFETY: whoever is inside keeps the driver from being destroyed.
            unsafe { table.shutdown(grace_ms) };
        }
        if let Some(table) = kept.close() {
            // SAFETY: nobody is inside any more, and this is the only place that destroys; it is called once.
            unsafe { table.destroy() };
        }
        kept.slots.end();
        // Nobody may wait any more.
        sender.send(()).ok();
    };
    if thread::Builder::new().name("nuncio-driver-end".into()).spawn(ending).is_err() {
        instance.warn("cannot be shut down, since the system has no thread: abandoned");
        // It may still call the host.
        mem::forget(Arc::clone(instance));
    }
    receiver
}

/// Shuts the driver down. One that takes much longer than `grace` is abandoned: its memory and threads stay.
pub(crate) async fn end_within(instance: &Arc<Instance>, grace: Duration) {
    let ended = end(instance, grace);
    if tokio::time::timeout(grace.saturating_add(MORE), ended).await.is_err() {
        let driver = instance.name.as_str();
        let standing = instance.slots.standing();
        tracing::error!(
            target: "nuncio::driver", driver, in_flight = standing.in_flight,
            "the driver does not shut down within {} ms: abandoned", grace.saturating_add(MORE).as_millis()
        );
        instance.slots.end();
    }
}
