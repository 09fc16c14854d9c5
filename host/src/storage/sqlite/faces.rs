//! The store's promises, kept by the writer and the readers.

use std::sync::Arc;

use async_trait::async_trait;
use nuncio_core::{
    Cursor, DeliveryKey, LaneId, Message, MessageId, ProjectId, Settlement, SubscriptionId, TargetId,
};
use serde_json::{Map, Value};

use super::{
    catalog::{change, consent, health, queues, subscriptions},
    deliveries, intake, pull,
    store::Sqlite,
    targets,
};
use crate::storage::{
    Accepted, CancelResult, Catalog, Deliveries, DeliveryFilter, DeliveryPage, DeliveryView, Finding,
    Forgotten, Found, Gauges, Health, Intake, Loaded, NewSubscription, Post, Pull, PullFilter, Pulled, Purge,
    QueueRow, QueueStats, ReceiptWord, RequeueResult, Retention, Scanned, Sent, Standing, Store, StoreError,
    Subscribed, SubscriptionChange, SubscriptionRow, TargetView, Tell, Updated, Word,
};

#[async_trait]
impl Intake for Sqlite {
    async fn accept(&self, post: Post) -> Result<Accepted, StoreError> {
        let bytes = post.drafts.iter().map(|draft| draft.body.len()).sum();
        self.writer.ask(bytes, move |commit| intake::accept(commit, post)).await
    }
}

#[async_trait]
impl Catalog for Sqlite {
    async fn queue_put(
        &self,
        project: &str,
        name: &str,
        metadata: Map<String, Value>,
    ) -> Result<bool, StoreError> {
        let (project, name) = (project.to_owned(), name.to_owned());
        self.writer.change(0, move |commit| queues::put(commit, &project, &name, &metadata)).await
    }

    async fn queue(&self, project: &str, name: &str) -> Result<Option<Arc<QueueRow>>, StoreError> {
        let moment = match self.named.get(project, name) {
            Ok(known) => return Ok(Some(known)),
            Err(moment) => moment,
        };
        let (owner, name) = (project.to_owned(), name.to_owned());
        let row = self.readers.read(move |db| queues::read(db, &owner, &name)).await?.map(Arc::new);
        if let Some(row) = &row {
            self.named.keep(moment, project, row);
        }
        Ok(row)
    }

    async fn queue_metadata(
        &self,
        project: &str,
        name: &str,
        version: i64,
        metadata: Map<String, Value>,
    ) -> Result<Updated, StoreError> {
        let (project, name) = (project.to_owned(), name.to_owned());
        self.writer
            .change(0, move |commit| queues::set_metadata(commit, &project, &name, version, &metadata))
            .await
    }

    async fn queues(&self, project: &str, marker: &str, limit: u32) -> Result<Vec<QueueRow>, StoreError> {
        let (project, marker) = (project.to_owned(), marker.to_owned());
        self.readers.read(move |db| queues::list(db, &project, &marker, limit)).await
    }

    async fn queue_delete(&self, project: &str, name: &str) -> Result<(), StoreError> {
        let (project, name) = (project.to_owned(), name.to_owned());
        self.writer.change(0, move |commit| queues::delete(commit, &project, &name)).await
    }

    async fn queue_purge(&self, project: &str, name: &str, what: Purge) -> Result<(), StoreError> {
        let (project, name) = (project.to_owned(), name.to_owned());
        self.writer.change(0, move |commit| queues::purge(commit, &project, &name, what)).await
    }

    async fn queue_stats(&self, project: &str, name: &str) -> Result<QueueStats, StoreError> {
        let (project, name, now) = (project.to_owned(), name.to_owned(), self.clock.now_ms());
        self.readers.read(move |db| pull::stats(db, &project, &name, now)).await
    }

    async fn subscribe(
        &self,
        project: &str,
        queue: &str,
        new: NewSubscription,
    ) -> Result<Subscribed, StoreError> {
        let (project, queue) = (project.to_owned(), queue.to_owned());
        self.writer.change(0, move |commit| subscriptions::add(commit, &project, &queue, &new)).await
    }

