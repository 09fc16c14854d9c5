//! The store's promises, by noun. Every call that changes something returns after it is on stable storage.

use std::sync::Arc;

use async_trait::async_trait;
use nuncio_core::{
    ClaimId, Cursor, DeliveryKey, LaneId, Message, MessageId, ProjectId, Settlement, SubscriptionId,
    TargetId, wire::Device,
};
use serde_json::{Map, Value};

use super::words::{
    Accepted, Asked, Begun, CancelResult, Catch, Claimed, Deletion, DeliveryFilter, DeliveryPage,
    DeliveryView, DeviceRow, Finding, Forgotten, Found, Gauges, JobId, JobRow, KeyRow, Loaded, Lost,
    LostDevice, NewClaim, NewJob, NewSubscription, Post, PullFilter, Pulled, Purge, QueueRow, QueueStats,
    ReceiptWord, RequeueResult, Scanned, Search, Sent, Standing, StoreError, Stored, Subscribed,
    SubscriptionChange, SubscriptionRow, TargetView, Tell, Telling, Updated, UsageDay, Verb, Word,
};

/// Takes messages in.
#[async_trait]
pub trait Intake: Send + Sync {
    /// Stores a POST with what it needs to be delivered, in one commit. Its queue is made if need be.
    async fn accept(&self, post: Post) -> Result<Accepted, StoreError>;
}

/// Queues and subscriptions. Projects and queues are made when first named.
#[async_trait]
pub trait Catalog: Send + Sync {
    /// Makes a queue; `false` when it was there (its metadata stays as it was).
    async fn queue_put(
        &self,
        project: &str,
        name: &str,
        metadata: Map<String, Value>,
    ) -> Result<bool, StoreError>;
    /// A live queue.
    async fn queue(&self, project: &str, name: &str) -> Result<Option<Arc<QueueRow>>, StoreError>;
    /// Replaces the metadata, if the queue still has `version`.
    async fn queue_metadata(
        &self,
        project: &str,
        name: &str,
        version: i64,
        metadata: Map<String, Value>,
    ) -> Result<Updated, StoreError>;
    /// Live queues by name after `marker`.
    async fn queues(&self, project: &str, marker: &str, limit: u32) -> Result<Vec<QueueRow>, StoreError>;
    /// Deletes a queue: its messages go, its subscriptions end.
    async fn queue_delete(&self, project: &str, name: &str) -> Result<(), StoreError>;
    /// Empties a queue.
    async fn queue_purge(&self, project: &str, name: &str, what: Purge) -> Result<(), StoreError>;
    /// What a queue holds for pull; zeros for one that is not there.
    async fn queue_stats(&self, project: &str, name: &str) -> Result<QueueStats, StoreError>;

    /// Subscribes; one live subscription for each canonical URI of a queue.
    async fn subscribe(
        &self,
        project: &str,
        queue: &str,
        new: NewSubscription,
    ) -> Result<Subscribed, StoreError>;
    /// A live subscription of that queue.
    async fn subscription(
        &self,
        project: &str,
        queue: &str,
        id: SubscriptionId,
    ) -> Result<Option<SubscriptionRow>, StoreError>;
    /// Live subscriptions after `marker`, by id.
    async fn subscriptions(
        &self,
        project: &str,
        queue: &str,
        marker: SubscriptionId,
        limit: u32,
    ) -> Result<Vec<SubscriptionRow>, StoreError>;
    /// Changes a subscription: a new target revision, a new ttl. The backlog of a moved address moves with it.
    async fn subscription_change(
        &self,
        project: &str,
        queue: &str,
        id: SubscriptionId,
        change: SubscriptionChange,
    ) -> Result<Updated, StoreError>;
    /// Takes somebody's word on whether a subscription is wanted; absent also for a word of one who was not asked.
    async fn subscription_confirm(
        &self,
        project: &str,
        queue: &str,
        id: SubscriptionId,
        word: Word,
    ) -> Result<Updated, StoreError>;
    /// Ends a subscription; its waiting deliveries are cancelled.
    async fn subscription_end(
        &self,
        project: &str,
        queue: &str,
        id: SubscriptionId,
    ) -> Result<(), StoreError>;
    /// Ends all subscriptions that live with a connection; asked at start, when there is none. How many it were.
    async fn subscriptions_unbind(&self) -> Result<u64, StoreError>;
    /// Those of `ids` that live.
    async fn subscriptions_live(&self, ids: Vec<SubscriptionId>) -> Result<Vec<SubscriptionId>, StoreError>;
}

