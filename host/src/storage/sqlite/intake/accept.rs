//! The one commit that a POST is.

use std::sync::Arc;

use nuncio_core::{
    Deferred, DeliveryKey, Fresh, Kind, LaneId, Matched, Message, MessageId, ProjectId, QueueId, TargetId,
    Why, numbered,
};
use rusqlite::params;

use super::{dedup, matching};
use crate::storage::{
    Accepted, Addressed, Dedup, Draft, NewTarget, Post, StoreError,
    sqlite::{catalog::queues, commit::Commit, deliveries, index::Wanted, json, memory::Place, targets},
};

/// Accepts a POST, or finds that it was accepted before.
pub(in crate::storage::sqlite) fn accept(
    commit: &mut Commit<'_>,
    post: Post,
) -> Result<Accepted, StoreError> {
    let Post { project, to, kind, client, drafts, dedup: key } = post;
    commit.room()?;
    let by = Producer { project, client, kind, key };
    match to {
        Addressed::Queue(name) => commit.straight(|commit| to_queue(commit, &by, &name, drafts)),
        Addressed::Targets(new) => commit.alone(|commit| to_targets(commit, &by, &new, drafts)),
    }
}

/// Who posts, and under which key.
struct Producer {
    project: String,
    client: String,
    kind: Kind,
    key: Option<Dedup>,
}

/// All that can be refused is refused before the first write.
fn to_queue(
    commit: &mut Commit<'_>,
    by: &Producer,
    name: &str,
    drafts: Vec<Draft>,
) -> Result<Accepted, StoreError> {
    let known = queues::known(commit, &by.project, name)?;
    if let (Some(place), Some(key)) = (known, &by.key)
        && let Some(earlier) = dedup::earlier(commit, (place.project, place.queue), key)?
    {
        return Ok(earlier);
    }
    let queue = known.map_or(QueueId::NONE, |place| place.queue);
    room(commit, queue, drafts.len() as u64)?;
    let wanted = matching::subscribed(commit, queue, &drafts)?;
    commit.open(wanted.iter().map(|one| one.recipients).sum())?;
    let place = match known {
        Some(place) => place,
        None => queues::ensure(commit, &by.project, name)?,
    };
    take_in(commit, by, place, drafts, wanted)
}

fn to_targets(
    commit: &mut Commit<'_>,
    by: &Producer,
    new: &[NewTarget],
    drafts: Vec<Draft>,
) -> Result<Accepted, StoreError> {
    let project = targets::ensure_project(commit.db, &by.project)?;
    let place = Place { project, queue: QueueId::NONE, sealed: false };
    if let Some(key) = &by.key
        && let Some(earlier) = dedup::earlier(commit, (project, QueueId::NONE), key)?
    {
        return Ok(earlier);
    }
    let wanted = vec![matching::addressed(commit, project, new)?; drafts.len()];
    commit.open(wanted.iter().map(|one| one.recipients).sum())?;
    take_in(commit, by, place, drafts, wanted)
}

/// Sends a message of the host's own to one target, without a queue.
pub(in crate::storage::sqlite) fn send(
    commit: &mut Commit<'_>,
    project: ProjectId,
    kind: Kind,
    (target, lane, addresses): (TargetId, LaneId, u32),
    draft: Draft,
) -> Result<(), StoreError> {
    commit.room()?;
    let wanted = Wanted::new(std::iter::once((Matched { target, addresses }, lane)))?;
    commit.open(wanted.recipients)?;
    let by = Producer { project: String::new(), client: String::new(), kind, key: None };
    // It has a signature in it, with which anybody could answer.
    let place = Place { project, queue: QueueId::NONE, sealed: true };
    take_in(commit, &by, place, vec![draft], vec![wanted]).map(drop)
}

fn take_in(
    commit: &mut Commit<'_>,
    by: &Producer,
    place: Place,
    drafts: Vec<Draft>,
    wanted: Vec<Wanted>,
) -> Result<Accepted, StoreError> {
    let Place { project, queue, .. } = place;
    let ids: Vec<_> = drafts.iter().map(|_| commit.issue()).collect();
    let train = if ids.len() > 1 { ids.first().map_or(0, |id| id.0) } else { 0 };
    for ((id, draft), wanted) in ids.iter().zip(drafts).zip(&wanted) {
        let message = Arc::new(Message {
            post: train,
            kind: by.kind,
            project,
            queue,
            client: by.client.clone(),
            matched: wanted.matched.clone(),
            ..message(*id, commit.now, draft)
        });
        store(commit, &message, &wanted.packed, place.sealed)?;
        hand_over(commit, &message, wanted)?;
        commit.published.messages.push(message);
    }
    if let Some(key) = &by.key {
        dedup::remember(commit, (project, queue), key, &ids)?;
    }
    Ok(Accepted { ids, matched: wanted.into_iter().map(|one| one.matched).collect(), duplicate: false })
}

