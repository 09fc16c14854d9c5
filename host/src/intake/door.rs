//! What is asked of the store when messages come in.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use nuncio_core::{Attributes, Clock, Kind};
use serde_json::Map;
use sha2::{Digest, Sha256};

use super::{attributes, rules::Rules};
use crate::{
    attachments::{Attachment, enclose},
    config::Config,
    storage::{Accepted, Addressed, Dedup, Draft, NewTarget, Post, Store, StoreError, Usage},
    tenants::{Beyond, Tenants},
};

const JSON: &str = "application/json";
/// How far ahead a notification may be scheduled.
const MAX_AHEAD_MS: i64 = 366 * 24 * 60 * 60 * 1000;
/// The most `to` entries of one notification.
const MAX_TARGETS: usize = 1000;

/// Why messages are not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IntakeError {
    /// A limit is broken: which message, which field, which limit.
    #[error("{0}")]
    Limit(String),
    /// A limit of the project is reached.
    #[error(transparent)]
    Beyond(#[from] Beyond),
    /// The store refused or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A message as its producer wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The JSON value's own text.
    pub body: Bytes,
    /// Life for pull in seconds; the queue's default without it.
    pub ttl: Option<i64>,
    /// Seconds hidden from pull, where the queue delays.
    pub delay: Option<i64>,
    /// What is said of it beside the body.
    pub attributes: Attributes,
}

/// Who posts, and under which key.
#[derive(Clone, Debug, Default)]
pub struct Producer {
    /// The project.
    pub project: String,
    /// The Client-ID, empty without one.
    pub client: String,
    /// `Idempotency-Key`, with the bytes of the request it stands for.
    pub key: Option<(String, Bytes)>,
}

/// A message to given targets, without a queue.
#[derive(Clone, Debug)]
pub struct Notification {
    /// What it says: the JSON value's own text.
    pub body: Bytes,
    /// What it asks of rendering.
    pub headers: BTreeMap<String, String>,
    /// What is said of it beside the body.
    pub attributes: Attributes,
    /// The files that go with it.
    pub attachments: Vec<Attachment>,
    /// Whom it is for.
    pub targets: Vec<NewTarget>,
    /// When its deliveries begin, Unix milliseconds; what has passed is at once.
    pub deliver_at: Option<i64>,
    /// When they end, Unix milliseconds.
    pub deliver_until: Option<i64>,
}

/// The door.
#[derive(Clone)]
pub struct Intake {
    store: Arc<dyn Store>,
    config: Arc<Config>,
    clock: Arc<dyn Clock>,
    tenants: Arc<Tenants>,
}

impl std::fmt::Debug for Intake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Intake").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Intake {
    /// A door to `store`.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        config: Arc<Config>,
        clock: Arc<dyn Clock>,
        tenants: Arc<Tenants>,
    ) -> Self {
        Self { store, config, clock, tenants }
    }

    /// What `queue` asks of its messages; a queue that is not there yet asks what the host asks.
    ///
    /// # Errors
    /// The store's.
    pub async fn rules(&self, project: &str, queue: &str) -> Result<Rules, IntakeError> {
        let row = self.store.queue(project, queue).await?;
        Ok(row.map_or_else(
            || Rules::of(&Map::new(), &self.config.queues),
            |row| Rules::of(&row.metadata, &self.config.queues),
        ))
    }

    /// Looks whether a notification may have so many `to` entries, before they are looked at one by one.
    ///
    /// # Errors
    /// [`IntakeError::Limit`] names the limit.
    pub fn room_for(entries: usize) -> Result<(), IntakeError> {
        if entries <= MAX_TARGETS {
            return Ok(());
        }
        Err(IntakeError::Limit(format!(
            "to: {entries} entries, and the most is {MAX_TARGETS}: send several notifications"
        )))
    }

    /// Takes one POST: all of it or nothing.
    ///
    /// # Errors
    /// [`IntakeError::Limit`] names the first message that breaks a rule.
    pub async fn post(
        &self,
        from: Producer,
        queue: &str,
        rules: &Rules,
        messages: Vec<Wanted>,
    ) -> Result<Accepted, IntakeError> {
        let drafts = messages.into_iter().enumerate().map(|(index, wanted)| {
            attributes::check(
                || format!("messages[{index}].attributes"),
                &wanted.attributes,
                &self.config.queues,
            )?;
            draft(rules, index, wanted)
        });
        let drafts = drafts.collect::<Result<Vec<_>, _>>()?;
        self.accept(from, Addressed::Queue(queue.to_owned()), drafts).await
    }

    /// Takes a message for given targets.
    ///
    /// # Errors
    /// [`IntakeError::Limit`] names the field and its limit.
    pub async fn notify(&self, from: Producer, notification: Notification) -> Result<Accepted, IntakeError> {
        let (deliver_at, deliver_until) =
            schedule(self.clock.now_ms(), notification.deliver_at, notification.deliver_until)?;
        enough_room(&notification.targets, self.config.delivery.max_recipients)?;
        attributes::check(|| "attributes".to_owned(), &notification.attributes, &self.config.queues)?;
        let (body, headers) = enclose(notification.body, notification.headers, &notification.attachments);
        let draft = Draft {
            content_type: JSON.to_owned(),
            headers,
            attributes: notification.attributes,
            body,
            ttl: self.config.queues.default_message_ttl,
            delay: None,
            deliver_at,
            deliver_until,
        };
        self.accept(from, Addressed::Targets(notification.targets), vec![draft]).await
    }

    async fn accept(
        &self,
        from: Producer,
        to: Addressed,
        drafts: Vec<Draft>,
    ) -> Result<Accepted, IntakeError> {
        let life = i64::try_from(self.config.delivery.idempotency_ttl.as_millis()).unwrap_or(i64::MAX);
        let expires = self.clock.now_ms().saturating_add(life);
        let dedup = from.key.map(|(key, request)| Dedup {
            key,
            fingerprint: Sha256::digest(&request).to_vec(),
            expires,
        });
        let (project, client) = (from.project, from.client);
        let bytes = drafts.iter().map(|draft| draft.body.len() as u64).sum();
        self.tenants.post(&project, drafts.len() as u64, bytes).await?;
        let owner = project.clone();
        let post = Post { project, to, kind: Kind::Notification, client, drafts, dedup };
        let accepted = self.store.accept(post).await?;
        if !accepted.duplicate {
            metrics::counter!("nuncio_messages_accepted_total").increment(accepted.ids.len() as u64);
            self.tenants.took(&owner, taken(&accepted, bytes));
        }
        Ok(accepted)
    }
}

