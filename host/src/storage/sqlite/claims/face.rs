//! The store's promises of claims, kept by the writer and the readers.

use async_trait::async_trait;
use nuncio_core::{ClaimId, MessageId};

use super::{deletion, live, make};
use crate::storage::{Claimed, Claims, Deletion, NewClaim, StoreError, sqlite::Sqlite};

#[async_trait]
impl Claims for Sqlite {
    async fn claim(&self, project: &str, queue: &str, new: NewClaim) -> Result<Option<Claimed>, StoreError> {
        let (project, queue) = (project.to_owned(), queue.to_owned());
        self.writer.change(0, move |commit| make::make(commit, &project, &queue, &new)).await
    }

    async fn claimed(&self, project: &str, queue: &str, id: ClaimId) -> Result<Option<Claimed>, StoreError> {
        let (project, queue, now) = (project.to_owned(), queue.to_owned(), self.clock.now_ms());
        self.readers.read(move |db| live::show(db, &project, &queue, id, now)).await
    }

    async fn claim_renew(
        &self,
        project: &str,
        queue: &str,
        id: ClaimId,
        ttl: i64,
        grace: i64,
    ) -> Result<bool, StoreError> {
        let (project, queue) = (project.to_owned(), queue.to_owned());
        self.writer.change(0, move |commit| live::renew(commit, &project, &queue, id, (ttl, grace))).await
    }

    async fn claim_release(&self, project: &str, queue: &str, id: ClaimId) -> Result<(), StoreError> {
        let (project, queue) = (project.to_owned(), queue.to_owned());
        self.writer.change(0, move |commit| live::release(commit, &project, &queue, id)).await
    }

    async fn delete_one(
        &self,
        project: &str,
        queue: &str,
        id: MessageId,
        claim: Option<ClaimId>,
    ) -> Result<Deletion, StoreError> {
        let (project, queue) = (project.to_owned(), queue.to_owned());
        self.writer.change(0, move |commit| deletion::one(commit, &project, &queue, id, claim)).await
    }

    async fn delete_claimed(
        &self,
        project: &str,
        queue: &str,
        ids: Vec<MessageId>,
        claims: Vec<ClaimId>,
    ) -> Result<Deletion, StoreError> {
        let (project, queue) = (project.to_owned(), queue.to_owned());
        self.writer.change(0, move |commit| deletion::held(commit, &project, &queue, &ids, &claims)).await
    }
}
