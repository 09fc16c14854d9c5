//! The store's promises, as far as a benchmark asks for them; the rest is refused.

use std::sync::Arc;

use async_trait::async_trait;
use nuncio_core::{
    ClaimId, Cursor, DeliveryKey, LaneId, Message, MessageId, ProjectId, Settlement, SubscriptionId,
    TargetId, wire::Device,
};
use nuncio_host::storage::{
    Accepted, Asked, Begun, CancelResult, Catalog, Catch, Claimed, Claims, Deletion, Deliveries,
    DeliveryFilter, DeliveryPage, DeliveryView, DeviceRow, Devices, Finding, Forgotten, Found, Gauges,
    Health, Intake, JobId, JobRow, Jobs, KeyRow, Keys, Loaded, Lost, LostDevice, NewClaim, NewJob,
    NewSubscription, Post, Pull, PullFilter, Pulled, Purge, QueueRow, QueueStats, ReceiptWord, RequeueResult,
    Retention, Scanned, Search, Sent, Standing, Store, StoreError, Stored, Subscribed, SubscriptionChange,
    SubscriptionRow, TargetView, Tell, Telling, Updated, UsageDay, Usages, Verb, Word,
};
use serde_json::{Map, Value};

use super::store::{Null, without};

#[async_trait]
impl Intake for Null {
    async fn accept(&self, post: Post) -> Result<Accepted, StoreError> {
        self.take(post).await
    }
}

#[async_trait]
impl Catalog for Null {
    async fn queue_put(&self, _: &str, _: &str, _: Map<String, Value>) -> Result<bool, StoreError> {
        Err(without())
    }

    async fn queue(&self, _: &str, name: &str) -> Result<Option<Arc<QueueRow>>, StoreError> {
        Ok(self.kept().queue(name).cloned().map(Arc::new))
    }

    async fn queue_metadata(
        &self,
        _: &str,
        _: &str,
        _: i64,
        _: Map<String, Value>,
    ) -> Result<Updated, StoreError> {
        Err(without())
    }

    async fn queues(&self, _: &str, _: &str, _: u32) -> Result<Vec<QueueRow>, StoreError> {
        Err(without())
    }

    async fn queue_delete(&self, _: &str, _: &str) -> Result<(), StoreError> {
        Err(without())
    }

    async fn queue_purge(&self, _: &str, _: &str, _: Purge) -> Result<(), StoreError> {
        Err(without())
    }

    async fn queue_stats(&self, _: &str, _: &str) -> Result<QueueStats, StoreError> {
        Err(without())
    }

    async fn subscribe(
        &self,
        project: &str,
        queue: &str,
        new: NewSubscription,
    ) -> Result<Subscribed, StoreError> {
        let (id, published) = self.kept().subscribe(project, queue, new);
        self.publish(published).await;
        Ok(Subscribed::New(id))
    }

    async fn subscription(
        &self,
        _: &str,
        _: &str,
        _: SubscriptionId,
    ) -> Result<Option<SubscriptionRow>, StoreError> {
        Err(without())
    }

    async fn subscriptions(
        &self,
        _: &str,
        _: &str,
        _: SubscriptionId,
        _: u32,
    ) -> Result<Vec<SubscriptionRow>, StoreError> {
        Err(without())
    }

    async fn subscription_change(
        &self,
        _: &str,
        _: &str,
        _: SubscriptionId,
        _: SubscriptionChange,
    ) -> Result<Updated, StoreError> {
        Err(without())
    }

    async fn subscription_confirm(
        &self,
        _: &str,
        _: &str,
        _: SubscriptionId,
        _: Word,
    ) -> Result<Updated, StoreError> {
        Err(without())
    }

    async fn subscription_end(&self, _: &str, _: &str, _: SubscriptionId) -> Result<(), StoreError> {
        Err(without())
    }

    async fn subscriptions_unbind(&self) -> Result<u64, StoreError> {
        Ok(0)
    }