/// A queue that is not there yet (`NONE`) holds nothing.
fn room(commit: &mut Commit<'_>, queue: QueueId, more: u64) -> Result<(), StoreError> {
    let limit = commit.limits.max_messages;
    if commit.memory.depth(commit.db, queue)?.saturating_add(more) > limit {
        return Err(StoreError::Full { limit: "queues.max_messages", value: limit });
    }
    if queue != QueueId::NONE {
        commit.memory.moved(queue, more, 0);
    }
    Ok(())
}

fn message(id: MessageId, created: i64, draft: Draft) -> Message {
    Message {
        id,
        post: 0,
        kind: Kind::Notification,
        project: ProjectId::NONE,
        queue: QueueId::NONE,
        created,
        deliver_at: draft.deliver_at,
        deliver_until: draft.deliver_until,
        ttl: draft.ttl,
        delay: draft.delay,
        client: String::new(),
        content_type: draft.content_type,
        headers: draft.headers,
        attributes: draft.attributes,
        body: draft.body,
        matched: Arc::from([]),
    }
}

macro_rules! insert_message {
    ($sealed:literal, $attributes:literal, $body:literal) => {
        concat!(
            "INSERT INTO message (id, post, kind, project, queue, created, deliver_at, deliver_until, ttl, delay,
             client, content_type, headers, matched, sealed, attributes, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?15, ",
            $sealed, ", ", $attributes, ", ", $body, ")"
        )
    };
}

const CLEAR: &str = insert_message!("0", "?14", "?16");

/// Empty attributes say nothing.
const SEALED: &str = insert_message!("1", "iif(?14 = '', '', sealed(?14, ?1))", "sealed(?16, ?1)");

fn store(commit: &Commit<'_>, message: &Message, matched: &[u8], sealed: bool) -> Result<(), StoreError> {
    commit.db.prepare_cached(if sealed { SEALED } else { CLEAR })?.execute(params![
        message.id.0,
        message.post,
        message.kind as u8,
        message.project.0,
        message.queue.0,
        message.created,
        message.deliver_at,
        message.deliver_until,
        message.ttl,
        message.delay.unwrap_or(-1),
        message.client,
        message.content_type,
        json::write("headers", &message.headers)?,
        message.attributes.stored(),
        matched,
        &*message.body,
    ])?;
    if message.queue == QueueId::NONE { Ok(()) } else { enqueue(commit, message) }
}

fn enqueue(commit: &Commit<'_>, message: &Message) -> Result<(), StoreError> {
    let after = |seconds: i64| message.created.saturating_add(seconds.saturating_mul(1000));
    commit
        .db
        .prepare_cached(
            "INSERT INTO queued (queue, message, entered, ttl, expires, visible_at, claim, claim_until, claims)
             VALUES (?1, ?2, ?2, ?3, ?4, ?5, 0, 0, 0)",
        )?
        .execute(params![
            message.queue.0,
            message.id.0,
            message.ttl,
            after(message.ttl),
            after(message.delay.unwrap_or(0)),
        ])?;
    Ok(())
}

/// What is due now goes to the engine, what is due later into `deferred`.
fn hand_over(commit: &mut Commit<'_>, message: &Message, wanted: &Wanted) -> Result<(), StoreError> {
    let later = message.deliver_at > commit.now;
    for ((first, one), lane) in numbered(&message.matched).zip(&*wanted.lanes) {
        if !later && commit.published.rest.is_some() {
            break;
        }
        let fresh = Fresh {
            message: message.id,
            post: message.post,
            target: one.target,
            lane: *lane,
            first,
            open: (first..first + one.addresses).collect(),
            created: message.created,
            until: message.deliver_until,
            bytes: u32::try_from(message.body.len()).unwrap_or(u32::MAX),
        };
        if later {
            schedule(commit, &fresh, message.deliver_at)?;
        } else if !fresh.open.is_empty() {
            commit.hand_over(fresh);
        }
    }
    Ok(())
}

fn schedule(commit: &mut Commit<'_>, fresh: &Fresh, due: i64) -> Result<(), StoreError> {
    for idx in &fresh.open {
        let row = Deferred {
            key: DeliveryKey::new(fresh.message, *idx),
            first: fresh.first,
            target: fresh.target,
            lane: fresh.lane,
            due,
            not_before: 0,
            why: Why::Scheduled,
            n: 0,
            tries: 0,
            since: due,
            bytes: fresh.bytes,
            post: fresh.post,
            until: fresh.until,
        };
        deliveries::put_deferred(commit, &row)?;
    }
    commit.scheduled(fresh.lane, due);
    Ok(())
}