/// Messages as pull sees them; deliveries are not touched.
#[async_trait]
pub trait Pull: Send + Sync {
    /// Messages in order.
    async fn messages(
        &self,
        project: &str,
        queue: &str,
        filter: PullFilter,
    ) -> Result<Vec<Pulled>, StoreError>;
    /// Those of `ids` that are there.
    async fn messages_by_id(
        &self,
        project: &str,
        queue: &str,
        ids: Vec<MessageId>,
    ) -> Result<Vec<Pulled>, StoreError>;
    /// Removes those of `ids` that are there, whoever claims them.
    async fn delete(&self, project: &str, queue: &str, ids: Vec<MessageId>) -> Result<(), StoreError>;
    /// Takes the first `n` that nobody claims.
    async fn pop(&self, project: &str, queue: &str, n: u32) -> Result<Vec<Pulled>, StoreError>;
}

/// Claims of consumers; deliveries are not touched. A claim is known in its project and queue alone, and ends with the
/// last message that it holds. What was claimed stands on the disk before it is answered.
#[async_trait]
pub trait Claims: Send + Sync {
    /// Holds the first messages that are free. A message whose life would end before the claim lives until `grace` after
    /// it. Messages that were claimed too often go to the dead letters instead, where they stay hidden until the claim
    /// would end; while there is no room for them, they stay where they are and are hidden as long. `None` when there
    /// was nothing.
    async fn claim(&self, project: &str, queue: &str, new: NewClaim) -> Result<Option<Claimed>, StoreError>;
    /// A claim that lives.
    async fn claimed(&self, project: &str, queue: &str, id: ClaimId) -> Result<Option<Claimed>, StoreError>;
    /// Lets a claim live for `ttl` seconds from now, and its messages for `grace` seconds longer at least; whether it
    /// was there.
    async fn claim_renew(
        &self,
        project: &str,
        queue: &str,
        id: ClaimId,
        ttl: i64,
        grace: i64,
    ) -> Result<bool, StoreError>;
    /// Ends a claim, there or not: its messages are free.
    async fn claim_release(&self, project: &str, queue: &str, id: ClaimId) -> Result<(), StoreError>;
    /// Removes a message for whoever may: while a claim holds it, only with that `claim`.
    async fn delete_one(
        &self,
        project: &str,
        queue: &str,
        id: MessageId,
        claim: Option<ClaimId>,
    ) -> Result<Deletion, StoreError>;
    /// Removes those of `ids` that are there, if each of them is held by one of `claims`; otherwise none.
    async fn delete_claimed(
        &self,
        project: &str,
        queue: &str,
        ids: Vec<MessageId>,
        claims: Vec<ClaimId>,
    ) -> Result<Deletion, StoreError>;
}