    async fn subscription(
        &self,
        project: &str,
        queue: &str,
        id: SubscriptionId,
    ) -> Result<Option<SubscriptionRow>, StoreError> {
        let (project, queue, now) = (project.to_owned(), queue.to_owned(), self.clock.now_ms());
        self.readers.read(move |db| subscriptions::read(db, &project, &queue, id, now)).await
    }

    async fn subscriptions(
        &self,
        project: &str,
        queue: &str,
        marker: SubscriptionId,
        limit: u32,
    ) -> Result<Vec<SubscriptionRow>, StoreError> {
        let (project, queue, now) = (project.to_owned(), queue.to_owned(), self.clock.now_ms());
        self.readers.read(move |db| subscriptions::list(db, &project, &queue, marker, limit, now)).await
    }

    async fn subscription_change(
        &self,
        project: &str,
        queue: &str,
        id: SubscriptionId,
        wanted: SubscriptionChange,
    ) -> Result<Updated, StoreError> {
        let (project, queue) = (project.to_owned(), queue.to_owned());
        self.writer.change(0, move |commit| change::apply(commit, &project, &queue, id, &wanted)).await
    }

    async fn subscription_confirm(
        &self,
        project: &str,
        queue: &str,
        id: SubscriptionId,
        word: Word,
    ) -> Result<Updated, StoreError> {
        let (project, queue) = (project.to_owned(), queue.to_owned());
        self.writer.change(0, move |commit| consent::answer(commit, &project, &queue, id, word)).await
    }

    async fn subscription_end(
        &self,
        project: &str,
        queue: &str,
        id: SubscriptionId,
    ) -> Result<(), StoreError> {
        let (project, queue) = (project.to_owned(), queue.to_owned());
        self.writer.change(0, move |commit| subscriptions::end(commit, &project, &queue, id)).await
    }

    async fn subscriptions_unbind(&self) -> Result<u64, StoreError> {
        self.writer.change(0, subscriptions::unbind).await
    }

    async fn subscriptions_live(&self, ids: Vec<SubscriptionId>) -> Result<Vec<SubscriptionId>, StoreError> {
        let now = self.clock.now_ms();
        self.readers.read(move |db| subscriptions::live(db, &ids, now)).await
    }
}

#[async_trait]
impl Pull for Sqlite {
    async fn messages(
        &self,
        project: &str,
        queue: &str,
        filter: PullFilter,
    ) -> Result<Vec<Pulled>, StoreError> {
        let (project, queue, now) = (project.to_owned(), queue.to_owned(), self.clock.now_ms());
        self.readers.read(move |db| pull::list(db, &project, &queue, &filter, now)).await
    }

    async fn messages_by_id(
        &self,
        project: &str,
        queue: &str,
        ids: Vec<MessageId>,
    ) -> Result<Vec<Pulled>, StoreError> {
        let (project, queue, now) = (project.to_owned(), queue.to_owned(), self.clock.now_ms());
        self.readers.read(move |db| pull::by_id(db, &project, &queue, &ids, now)).await
    }

    async fn delete(&self, project: &str, queue: &str, ids: Vec<MessageId>) -> Result<(), StoreError> {
        let (project, queue) = (project.to_owned(), queue.to_owned());
        self.writer.change(0, move |commit| pull::delete(commit, &project, &queue, &ids)).await
    }

    async fn pop(&self, project: &str, queue: &str, n: u32) -> Result<Vec<Pulled>, StoreError> {
        let (project, queue) = (project.to_owned(), queue.to_owned());
        self.writer.change(0, move |commit| pull::pop(commit, &project, &queue, n)).await
    }
}

#[async_trait]
impl Deliveries for Sqlite {
    async fn standing(&self) -> Result<Standing, StoreError> {
        let log = self.log;
        self.readers.read(move |db| deliveries::standing(db, log)).await
    }

    async fn record(
        &self,
        settlements: Vec<Settlement>,
        sent: Vec<Sent>,
        low: Cursor,
        failed: Arc<dyn Fn(String) + Send + Sync>,
    ) -> Result<(), StoreError> {
        self.writer.record(settlements, sent, low, failed).await
    }

