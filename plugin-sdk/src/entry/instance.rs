//! One driver made by `create`, with its own runtime.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use nuncio_core::{Driver, Outcomes};
use tokio::{
    runtime::{Builder, Handle, Runtime},
    time::timeout,
};

use super::{
    complete::{Ended, complete},
    flight::{Cancel, End, Flight, Work},
    gate::Gate,
    host::Host,
    panics::caught_in,
    target::Targets,
    underway::{Seat, UnderWay, Way},
};

/// The most worker threads of one instance.
const MOST_THREADS: usize = 64;
/// Of a grace period, the part that is kept for letting go of what did not end: a tenth.
const LETTING_GO: u32 = 10;
/// How long threads of the runtime are waited for that are not under way in a delivery, at least.
const LEAST_WAIT: Duration = Duration::from_millis(500);

/// One driver made by `create`.
pub(super) struct Instance {
    pub(super) driver: Arc<dyn Driver>,
    pub(super) host: Arc<Host>,
    pub(super) handle: Handle,
    pub(super) gate: Gate,
    pub(super) underway: Arc<UnderWay>,
    pub(super) targets: Targets,
    /// The most notices that the driver takes at once.
    pub(super) batch: usize,
    runtime: Mutex<Option<Runtime>>,
}

/// A runtime for the driver `name`.
pub(super) fn runtime(name: &str, threads: usize) -> Result<Runtime, String> {
    let threads = threads.clamp(1, MOST_THREADS);
    let built = Builder::new_multi_thread()
        .worker_threads(threads)
        .thread_name(format!("nuncio-{name}"))
        .enable_all()
        .build();
    built.map_err(|error| format!("cannot start {threads} threads: {error}"))
}

impl Instance {
    pub(super) fn new(driver: Arc<dyn Driver>, host: Arc<Host>, runtime: Runtime, batch: u32) -> Self {
        Self {
            driver,
            host,
            handle: runtime.handle().clone(),
            gate: Gate::default(),
            underway: Arc::default(),
            targets: Targets::default(),
            batch: batch.max(1) as usize,
            runtime: Mutex::new(Some(runtime)),
        }
    }

    /// Ends the delivery `token` soon, if it is under way.
    pub(super) fn cancel(self: &Arc<Self>, token: u64) {
        match self.underway.way(token, self.gate.is_busy()) {
            None => {}
            Some(Way::Own(cancel)) => cancel.ask(),
            Some(Way::Item(item)) => {
                // Not from in here: the host may hold what it needs to take a completion.
                let seat = self.underway.seat();
                self.handle.spawn(async move {
                    item.cancel();
                    drop(seat);
                });
            }
        }
    }

    /// Carries `work` on the runtime, and then completes `token`.
    pub(super) fn deliver_on(self: &Arc<Self>, token: u64, work: Work<Outcomes>) {
        let (cancel, seat, instance) = (Arc::<Cancel>::default(), self.underway.seat(), Arc::clone(self));
        if !self.underway.begin(token, Way::Own(Arc::clone(&cancel))) {
            cancel.ask();
        }
        let tell = move |end| {
            let ended = match end {
                End::Done(outcomes) => Ended::Said(outcomes),
                End::Panicked(told) => Ended::panicked(told),
                End::Cancelled => Ended::Cancelled,
            };
            instance.underway.end(token);
            complete(&instance.host, &[(token, ended)]);
            leave(instance, seat);
        };
        self.handle.spawn(Flight::new(work, cancel, tell));
    }

    /// Takes nothing more, lets the driver and what is under way end within `grace`, cancels the rest, and returns when
    /// all is completed and the threads are gone. The second time it does nothing.
    ///
    /// A driver that blocks a thread for longer holds this up: the memory it was lent is still in its hands.
    pub(super) fn shutdown(&self, grace: Duration) {
        self.gate.close();
        let runtime = self.runtime.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(runtime) = runtime else { return };
        let letting_go = grace / LETTING_GO;
        let patience = grace - letting_go;
        runtime.block_on(async {
            let all = async {
                // A panic in the driver's own shutdown ends that, and nothing else.
                if let Err(told) = caught_in(self.driver.shutdown(patience)).await {
                    self.host.error(module_path!(), &format!("shutdown {told}"));
                }
                self.underway.over().await;
            };
            // What is not over by then is dropped with the runtime.
            drop(timeout(patience, all).await);
        });
        // Drops every task, each of which then completes its token.
        runtime.shutdown_timeout(letting_go.max(LEAST_WAIT));
        self.underway.wait_over();
    }
}

/// The last thing a flight does: who waits for its seat may destroy the instance.
pub(super) fn leave(instance: Arc<Instance>, seat: Seat) {
    drop(instance);
    drop(seat);
}