/// Deliveries: what the engine reads and writes, and what the API shows.
#[async_trait]
pub trait Deliveries: Send + Sync {
    /// Where the store stands: asked once, at start.
    async fn standing(&self) -> Result<Standing, StoreError>;
    /// Writes a batch in one commit. Batches become durable in the order of the calls. A commit that fails is
    /// tried again by the store until it succeeds; `failed` is called for every failure. `sent` are those of them that
    /// the far side took and may say more of.
    async fn record(
        &self,
        settlements: Vec<Settlement>,
        sent: Vec<Sent>,
        low: Cursor,
        failed: Arc<dyn Fn(String) + Send + Sync>,
    ) -> Result<(), StoreError>;
    /// `deferred` rows of a lane after `from`, due up to `until`.
    async fn load(
        &self,
        lane: LaneId,
        from: (i64, DeliveryKey),
        until: i64,
        max: u32,
    ) -> Result<Loaded, StoreError>;
    /// The backlog from `cursor`: messages without what is settled, deferred or dead.
    async fn scan(&self, cursor: Cursor, max: u32) -> Result<Scanned, StoreError>;
    /// A message.
    async fn message(&self, id: MessageId) -> Result<Option<Arc<Message>>, StoreError>;
    /// A target with how its subscription stands.
    async fn target(&self, id: TargetId) -> Result<Option<TargetView>, StoreError>;

    /// One delivery of a project, with its attempts.
    async fn delivery(&self, project: &str, key: DeliveryKey) -> Result<Option<DeliveryView>, StoreError>;
    /// Deliveries of a project, newest first.
    async fn deliveries(&self, project: &str, filter: DeliveryFilter) -> Result<DeliveryPage, StoreError>;
    /// Makes a dead delivery due now, with tries anew and attempt numbers running on; one that waits becomes due.
    async fn requeue(&self, project: &str, key: DeliveryKey) -> Result<RequeueResult, StoreError>;
    /// Takes receipts of the driver `driver`: whether each is of a delivery that the far side took, and what it changes.
    /// One that fits none waits for a while, since its delivery may not be written down yet.
    async fn receipts(&self, driver: &str, words: Vec<ReceiptWord>) -> Result<(), StoreError>;
    /// Cancels a delivery that the engine does not hold in memory.
    async fn cancel(&self, project: &str, key: DeliveryKey) -> Result<CancelResult, StoreError>;
}

/// Where push services reach apps and browsers, by project.
#[async_trait]
pub trait Devices: Send + Sync {
    /// Registers a device; one of the same id anew, whatever became of it, with what subscribes it. Whether it is new.
    async fn device_put(&self, project: &str, device: Device) -> Result<bool, StoreError>;
    /// A device, ended or not.
    async fn device(&self, project: &str, id: &str) -> Result<Option<DeviceRow>, StoreError>;
    /// Devices by id after `marker`.
    async fn devices(&self, project: &str, marker: &str, limit: u32) -> Result<Vec<DeviceRow>, StoreError>;
    /// Removes a device; whether it was there.
    async fn device_remove(&self, project: &str, id: &str) -> Result<bool, StoreError>;
    /// Ends a device that a driver found lost, and tells of it in the same commit where it ends now.
    async fn device_lost(&self, project: &str, lost: Lost, tell: Telling) -> Result<LostDevice, StoreError>;
}

/// How subscribers fare: which are disabled, and why.
#[async_trait]
pub trait Health: Send + Sync {
    /// Subscriptions whose attempts fail, with since when (Unix milliseconds); the longest first, at most `max`.
    async fn failing(&self, max: u32) -> Result<Vec<(SubscriptionId, i64)>, StoreError>;
    /// Writes down what was found out at `at`. What `tell` makes of a change is accepted in the same commit; a full
    /// queue does not take it, and the finding stands all the same.
    async fn found(
        &self,
        of: SubscriptionId,
        finding: Finding,
        at: i64,
        tell: Tell,
    ) -> Result<Found, StoreError>;
    /// Matches a subscription again, with all its addresses.
    async fn subscription_enable(
        &self,
        project: &str,
        queue: &str,
        id: SubscriptionId,
    ) -> Result<Updated, StoreError>;
    /// The name of a project.
    async fn project(&self, id: ProjectId) -> Result<Option<String>, StoreError>;
}

/// Forgetting what is settled. Both are called again and again, with pauses in which others have the store.
#[async_trait]
pub trait Retention: Send + Sync {
    /// Deletes a slice of the messages from `from` on, oldest first, that were settled longer ago than they are kept.
    /// Nothing goes that waits, is held, stands in a queue for pull, or answers for an idempotency key.
    async fn forget(&self, from: MessageId) -> Result<Forgotten, StoreError>;
    /// Removes a slice of what only forgotten messages needed, and gives room back to the disk; whether anything is
    /// left to do.
    async fn tidy(&self) -> Result<bool, StoreError>;
}