    async fn load(
        &self,
        lane: LaneId,
        from: (i64, DeliveryKey),
        until: i64,
        max: u32,
    ) -> Result<Loaded, StoreError> {
        let log = self.log;
        let read = move |db: &rusqlite::Transaction<'_>| deliveries::load(db, log, lane, from, until, max);
        let (page, unreadable) = self.readers.read(read).await?;
        if !unreadable.is_empty() {
            self.writer.change(0, move |commit| deliveries::bury_unreadable(commit, &unreadable)).await?;
        }
        Ok(page)
    }

    async fn scan(&self, cursor: Cursor, max: u32) -> Result<Scanned, StoreError> {
        self.readers.read(move |db| deliveries::scan(db, cursor, max)).await
    }

    async fn message(&self, id: MessageId) -> Result<Option<Arc<Message>>, StoreError> {
        self.readers.read(move |db| deliveries::message(db, id)).await
    }

    async fn target(&self, id: TargetId) -> Result<Option<TargetView>, StoreError> {
        self.readers.read(move |db| deliveries::target(db, id)).await
    }

    async fn delivery(&self, project: &str, key: DeliveryKey) -> Result<Option<DeliveryView>, StoreError> {
        let (project, log, now) = (project.to_owned(), self.log, self.clock.now_ms());
        self.readers.read(move |db| deliveries::delivery(db, log, now, &project, key)).await
    }

    async fn deliveries(&self, project: &str, filter: DeliveryFilter) -> Result<DeliveryPage, StoreError> {
        let (project, log, now) = (project.to_owned(), self.log, self.clock.now_ms());
        self.readers.read(move |db| deliveries::list(db, log, now, &project, &filter)).await
    }

    async fn requeue(&self, project: &str, key: DeliveryKey) -> Result<RequeueResult, StoreError> {
        let project = project.to_owned();
        self.writer.change(0, move |commit| deliveries::requeue(commit, &project, key)).await
    }

    async fn receipts(&self, driver: &str, words: Vec<ReceiptWord>) -> Result<(), StoreError> {
        let driver = driver.to_owned();
        self.writer.change(0, move |commit| deliveries::take_receipts(commit, &driver, &words)).await
    }

    async fn cancel(&self, project: &str, key: DeliveryKey) -> Result<CancelResult, StoreError> {
        let project = project.to_owned();
        self.writer.change(0, move |commit| deliveries::cancel(commit, &project, key)).await
    }
}

#[async_trait]
impl Health for Sqlite {
    async fn failing(&self, max: u32) -> Result<Vec<(SubscriptionId, i64)>, StoreError> {
        self.readers.read(move |db| health::failing(db, max)).await
    }

    async fn found(
        &self,
        of: SubscriptionId,
        finding: Finding,
        at: i64,
        tell: Tell,
    ) -> Result<Found, StoreError> {
        self.writer.change(0, move |commit| health::found(commit, of, &finding, at, tell)).await
    }

    async fn subscription_enable(
        &self,
        project: &str,
        queue: &str,
        id: SubscriptionId,
    ) -> Result<Updated, StoreError> {
        let (project, queue) = (project.to_owned(), queue.to_owned());
        self.writer.change(0, move |commit| health::enable(commit, &project, &queue, id)).await
    }

    async fn project(&self, id: ProjectId) -> Result<Option<String>, StoreError> {
        self.readers.read(move |db| Ok(targets::project_name(db, id)?)).await
    }
}

#[async_trait]
impl Retention for Sqlite {
    async fn forget(&self, from: MessageId) -> Result<Forgotten, StoreError> {
        self.forget_from(from).await
    }

    async fn tidy(&self) -> Result<bool, StoreError> {
        self.tidy_slice().await
    }
}

#[async_trait]
impl Store for Sqlite {
    async fn check(&self) -> Result<(), StoreError> {
        self.check_both().await
    }

    async fn gauges(&self) -> Result<Gauges, StoreError> {
        self.own_gauges().await
    }

    async fn close(&self) {
        self.close_both().await;
    }

    fn id_key(&self) -> [u8; 32] {
        self.public_id_key()
    }

    fn signing_key(&self) -> [u8; 32] {
        self.own_signing_key()
    }
}
