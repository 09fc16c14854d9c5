//! What a connection stands for: the subscriptions that live with it, and those that are attached to it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{
    driver,
    form::Form,
    hub::{ConnectionId, Hub, Named},
    outbox::Outbox,
};
use crate::{
    api::{Face, Problem},
    storage::own_destination,
};

/// A connection as its requests see it.
pub(super) struct Connection {
    /// Its number.
    pub(super) id: ConnectionId,
    /// What waits to be pushed.
    pub(super) outbox: Arc<Outbox>,
    hub: Arc<Hub>,
    face: Face,
    held: Mutex<Vec<Held>>,
}

/// A subscription that is attached.
#[derive(Clone)]
struct Held {
    named: Named,
    /// Its project and queue, where it ends with the connection.
    bound: Option<(String, String)>,
}

impl Connection {
    /// A connection that is there.
    pub(super) fn new(face: Face, hub: Arc<Hub>) -> Self {
        let outbox = Arc::new(Outbox::new(face.config.websocket.max_pending_bytes));
        Self { id: hub.enter(), outbox, hub, face, held: Mutex::default() }
    }

    /// Looks whether one more subscription may be attached.
    pub(super) async fn room(&self) -> Result<(), Problem> {
        let most = self.face.config.websocket.max_subscriptions;
        if self.held().len() >= most {
            self.forget_ended().await?;
        }
        if self.held().len() < most {
            return Ok(());
        }
        Err(Problem::request(format!(
            "A connection may have at most {most} subscriptions (websocket.max_subscriptions); open another one."
        )))
    }

    /// Attaches a subscription that ends with this connection.
    pub(super) async fn own(&self, project: &str, queue: &str, named: Named, form: Form) {
        self.hold(named, form, Some((project.to_owned(), queue.to_owned()))).await;
    }

    /// Attaches a stored subscription, whichever connection had it before.
    pub(super) async fn attach(&self, named: Named, form: Form) {
        self.hold(named, form, None).await;
    }

    /// A subscription has ended.
    pub(super) async fn lost(&self, named: &Named) {
        self.held().retain(|held| held.named != *named);
        self.detach(named).await;
    }

    /// The connection ends, and with it the subscriptions that live with it.
    pub(super) async fn close(&self) {
        self.hub.leave(self.id);
        let all = std::mem::take(&mut *self.held());
        // Nobody is there before what is not written comes back: that is no failure of the lane.
        let ours: Vec<_> = all.iter().map(|held| self.hub.detach(self.id, &held.named)).collect();
        self.outbox.close();
        for (Held { named, bound }, ours) in all.into_iter().zip(ours) {
            if let Some((project, queue)) = bound
                && let Err(error) = self.face.store.subscription_end(&project, &queue, named.id).await
            {
                tracing::warn!(%error, "a subscription outlives its connection until the next start");
            }
            if ours {
                self.turned(&named).await;
            }
        }
    }

    async fn hold(&self, named: Named, form: Form, bound: Option<(String, String)>) {
        if !self.hub.attach(self.id, &named, form, Arc::clone(&self.outbox)) {
            return;
        }
        {
            let mut held = self.held();
            held.retain(|held| held.named != named);
            held.push(Held { named: named.clone(), bound });
        }
        self.turned(&named).await;
    }

    async fn detach(&self, named: &Named) {
        if self.hub.detach(self.id, named) {
            self.turned(named).await;
        }
    }

    async fn turned(&self, named: &Named) {
        self.face.delivery.destination_turned(driver::NAME, &own_destination(named.id)).await;
    }

    /// Lets go of subscriptions that somebody else ended.
    async fn forget_ended(&self) -> Result<(), Problem> {
        let all: Vec<_> = self.held().iter().map(|held| held.named.clone()).collect();
        let live = self.face.store.subscriptions_live(all.iter().map(|named| named.id).collect()).await?;
        for named in all.iter().filter(|named| !live.contains(&named.id)) {
            self.lost(named).await;
        }
        Ok(())
    }

    fn held(&self) -> MutexGuard<'_, Vec<Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
