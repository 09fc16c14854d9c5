//! Keeps one process of a driver alive.

use std::sync::Arc;

use nuncio_core::Manifest;
use tokio::{sync::watch, time::Instant};

use super::{
    error::ExecError,
    flights::Flights,
    handshake::{Birth, Greeted},
    life::{Life, Means},
    running::{Body, Wish, live, wished},
    state::State,
    suspects::Suspects,
};

/// Keeps one process of a driver alive: a new life after each death, until its owner wants the end.
pub(super) struct Supervisor {
    pub(super) birth: Birth,
    pub(super) manifest: Arc<Manifest>,
    pub(super) suspects: Arc<Suspects>,
    pub(super) state: Arc<State>,
    pub(super) wish: watch::Receiver<Wish>,
}

/// A life and its process.
pub(super) struct Alive {
    pub(super) life: Arc<Life>,
    pub(super) body: Body,
}

impl Alive {
    /// Makes a life of a process that is ready.
    pub(super) fn of(
        greeted: Greeted,
        birth: &Birth,
        manifest: &Arc<Manifest>,
        suspects: &Arc<Suspects>,
    ) -> Self {
        let Greeted { process, stdin, stdout, hearing, .. } = greeted;
        let life = Arc::new(Life::new(Means {
            manifest: Arc::clone(manifest),
            flights: Flights::new(birth.options.slots(), Arc::clone(suspects)),
            hearing,
            host: Arc::clone(&birth.context.host),
            patience: birth.options.call,
        }));
        Self { life, body: Body { process, stdin, stdout } }
    }
}

impl Supervisor {
    /// Lives, and lives again, from `first` on.
    pub(super) async fn run(mut self, first: Alive) {
        let (mut alive, mut failures) = (first, 0);
        loop {
            let began = Instant::now();
            let Alive { life, body } = alive;
            let death = Box::pin(live(body, &life, &self.birth.options, &mut self.wish)).await;
            let Some(reason) = death else {
                self.state.fall(ENDED);
                life.end(ENDED);
                return;
            };
            failures = self.birth.options.backoff.remembered(failures, began.elapsed());
            tracing::warn!(driver = self.birth.name, reason, "a driver died; it is started again");
            self.state.fall(format!("{reason}; it is being started again"));
            life.end(&reason);
            match self.reborn(&mut failures).await {
                Some(next) => alive = next,
                None => return self.state.fall(ENDED),
            }
            tracing::info!(driver = self.birth.name, "the driver is up again");
            self.state.rise(Arc::clone(&alive.life));
        }
    }

    /// The next life; `None` where the owner wants the end.
    async fn reborn(&mut self, failures: &mut u32) -> Option<Alive> {
        loop {
            let wait = self.birth.options.backoff.wait(*failures);
            *failures = failures.saturating_add(1);
            let next = async {
                tokio::time::sleep(wait).await;
                let greeted = self.birth.start().await?;
                if greeted.manifest == *self.manifest { Ok(greeted) } else { Err(ExecError::Changed) }
            };
            let next = tokio::select! {
                next = Box::pin(next) => next,
                _ = wished(&mut self.wish) => return None,
            };
            match next {
                Ok(greeted) => return Some(Alive::of(greeted, &self.birth, &self.manifest, &self.suspects)),
                Err(error @ ExecError::Changed) => {
                    tracing::error!(driver = self.birth.name, "{error}");
                    self.state.fall(error.to_string());
                    wished(&mut self.wish).await;
                    return None;
                }
                Err(error) => {
                    tracing::warn!(
                        driver = self.birth.name,
                        "the driver could not be started again: {error}"
                    );
                    self.state.fall(format!("it could not be started again, and is tried further: {error}"));
                }
            }
        }
    }
}

/// Why nothing is delivered after a shutdown.
pub(super) const ENDED: &str = "the driver was shut down";