    async fn subscriptions_live(&self, _: Vec<SubscriptionId>) -> Result<Vec<SubscriptionId>, StoreError> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl Pull for Null {
    async fn messages(&self, _: &str, _: &str, _: PullFilter) -> Result<Vec<Pulled>, StoreError> {
        Err(without())
    }

    async fn messages_by_id(&self, _: &str, _: &str, _: Vec<MessageId>) -> Result<Vec<Pulled>, StoreError> {
        Err(without())
    }

    async fn delete(&self, _: &str, _: &str, _: Vec<MessageId>) -> Result<(), StoreError> {
        Err(without())
    }

    async fn pop(&self, _: &str, _: &str, _: u32) -> Result<Vec<Pulled>, StoreError> {
        Err(without())
    }
}

#[async_trait]
impl Claims for Null {
    async fn claim(&self, _: &str, _: &str, _: NewClaim) -> Result<Option<Claimed>, StoreError> {
        Err(without())
    }

    async fn claimed(&self, _: &str, _: &str, _: ClaimId) -> Result<Option<Claimed>, StoreError> {
        Err(without())
    }

    async fn claim_renew(&self, _: &str, _: &str, _: ClaimId, _: i64, _: i64) -> Result<bool, StoreError> {
        Err(without())
    }

    async fn claim_release(&self, _: &str, _: &str, _: ClaimId) -> Result<(), StoreError> {
        Err(without())
    }

    async fn delete_one(
        &self,
        _: &str,
        _: &str,
        _: MessageId,
        _: Option<ClaimId>,
    ) -> Result<Deletion, StoreError> {
        Err(without())
    }

    async fn delete_claimed(
        &self,
        _: &str,
        _: &str,
        _: Vec<MessageId>,
        _: Vec<ClaimId>,
    ) -> Result<Deletion, StoreError> {
        Err(without())
    }
}

#[async_trait]
impl Deliveries for Null {
    async fn standing(&self) -> Result<Standing, StoreError> {
        let low = Cursor { message: MessageId::NONE, idx: 0 };
        Ok(Standing { low, head: MessageId::NONE, lanes: Vec::new(), waiting: Vec::new() })
    }

    async fn record(
        &self,
        settlements: Vec<Settlement>,
        _: Vec<Sent>,
        _: Cursor,
        _: Arc<dyn Fn(String) + Send + Sync>,
    ) -> Result<(), StoreError> {
        let mut kept = self.kept();
        settlements.into_iter().for_each(|settlement| kept.settle(settlement));
        Ok(())
    }

    async fn load(
        &self,
        lane: LaneId,
        from: (i64, DeliveryKey),
        until: i64,
        max: u32,
    ) -> Result<Loaded, StoreError> {
        Ok(self.kept().load(lane, from, until, max))
    }

    async fn scan(&self, cursor: Cursor, _: u32) -> Result<Scanned, StoreError> {
        self.kept().scan(cursor).ok_or_else(without)
    }

    async fn message(&self, id: MessageId) -> Result<Option<Arc<Message>>, StoreError> {
        Ok(self.kept().message(id))
    }

    async fn target(&self, id: TargetId) -> Result<Option<TargetView>, StoreError> {
        Ok(self.kept().target(id))
    }

    async fn delivery(&self, _: &str, _: DeliveryKey) -> Result<Option<DeliveryView>, StoreError> {
        Err(without())
    }

    async fn deliveries(&self, _: &str, _: DeliveryFilter) -> Result<DeliveryPage, StoreError> {
        Err(without())
    }

    async fn requeue(&self, _: &str, _: DeliveryKey) -> Result<RequeueResult, StoreError> {
        Err(without())
    }

    async fn receipts(&self, _: &str, _: Vec<ReceiptWord>) -> Result<(), StoreError> {
        Err(without())
    }

    async fn cancel(&self, _: &str, _: DeliveryKey) -> Result<CancelResult, StoreError> {
        Err(without())
    }
}

#[async_trait]
impl Devices for Null {
    async fn device_put(&self, _: &str, _: Device) -> Result<bool, StoreError> {
        Err(without())
    }

