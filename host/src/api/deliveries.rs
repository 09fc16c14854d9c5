//! `/v2/deliveries`: what became of each delivery, and trying one again or cancelling it.

use axum::{
    Extension,
    extract::{Path, RawQuery, State},
};
use nuncio_core::{DeliveryKey, Failure, Public, State as Standing, SubscriberUri, SubscriptionId, Why};
use serde_json::{Value, json};

use super::{
    answer,
    context::Caller,
    face::Face,
    page,
    params::Params,
    problem::{Answer, Problem},
    times,
};
use crate::{
    place::Place,
    storage::{CancelResult, DeliveryFilter, DeliveryPage, DeliveryView, RequeueResult, Selection, alone_at},
};

const MAX_LIMIT: u32 = 1000;
const DEFAULT_LIMIT: i64 = 20;
const PARAMS: [&str; 11] = [
    "state",
    "queue",
    "topic",
    "subscription",
    "destination",
    "driver",
    "from",
    "to",
    "reason",
    "limit",
    "marker",
];

/// `GET`: newest first. A short page is not the end: the end has no link.
pub(super) async fn list(
    State(face): State<Face>,
    Extension(caller): Extension<Caller>,
    RawQuery(query): RawQuery,
) -> Answer {
    let params = Params::parse(query.as_deref());
    let page = match filter(&face, &params)? {
        filter if filter.state == Some(Standing::Held) => held(&face, &caller.project, filter).await?,
        filter => page(&face, &caller.project, filter).await?,
    };
    let deliveries: Vec<_> = page.deliveries.iter().map(|one| shown(&face, one)).collect();
    let next = page.next.map(|key| face.ids.delivery(key).to_string());
    answer::ok(&json!({
        "deliveries": deliveries,
        "links": page::links("/v2/deliveries", &params, next.as_deref()),
    }))
}

fn filter(face: &Face, params: &Params) -> Result<DeliveryFilter, Problem> {
    if let Some((name, _)) = params.others(&PARAMS).next() {
        return Err(Problem::request(format!(
            "unknown parameter `{name}`: there are {}.",
            PARAMS.join(", ")
        )));
    }
    let state = params.get("state").map(|name| {
        let names = Standing::ALL.map(Standing::name).join(", ");
        let found = Standing::ALL.into_iter().find(|state| state.name() == name);
        found.ok_or_else(|| Problem::request(format!("state: `{name}` is none of {names}.")))
    });
    let subscription = params.get("subscription").map(|text| {
        let wrong = || Problem::request("subscription: not an id that this host gave.");
        face.ids.parse_subscription(text).ok_or_else(wrong)
    });
    let before = page::marker(params, |text| match face.ids.parse(text) {
        Some(Public::Delivery(key)) => Some(Some(key)),
        _ => None,
    })?;
    let text = |name| params.get(name).map(str::to_owned);
    let place = Place::either(text("queue"), text("topic")).map_err(Problem::request)?;
    let selection = Selection {
        queue: place.map(Place::into_stored),
        subscription: subscription.transpose()?,
        destination: text("destination"),
        driver: text("driver"),
        from: params.moment("from")?,
        to: params.moment("to")?,
        reason: text("reason"),
    };
    Ok(DeliveryFilter {
        state: state.transpose()?,
        selection,
        before,
        limit: page::limit(params, "the most of this route", MAX_LIMIT, DEFAULT_LIMIT)?,
    })
}

/// One page of the store; deliveries that wait for a driver are `held`, and left out of those that are `waiting`.
async fn page(face: &Face, project: &str, filter: DeliveryFilter) -> Result<DeliveryPage, Problem> {
    let waiting = filter.state == Some(Standing::Waiting);
    let mut page = face.store.deliveries(project, filter).await?;
    if waiting {
        page.deliveries.retain(|one| obstacle(face, one).is_none());
    }
    Ok(page)
}

/// What is held: by the store's word, and what waits for a driver; two listings merged, newest first, up to where
/// both have been read.
async fn held(face: &Face, project: &str, filter: DeliveryFilter) -> Result<DeliveryPage, Problem> {
    let limit = filter.limit as usize;
    let waiting = DeliveryFilter { state: Some(Standing::Waiting), ..filter.clone() };
    let mut stored = face.store.deliveries(project, filter).await?;
    let mut waiting = face.store.deliveries(project, waiting).await?;
    waiting.deliveries.retain(|one| obstacle(face, one).is_some());
    let read_to = stored.next.max(waiting.next);
    stored.deliveries.append(&mut waiting.deliveries);
    stored.deliveries.sort_by_key(|one| std::cmp::Reverse(one.key));
    stored.deliveries.dedup_by_key(|one| one.key);
    stored.deliveries.retain(|one| read_to.is_none_or(|end| one.key >= end));
    stored.next = read_to;
    if stored.deliveries.len() > limit {
        stored.deliveries.truncate(limit);
        stored.next = stored.deliveries.last().map(|one| one.key);
    }
    Ok(stored)
}

