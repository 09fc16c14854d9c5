//! `GET /v2/health`: whether the store does what it is for, tried out as Zaqar does.

use axum::extract::State;
use bytes::Bytes;
use nuncio_core::{Attributes, MessageId};
use serde_json::{Map, Value, json};
use tokio::time::Instant;
use uuid::Uuid;

use super::{answer, face::Face, problem::Answer};
use crate::{
    intake::{Producer, Wanted},
    outlet::{Hold, Removal},
    storage::PullFilter,
};

/// The project in which it is tried out. No header can name it.
const PROJECT: &str = "\u{7f}health";

/// How long the message of a try would live, seconds.
const TTL: i64 = 60;

/// `GET /v2/health`: 200 with what succeeded and how long it took.
pub(super) async fn show(State(face): State<Face>) -> Answer {
    answer::ok(&report(&face).await)
}

/// What succeeds, and how long it takes.
pub(crate) async fn report(face: &Face) -> Value {
    let reachable = face.store.check().await.is_ok();
    let mut trial = Trial { face, queue: Uuid::new_v4().to_string(), status: Map::new() };
    if reachable {
        trial.run().await;
    }
    json!({"storage_reachable": reachable, "operation_status": trial.status})
}

struct Trial<'f> {
    face: &'f Face,
    queue: String,
    status: Map<String, Value>,
}

impl Trial<'_> {
    /// Does one after the other, as far as each has what it needs.
    async fn run(&mut self) {
        let (face, queue) = (self.face, self.queue.clone());
        let queue = queue.as_str();
        let made = face.catalog.create(PROJECT, queue, Map::new());
        if self.tried("create_queue", made).await.is_none() {
            return;
        }
        let posted = self.tried("post_messages", post(face, queue)).await.unwrap_or_default();
        if !posted.is_empty() {
            self.claim(queue).await;
        }
        let removal = Removal { ids: posted, claims: Some(Vec::new()) };
        self.tried("bulk_delete_messages", face.outlet.delete_many(PROJECT, queue, removal)).await;
        self.tried("delete_queue", face.store.queue_delete(PROJECT, queue)).await;
    }

    async fn claim(&mut self, queue: &str) {
        let face = self.face;
        let claimed = face.outlet.claim(PROJECT, queue, Hold::default(), None);
        let claimed = self.tried("claim_messages", claimed).await.flatten();
        let filter = PullFilter { limit: 1, claimed: true, ..PullFilter::default() };
        self.tried("list_messages", face.store.messages(PROJECT, queue, filter)).await;
        let Some(claimed) = claimed else { return };
        for message in claimed.messages {
            let deleted = face.outlet.delete(PROJECT, queue, message.id, Some(claimed.id));
            self.tried("delete_messages", deleted).await;
        }
        self.tried("delete_claim", face.store.claim_release(PROJECT, queue, claimed.id)).await;
    }

    /// Notes how `operation` went. A failure has a reference, under which the log says why.
    async fn tried<T, E: std::fmt::Display>(
        &mut self,
        name: &str,
        operation: impl Future<Output = Result<T, E>>,
    ) -> Option<T> {
        let began = Instant::now();
        let result = operation.await;
        let reference = result.as_ref().err().map(|error| {
            let reference = Uuid::new_v4().to_string();
            tracing::error!(%error, operation = name, reference, "the health report met an error");
            reference
        });
        let seconds = began.elapsed().as_secs_f64();
        let told = json!({"succeeded": result.is_ok(), "seconds": seconds, "ref": reference});
        self.status.insert(name.to_owned(), told);
        result.ok()
    }
}

async fn post(face: &Face, queue: &str) -> Result<Vec<MessageId>, crate::intake::IntakeError> {
    let rules = face.intake.rules(PROJECT, queue).await?;
    let message = Wanted {
        body: Bytes::from_static(b"{\"event\": \"health\"}"),
        ttl: Some(TTL),
        delay: None,
        attributes: Attributes::default(),
    };
    let from = Producer { project: PROJECT.to_owned(), ..Producer::default() };
    Ok(face.intake.post(from, queue, &rules, vec![message]).await?.ids)
}