fn taken(accepted: &Accepted, bytes: u64) -> Usage {
    let recipients = accepted.matched.iter().flat_map(|matched| matched.iter());
    let deliveries = recipients.map(|one| u64::from(one.addresses)).sum();
    Usage { messages: accepted.ids.len() as u64, bytes, deliveries }
}

fn draft(rules: &Rules, index: usize, wanted: Wanted) -> Result<Draft, IntakeError> {
    Ok(Draft {
        content_type: JSON.to_owned(),
        headers: BTreeMap::new(),
        ttl: rules.ttl(index, &wanted)?,
        delay: rules.delay(index, &wanted)?,
        attributes: wanted.attributes,
        body: wanted.body,
        deliver_at: 0,
        deliver_until: 0,
    })
}

fn schedule(now: i64, at: Option<i64>, until: Option<i64>) -> Result<(i64, i64), IntakeError> {
    let limit = |text: String| Err(IntakeError::Limit(text));
    let at = at.filter(|at| *at > now).unwrap_or(0);
    if at > now + MAX_AHEAD_MS {
        return limit("deliver_at: more than a year ahead: the most is 366 days".to_owned());
    }
    let Some(until) = until else { return Ok((at, 0)) };
    if until <= at.max(now) {
        return limit("deliver_until: it has passed before the first attempt: name a later time".to_owned());
    }
    if until > now + 2 * MAX_AHEAD_MS {
        return limit(
            "deliver_until: more than two years ahead: leave it out to end by the retry policy".to_owned(),
        );
    }
    Ok((at, until))
}

fn enough_room(targets: &[NewTarget], most: u32) -> Result<(), IntakeError> {
    Intake::room_for(targets.len())?;
    let recipients: usize = targets.iter().map(|target| target.addresses.len()).sum();
    if recipients > most as usize {
        return Err(IntakeError::Limit(format!(
            "to: {recipients} recipients, and the most is {most} (delivery.max_recipients): send several notifications"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_700_000_000_000;

    #[test]
    fn what_has_passed_begins_at_once() {
        assert_eq!(schedule(NOW, Some(NOW - 1), None).unwrap(), (0, 0));
        assert_eq!(schedule(NOW, None, None).unwrap(), (0, 0));
        assert_eq!(schedule(NOW, Some(NOW + 5), Some(NOW + 6)).unwrap(), (NOW + 5, NOW + 6));
    }

    #[test]
    fn an_end_before_the_beginning_is_refused() {
        assert!(schedule(NOW, None, Some(NOW)).is_err());
        assert!(schedule(NOW, Some(NOW + 5), Some(NOW + 5)).is_err());
    }

    #[test]
    fn a_year_ahead_is_the_most() {
        assert!(schedule(NOW, Some(NOW + MAX_AHEAD_MS), None).is_ok());
        let error = schedule(NOW, Some(NOW + MAX_AHEAD_MS + 1), None).unwrap_err().to_string();
        assert!(error.contains("deliver_at") && error.contains("366"), "{error}");
    }
}