    async fn device(&self, _: &str, _: &str) -> Result<Option<DeviceRow>, StoreError> {
        Err(without())
    }

    async fn devices(&self, _: &str, _: &str, _: u32) -> Result<Vec<DeviceRow>, StoreError> {
        Err(without())
    }

    async fn device_remove(&self, _: &str, _: &str) -> Result<bool, StoreError> {
        Err(without())
    }

    async fn device_lost(&self, _: &str, _: Lost, _: Telling) -> Result<LostDevice, StoreError> {
        Err(without())
    }
}

#[async_trait]
impl Health for Null {
    async fn failing(&self, _: u32) -> Result<Vec<(SubscriptionId, i64)>, StoreError> {
        Ok(Vec::new())
    }

    async fn found(&self, _: SubscriptionId, _: Finding, _: i64, _: Tell) -> Result<Found, StoreError> {
        Ok(Found::Nothing)
    }

    async fn subscription_enable(&self, _: &str, _: &str, _: SubscriptionId) -> Result<Updated, StoreError> {
        Err(without())
    }

    async fn project(&self, _: ProjectId) -> Result<Option<String>, StoreError> {
        Err(without())
    }
}

#[async_trait]
impl Retention for Null {
    async fn forget(&self, _: MessageId) -> Result<Forgotten, StoreError> {
        Ok(Forgotten::default())
    }

    async fn tidy(&self) -> Result<bool, StoreError> {
        Ok(false)
    }
}

#[async_trait]
impl Jobs for Null {
    async fn job_begin(&self, _: NewJob) -> Result<Begun, StoreError> {
        Err(without())
    }

    async fn job(&self, _: &str, _: JobId) -> Result<Option<JobRow>, StoreError> {
        Err(without())
    }

    async fn jobs(&self, _: &str, _: i64, _: u32) -> Result<Vec<JobRow>, StoreError> {
        Err(without())
    }

    async fn jobs_running(&self) -> Result<Vec<JobRow>, StoreError> {
        Ok(Vec::new())
    }

    async fn job_stop(&self, _: &str, _: JobId) -> Result<Option<JobRow>, StoreError> {
        Err(without())
    }

    async fn job_total(&self, _: &str, _: Verb) -> Result<u64, StoreError> {
        Err(without())
    }

    async fn search(&self, _: Search) -> Result<Catch, StoreError> {
        Err(without())
    }

    async fn replay_slice(&self, _: i64, _: DeliveryKey, _: Catch) -> Result<JobRow, StoreError> {
        Err(without())
    }

    async fn cancel_slice(
        &self,
        _: i64,
        _: DeliveryKey,
        _: Asked,
        _: Option<Catch>,
    ) -> Result<JobRow, StoreError> {
        Err(without())
    }
}

#[async_trait]
impl Keys for Null {
    async fn keys(&self) -> Result<Vec<KeyRow>, StoreError> {
        Ok(Vec::new())
    }

    async fn key_add(&self, _: KeyRow, _: u64) -> Result<(), StoreError> {
        Err(without())
    }

    async fn key_remove(&self, _: &str) -> Result<bool, StoreError> {
        Err(without())
    }

    async fn key_used(&self, _: &str, _: i64) -> Result<(), StoreError> {
        Ok(())
    }
}

#[async_trait]
impl Usages for Null {
    async fn usage_add(&self, _: Vec<UsageDay>, _: i64) -> Result<(), StoreError> {
        Ok(())
    }

    async fn usage(&self, _: &str) -> Result<Vec<UsageDay>, StoreError> {
        Ok(Vec::new())
    }

    async fn stored(&self, _: &str) -> Result<Stored, StoreError> {
        Ok(Stored::default())
    }
}

#[async_trait]
impl Store for Null {
    async fn check(&self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn close(&self) {}

    async fn gauges(&self) -> Result<Gauges, StoreError> {
        Ok(Gauges::default())
    }

    fn id_key(&self) -> [u8; 32] {
        [7; 32]
    }

    fn signing_key(&self) -> [u8; 32] {
        [8; 32]
    }
}
