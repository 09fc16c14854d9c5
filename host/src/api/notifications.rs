//! `POST /v2/notifications`: a message to given URIs, now or later, without a queue.

use axum::{Extension, body::Body, extract::State, http::HeaderMap};
use nuncio_core::{DeliveryKey, Refusal, SubscriberUri, numbered};
use serde_json::json;

use super::{
    answer,
    body::{self, Limit},
    context::{self, Caller},
    face::Face,
    problem::{Answer, Problem},
    request::{self, Entry},
};
use crate::{
    attachments::{Attachment, carried},
    intake::{Intake, Notification, Producer},
    storage::{Accepted, NewTarget},
};

/// The most bad entries that one answer lists.
const MAX_LISTED: usize = 20;

/// Takes the message when every URI and option is sound: 202 with one delivery id for each recipient.
pub(super) async fn send(
    State(face): State<Face>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    let key = context::idempotency_key(&headers)?;
    let bytes = body::read(body, Limit::notification(&face.config)).await?;
    let request = request::parse(&bytes, Limit::post(&face.config))?;
    if let Some(name) = request.headers.get(request::TEMPLATE) {
        face.renderer.check_name(name).map_err(|refusal| {
            Problem::request(Refusal { at: request::TEMPLATE.to_owned(), ..refusal }.to_string())
        })?;
    }
    Intake::room_for(request.to.len())?;
    let targets = targets(&face, &caller.project, request.to, &request.attachments).await?;
    let notification = Notification {
        body: request.content,
        headers: request.headers,
        attributes: request.attributes,
        attachments: request.attachments,
        targets: targets.clone(),
        deliver_at: request.deliver_at,
        deliver_until: request.deliver_until,
    };
    let from = Producer { project: caller.project, client: caller.client, key: key.map(|key| (key, bytes)) };
    let accepted = face.intake.notify(from, notification).await?;
    answered(&face, &accepted, &targets)
}

/// All targets, or a problem that lists every bad entry.
async fn targets(
    face: &Face,
    project: &str,
    entries: Vec<Entry>,
    attachments: &[Attachment],
) -> Result<Vec<NewTarget>, Problem> {
    let mut bad = Vec::new();
    let mut targets = Vec::with_capacity(entries.len());
    for (index, entry) in entries.into_iter().enumerate() {
        match target(face, project, entry, attachments).await {
            Ok(target) => targets.push(target),
            Err(why) => bad.push(format!("to[{index}]: {why}")),
        }
    }
    if bad.is_empty() {
        return Ok(targets);
    }
    let more = bad.len().saturating_sub(MAX_LISTED);
    bad.truncate(MAX_LISTED);
    if more > 0 {
        bad.push(format!("and {more} more"));
    }
    Err(Problem::request(bad.join("\n")))
}

async fn target(
    face: &Face,
    project: &str,
    entry: Entry,
    attachments: &[Attachment],
) -> Result<NewTarget, String> {
    if entry.options.get("filter").is_some_and(|filter| !filter.is_null()) {
        return Err(
            "options.filter: a notification goes to all that it names; leave the filter out".to_owned()
        );
    }
    let admitted = face.catalog.admit_once(project, &entry.uri, entry.options).await.map_err(|refusal| {
        let text = refusal.to_string();
        text.strip_prefix("subscriber: ").unwrap_or(&text).to_owned()
    })?;
    if let Some(unknown) = admitted.unknown.first() {
        return Err(unknown.to_string());
    }
    if admitted.target.destination.is_empty() {
        return Err(
            "only a subscription can have this URI: subscribe it to a queue and post there".to_owned()
        );
    }
    if let Some(rule) = admitted.target.rules.to_json().keys().next() {
        return Err(format!("options.{rule}: a notification has no lane of its own; subscribe for that"));
    }
    if let Some(entry) = face.board.now().by_name(&admitted.target.driver) {
        carried(attachments, &entry.manifest)?;
    }
    Ok(admitted.target)
}

fn answered(face: &Face, accepted: &Accepted, targets: &[NewTarget]) -> Answer {
    let id = accepted.ids.first().copied().unwrap_or_default();
    let matched = accepted.matched.first().map(|matched| &**matched).unwrap_or_default();
    let listed: Vec<_> = numbered(matched)
        .zip(targets)
        .flat_map(|((first, _), target)| (first..).zip(target.addresses.iter().map(move |one| (one, target))))
        .map(|(idx, (address, target))| {
            let delivery = face.ids.delivery(DeliveryKey::new(id, idx));
            json!({"to": target.redacted, "address": SubscriberUri::shown_address(address), "id": delivery.to_string()})
        })
        .collect();
    let body = json!({"id": face.ids.message(id).to_string(), "deliveries": listed});
    Ok(answer::replayed(answer::accepted(&body)?, accepted.duplicate))
}