/// Replaying and cancelling by filter, slice by slice: a commit holds the effect of a slice and how far the job is.
#[async_trait]
pub trait Jobs: Send + Sync {
    /// Begins a job; answers the earlier one where its key was used before for the same.
    async fn job_begin(&self, new: NewJob) -> Result<Begun, StoreError>;
    /// A job of a project.
    async fn job(&self, project: &str, id: JobId) -> Result<Option<JobRow>, StoreError>;
    /// Jobs of a project, newest first, before number `before`.
    async fn jobs(&self, project: &str, before: i64, limit: u32) -> Result<Vec<JobRow>, StoreError>;
    /// All jobs that run, oldest first.
    async fn jobs_running(&self) -> Result<Vec<JobRow>, StoreError>;
    /// Stops a job; one that has ended stays as it is.
    async fn job_stop(&self, project: &str, id: JobId) -> Result<Option<JobRow>, StoreError>;
    /// How much a job of a project would have to look at, about.
    async fn job_total(&self, project: &str, verb: Verb) -> Result<u64, StoreError>;
    /// Looks for deliveries.
    async fn search(&self, search: Search) -> Result<Catch, StoreError>;
    /// Replays what was caught behind `from`, where the job `number` is still there and runs.
    async fn replay_slice(&self, number: i64, from: DeliveryKey, caught: Catch)
    -> Result<JobRow, StoreError>;
    /// Settles the slice of a cancellation, and gives it what was caught behind `from` for the next, where the job
    /// `number` is still there and runs.
    async fn cancel_slice(
        &self,
        number: i64,
        from: DeliveryKey,
        asked: Asked,
        caught: Option<Catch>,
    ) -> Result<JobRow, StoreError>;
}

/// API keys. There are few enough to be held in memory: all are read at the start.
#[async_trait]
pub trait Keys: Send + Sync {
    /// Every key, by id.
    async fn keys(&self) -> Result<Vec<KeyRow>, StoreError>;
    /// Adds a key, unless there are `most`.
    async fn key_add(&self, key: KeyRow, most: u64) -> Result<(), StoreError>;
    /// Removes a key; whether it was there.
    async fn key_remove(&self, id: &str) -> Result<bool, StoreError>;
    /// Writes down that a key was used.
    async fn key_used(&self, id: &str, at: i64) -> Result<(), StoreError>;
}

/// What projects took in, and what they have.
#[async_trait]
pub trait Usages: Send + Sync {
    /// Adds to what was taken in by day, and forgets the days before `before`.
    async fn usage_add(&self, rows: Vec<UsageDay>, before: i64) -> Result<(), StoreError>;
    /// What a project took in by day, the newest first.
    async fn usage(&self, project: &str) -> Result<Vec<UsageDay>, StoreError>;
    /// What is stored of a project: all its messages are looked at.
    async fn stored(&self, project: &str) -> Result<Stored, StoreError>;
}

/// A whole store.
#[async_trait]
pub trait Store:
    Intake + Catalog + Pull + Claims + Deliveries + Devices + Health + Jobs + Retention + Keys + Usages
{
    /// Whether a read and an empty commit work now: for `/readyz`.
    async fn check(&self) -> Result<(), StoreError>;
    /// What the store says of itself: for `/metrics` and `/readyz`.
    async fn gauges(&self) -> Result<Gauges, StoreError>;
    /// Waits until everything asked so far is durable, and closes.
    async fn close(&self);
    /// The key of public ids, made at the first start and never changed.
    fn id_key(&self) -> [u8; 32];
    /// The key of signed URLs where the configuration has none, made at the first start and never changed.
    fn signing_key(&self) -> [u8; 32];
}
