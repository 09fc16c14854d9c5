//! What is asked of the store when messages are taken out.

use std::sync::Arc;

use nuncio_core::{ClaimId, MessageId};

use super::limits;
use crate::{
    config::Config,
    storage::{Claimed, Deletion, Pulled, Store, StoreError},
};

/// Why messages are not let out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OutletError {
    /// A limit is broken: which field, which limit.
    #[error("{0}")]
    Limit(String),
    /// A claim stands in the way.
    #[error("{}", why(*.0))]
    Claim(Deletion),
    /// The store refused or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What Zaqar says when a message is not deleted.
const fn why(refused: Deletion) -> &'static str {
    match refused {
        Deletion::NotClaimed => "A claim was specified, but the message is not currently claimed.",
        Deletion::UnknownClaim => "The specified claim does not exist or has expired.",
        Deletion::NeedsClaim | Deletion::OtherClaim | Deletion::Done => {
            "This message is claimed; it cannot be deleted without a valid claim ID."
        }
    }
}

/// How long a claim shall live, in seconds; what is absent is the host's default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hold {
    /// The claim.
    pub ttl: Option<i64>,
    /// Its messages after it.
    pub grace: Option<i64>,
}

/// Several messages that are to be deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removal {
    /// Which.
    pub ids: Vec<MessageId>,
    /// The claims that hold them, where the client names any.
    pub claims: Option<Vec<ClaimId>>,
}

/// The way out.
#[derive(Clone)]
pub struct Outlet {
    store: Arc<dyn Store>,
    config: Arc<Config>,
}

impl std::fmt::Debug for Outlet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outlet").finish_non_exhaustive()
    }
}

impl Outlet {
    /// The way out of `store`.
    #[must_use]
    pub const fn new(store: Arc<dyn Store>, config: Arc<Config>) -> Self {
        Self { store, config }
    }

    /// Claims the first messages that are free, at most `limit`; `None` when there are none.
    ///
    /// # Errors
    /// [`OutletError::Limit`] names what is out of its limits.
    pub async fn claim(
        &self,
        project: &str,
        queue: &str,
        hold: Hold,
        limit: Option<i64>,
    ) -> Result<Option<Claimed>, OutletError> {
        let mut new = limits::new_claim(hold, limit, &self.config.queues)?;
        let Some(row) = self.store.queue(project, queue).await? else { return Ok(None) };
        new.dead_letters = limits::dead_letters(&row.metadata);
        Ok(self.store.claim(project, queue, new).await?)
    }

    /// Lets a claim live anew; whether it was there.
    ///
    /// # Errors
    /// As [`Outlet::claim`].
    pub async fn renew(
        &self,
        project: &str,
        queue: &str,
        id: ClaimId,
        hold: Hold,
    ) -> Result<bool, OutletError> {
        let (ttl, grace) = limits::lengths(hold, &self.config.queues)?;
        Ok(self.store.claim_renew(project, queue, id, ttl, grace).await?)
    }

    /// Takes the first `n` messages that are free out of the queue.
    ///
    /// # Errors
    /// As [`Outlet::claim`].
    pub async fn pop(&self, project: &str, queue: &str, n: i64) -> Result<Vec<Pulled>, OutletError> {
        let n = limits::taken("pop", n, &self.config.queues)?;
        Ok(self.store.pop(project, queue, n).await?)
    }

    /// Those of `ids` that are there.
    ///
    /// # Errors
    /// As [`Outlet::claim`].
    pub async fn some(
        &self,
        project: &str,
        queue: &str,
        ids: Vec<MessageId>,
    ) -> Result<Vec<Pulled>, OutletError> {
        limits::all(&ids, &self.config.queues)?;
        Ok(self.store.messages_by_id(project, queue, ids).await?)
    }

    /// Deletes a message, there or not; one that is claimed only with its claim.
    ///
    /// # Errors
    /// [`OutletError::Claim`] says which claim stands in the way.
    pub async fn delete(
        &self,
        project: &str,
        queue: &str,
        id: MessageId,
        claim: Option<ClaimId>,
    ) -> Result<(), OutletError> {
        done(self.store.delete_one(project, queue, id, claim).await?)
    }

    /// Deletes messages, there or not. Claims are asked for, and heeded, where `[queues] message_delete_with_claim_id` is
    /// on; as in Zaqar nobody heeds them otherwise.
    ///
    /// # Errors
    /// As [`Outlet::delete`]; then nothing is deleted.
    pub async fn delete_many(&self, project: &str, queue: &str, removal: Removal) -> Result<(), OutletError> {
        let own = &self.config.queues;
        limits::all(&removal.ids, own)?;
        if !own.message_delete_with_claim_id {
            return Ok(self.store.delete(project, queue, removal.ids).await?);
        }
        let Some(claims) = removal.claims else {
            return Err(OutletError::Limit(
                "claim_ids: missing; `ids` and `claim_ids` go together, since message_delete_with_claim_id is on."
                    .to_owned(),
            ));
        };
        limits::named("claim_ids", claims.len(), own)?;
        done(self.store.delete_claimed(project, queue, removal.ids, claims).await?)
    }
}

const fn done(deletion: Deletion) -> Result<(), OutletError> {
    match deletion {
        Deletion::Done => Ok(()),
        refused => Err(OutletError::Claim(refused)),
    }
}
