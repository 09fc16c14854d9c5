//! The one task of a pool: it closes what has rested too long or was closed by the far side.

use std::{
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    task::{AbortHandle, coop::unconstrained},
    time::sleep,
};

use super::visit::Shared;

/// It looks so often within the time that a connection may rest, but not more often than this.
const LOOKS: u32 = 4;
const SHORTEST: Duration = Duration::from_millis(100);

/// Runs while there is something at rest, and never longer than the pool.
#[derive(Default)]
pub(super) struct Reaper {
    watching: AtomicBool,
    task: Mutex<Option<AbortHandle>>,
}

impl Reaper {
    /// Begins to watch `shared`, unless it does.
    pub(super) fn watch(&self, shared: &Arc<Shared>) {
        if !self.watching.swap(true, Ordering::AcqRel) {
            let task = tokio::spawn(reap(Watch(Arc::downgrade(shared)))).abort_handle();
            *self.task.lock().unwrap_or_else(PoisonError::into_inner) = Some(task);
        }
    }
}

impl Drop for Reaper {
    fn drop(&mut self) {
        if let Some(task) = self.task.get_mut().unwrap_or_else(PoisonError::into_inner).take() {
            task.abort();
        }
    }
}

/// A runtime that ends takes the task with it; then the next one may begin anew.
struct Watch(Weak<Shared>);

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(shared) = self.0.upgrade() {
            shared.reaper.watching.store(false, Ordering::Release);
        }
    }
}

async fn reap(watch: Watch) {
    loop {
        let Some(pause) = watch.0.upgrade().map(|shared| shared.limits.idle_timeout / LOOKS) else { return };
        sleep(pause.max(SHORTEST)).await;
        let Some(shared) = watch.0.upgrade() else { return };
        // A task's budget of reads would end the look after a hundred connections.
        let gone = unconstrained(async { shared.state().sweep(&shared.limits) }).await;
        drop(gone);
        if shared.state().is_empty() {
            shared.reaper.watching.store(false, Ordering::Release);
            // Something may have come to rest before it could see that nobody watches any more.
            if shared.state().is_empty() || shared.reaper.watching.swap(true, Ordering::AcqRel) {
                return;
            }
        }
    }
}