/// `GET /{delivery}`: with its failed attempts.
pub(super) async fn show(
    State(face): State<Face>,
    Extension(caller): Extension<Caller>,
    Path(delivery): Path<String>,
) -> Answer {
    let key = key(&face, &delivery)?;
    let view = face.store.delivery(&caller.project, key).await?.ok_or_else(|| missing(&delivery))?;
    let mut body = shown(&face, &view);
    let answers = face.config.delivery.show_responses;
    if !view.provider_id.is_empty() {
        body["provider_id"] = view.provider_id.clone().into();
    }
    if let Some(receipt) = &view.receipt {
        body["receipt"] = json!({
            "outcome": receipt.outcome,
            "code": receipt.code,
            "reason": receipt.reason,
            "at": times::rfc3339(receipt.at),
        });
    }
    body["failures"] = view.failures.iter().map(|one| failure(one, answers)).collect();
    answer::ok(&body)
}

/// `POST /{delivery}/retry`: 202.
pub(super) async fn retry(
    State(face): State<Face>,
    Extension(caller): Extension<Caller>,
    Path(delivery): Path<String>,
) -> Answer {
    let key = key(&face, &delivery)?;
    match face.store.requeue(&caller.project, key).await? {
        RequeueResult::Due => answer::accepted(&json!({"id": delivery, "state": Standing::Waiting.name()})),
        RequeueResult::Settled(state) => Err(Problem::conflict(format!(
            "The delivery is {}: only one that is dead or waits can be tried again.",
            state.name()
        ))),
        RequeueResult::Ended => Err(Problem::conflict(
            "The subscription of the delivery has ended, or its address was taken out of it.",
        )),
        RequeueResult::Absent => Err(missing(&delivery)),
    }
}

/// `POST /{delivery}/cancel`: 202. An attempt that is under way may still succeed: the answer then says `waiting`.
pub(super) async fn cancel(
    State(face): State<Face>,
    Extension(caller): Extension<Caller>,
    Path(delivery): Path<String>,
) -> Answer {
    let key = key(&face, &delivery)?;
    match face.delivery.cancel(&caller.project, key).await? {
        CancelResult::Cancelled => {
            answer::accepted(&json!({"id": delivery, "state": Standing::Cancelled.name()}))
        }
        CancelResult::InFlight => answer::accepted(&json!({
            "id": delivery,
            "state": Standing::Waiting.name(),
            "reason": "it is being attempted: it is cancelled unless this attempt succeeds",
        })),
        CancelResult::Settled(state) => Err(Problem::conflict(format!(
            "The delivery is {}: only one that waits or is held can be cancelled.",
            state.name()
        ))),
        CancelResult::Absent => Err(missing(&delivery)),
    }
}

fn shown(face: &Face, view: &DeliveryView) -> Value {
    let obstacle = obstacle(face, view);
    let state = if obstacle.is_some() { Standing::Held } else { view.state };
    let mut shown = json!({
        "id": face.ids.delivery(view.key).to_string(),
        "message": face.ids.message(view.key.message).to_string(),
        "state": state.name(),
        "to": view.redacted,
        "address": SubscriberUri::shown_address(&view.address),
        "driver": view.driver,
        "destination": alone_at(&view.destination).map_or(&view.destination, |_| &view.redacted),
        "attempts": view.attempts,
        "created": times::rfc3339(view.created),
    });
    let subscription = (view.subscription != SubscriptionId::NONE)
        .then(|| face.ids.subscription(view.subscription).to_string());
    let open = matches!(view.state, Standing::Waiting | Standing::Held);
    let place = Place::of_stored(view.queue.clone());
    let (kind, name) = place.label();
    for (name, value) in [
        (kind, (!name.is_empty()).then(|| name.to_owned())),
        ("subscription", subscription),
        (if open { "due" } else { "settled" }, times::rfc3339(view.at)),
        ("reason", obstacle.or_else(|| reason(view))),
    ] {
        if let Some(value) = value {
            shown[name] = Value::from(value);
        }
    }
    shown
}

fn reason(view: &DeliveryView) -> Option<String> {
    if !view.reason.is_empty() {
        return Some(view.reason.clone());
    }
    let text = match view.why? {
        Why::Retry => "the last attempt failed: it is tried again when it is due",
        Why::Scheduled => "scheduled",
        Why::Spilled => "its destination has more waiting than fits in memory",
        Why::Held => "its driver or account cannot deliver now",
        Why::Unconfirmed => "its subscription has another address, whose owner has not confirmed it",
        Why::Stopped => "it was given up, and its ordered subscription stops: retry or cancel it",
    };
    Some(text.to_owned())
}

/// Why nothing is attempted although the store says that it waits: the driver is missing or disabled.
fn obstacle(face: &Face, view: &DeliveryView) -> Option<String> {
    if !matches!(view.state, Standing::Waiting | Standing::Held) {
        return None;
    }
    face.delivery.held(&view.driver).or_else(|| face.delivery.away(&view.driver, &view.destination))
}

/// What an attempt came to. What the far side answered is shown where the operator allows it: a URI may lead to a host
/// that its tenant cannot reach.
fn failure(failure: &Failure, answers: bool) -> Value {
    let mut shown = json!({
        "attempt": failure.n,
        "at": times::rfc3339(failure.at),
        "ms": failure.ms,
        "outcome": failure.outcome,
        "scope": failure.scope,
        "code": failure.code,
        "reason": failure.reason,
    });
    if answers {
        shown["excerpt"] = failure.excerpt.clone().into();
    }
    shown
}

fn key(face: &Face, text: &str) -> Result<DeliveryKey, Problem> {
    match face.ids.parse(text) {
        Some(Public::Delivery(key)) => Ok(key),
        _ => Err(missing(text)),
    }
}

fn missing(id: &str) -> Problem {
    Problem::not_found(format!("Delivery {id} does not exist."))
}
