//! `/v2/queues/{queue}/subscriptions`.

use axum::{
    Extension,
    body::Body,
    extract::{Path, RawQuery, State},
    http::{HeaderName, HeaderValue},
    response::Response,
};
use nuncio_core::{Options, SubscriptionId};
use serde_json::{Map, Value, json};

use super::{
    answer,
    body::{self, Limit},
    context::Caller,
    face::Face,
    page,
    params::Params,
    problem::{Answer, Problem},
    times,
};
use crate::{
    catalog::{CatalogError, Change, Unknown, Wish},
    storage::{Subscribed, SubscriptionRow, Updated},
};

/// The most options that are warned of in one answer.
const MAX_WARNINGS: usize = 8;

/// `POST`: 201 with the id; of a subscription that is there and unconfirmed, its id, with nothing changed.
pub(super) async fn create(
    State(face): State<Face>,
    Extension(caller): Extension<Caller>,
    Path(queue): Path<String>,
    body: Body,
) -> Answer {
    let document = document(&face, body).await?;
    let subscriber =
        subscriber(&document)?.ok_or_else(|| Problem::request("Missing parameter subscriber in body."))?;
    let wish = Wish { subscriber, ttl: ttl(&document)?, options: options(&document)?.unwrap_or_default() };
    let now = face.clock.now_ms();
    let (subscribed, unknown) = face.catalog.subscribe(&caller.project, &queue, wish, now).await?;
    let id = match subscribed {
        Subscribed::New(id) | Subscribed::Exists { id, confirmed: false } => {
            face.ids.subscription(id).to_string()
        }
        Subscribed::Exists { confirmed: true, .. } => {
            return Err(Problem::conflict(
                "Such subscription already exists. Subscriptions are unique by project + queue + subscriber URI.",
            ));
        }
    };
    let location = format!("/v2/queues/{queue}/subscriptions");
    Ok(warned(answer::created(&location, &json!({"subscription_id": id}))?, &unknown))
}

/// `GET`.
pub(super) async fn list(
    State(face): State<Face>,
    Extension(caller): Extension<Caller>,
    Path(queue): Path<String>,
    RawQuery(query): RawQuery,
) -> Answer {
    let params = Params::parse(query.as_deref());
    let most = face.config.queues.max_subscriptions_per_page;
    let limit = page::limit(&params, "max_subscriptions_per_page", most, page::DEFAULT_LIMIT)?;
    let marker = page::marker(&params, |text| face.ids.parse_subscription(text))?;
    let rows = face.store.subscriptions(&caller.project, &queue, marker, limit).await?;
    let shown: Vec<_> = rows.iter().map(|row| shown(&face, row)).collect();
    let last = rows.last().map(|row| face.ids.subscription(row.id).to_string());
    let links = page::links(&format!("/v2/queues/{queue}/subscriptions"), &params, last.as_deref());
    answer::ok(&json!({"subscriptions": shown, "links": links}))
}

/// `GET /{subscription}`.
pub(super) async fn show(
    State(face): State<Face>,
    Extension(caller): Extension<Caller>,
    Path((queue, subscription)): Path<(String, String)>,
) -> Answer {
    let id = id(&face, &subscription)?;
    let row = face.store.subscription(&caller.project, &queue, id).await?;
    answer::ok(&shown(&face, &row.ok_or_else(|| missing(&subscription))?))
}

/// `PATCH /{subscription}`: 204.
pub(super) async fn update(
    State(face): State<Face>,
    Extension(caller): Extension<Caller>,
    Path((queue, subscription)): Path<(String, String)>,
    body: Body,
) -> Answer {
    let document = document(&face, body).await?;
    if document.is_empty() {
        return Err(Problem::request("No subscription data was found in the request body."));
    }
    let change =
        Change { subscriber: subscriber(&document)?, ttl: ttl(&document)?, options: options(&document)? };
    if change.subscriber.is_none() && change.ttl.is_none() && change.options.is_none() {
        return Err(Problem::nothing_to_update());
    }
    let id = id(&face, &subscription)?;
    let now = face.clock.now_ms();
    let changed = face.catalog.change(&caller.project, &queue, id, change, now).await;
    // The same words as of an id that this host never gave: whose it is, is nobody else's business.
    let unknown = changed.map_err(|error| match error {
        CatalogError::Absent(_) => missing(&subscription),
        other => other.into(),
    })?;
    let location = format!("/v2/queues/{queue}/subscriptions/{subscription}");
    Ok(warned(answer::no_content_at(&location), &unknown))
}

/// `DELETE /{subscription}`: 204, there or not.
pub(super) async fn delete(
    State(face): State<Face>,
    Extension(caller): Extension<Caller>,
    Path((queue, subscription)): Path<(String, String)>,
) -> Answer {
    if let Some(id) = face.ids.parse_subscription(&subscription) {
        face.store.subscription_end(&caller.project, &queue, id).await?;
    }
    Ok(answer::no_content())
}

/// `PUT /{subscription}/confirm`: 204.
pub(super) async fn confirm(
    State(face): State<Face>,
    Extension(caller): Extension<Caller>,
    Path((queue, subscription)): Path<(String, String)>,
    body: Body,
) -> Answer {
    let document = document(&face, body).await?;
    let Some(Value::Bool(confirmed)) = document.get("confirmed") else {
        return Err(Problem::request("The 'confirmed' should be boolean."));
    };
    let id = id(&face, &subscription)?;
    match face.store.subscription_confirm(&caller.project, &queue, id, *confirmed).await? {
        Updated::Done => {
            let location = format!("/v2/queues/{queue}/subscriptions/{subscription}/confirm");
            Ok(answer::no_content_at(&location))
        }
        Updated::Absent => Err(missing(&subscription)),
        Updated::Conflict => {
            Err(Problem::conflict("The subscription was changed in between. Please try again."))
        }
    }
}

/// `POST /{subscription}/enable`: 204; it matches again, with all its addresses.
pub(super) async fn enable(
    State(face): State<Face>,
    Extension(caller): Extension<Caller>,
    Path((queue, subscription)): Path<(String, String)>,
) -> Answer {
    let id = id(&face, &subscription)?;
    match face.store.subscription_enable(&caller.project, &queue, id).await? {
        Updated::Done => Ok(answer::no_content()),
        Updated::Absent | Updated::Conflict => Err(missing(&subscription)),
    }
}

async fn document(face: &Face, body: Body) -> Result<Map<String, Value>, Problem> {
    let bytes = body::read(body, Limit::post(&face.config)).await?;
    if bytes.is_empty() {
        return Ok(Map::new());
    }
    match body::value(&bytes)? {
        Value::Object(map) => Ok(map),
        _ => Err(Problem::body("A subscription must be a JSON object.")),
    }
}

fn subscriber(document: &Map<String, Value>) -> Result<Option<String>, Problem> {
    match document.get("subscriber") {
        None => Ok(None),
        Some(Value::String(uri)) => Ok(Some(uri.clone())),
        Some(_) => Err(Problem::request("subscriber: must be a string, a URI.")),
    }
}

fn ttl(document: &Map<String, Value>) -> Result<Option<i64>, Problem> {
    let Some(ttl) = document.get("ttl") else { return Ok(None) };
    ttl.as_i64().map(Some).ok_or_else(|| Problem::request("ttl: TTL must be an integer."))
}

fn options(document: &Map<String, Value>) -> Result<Option<Options>, Problem> {
    match document.get("options") {
        None => Ok(None),
        Some(Value::Object(map)) => Ok(Some(Options(map.clone()))),
        Some(_) => Err(Problem::request("options: Options must be a dict.")),
    }
}

fn shown(face: &Face, row: &SubscriptionRow) -> Value {
    let (subscriber, options) = face.catalog.shown(row);
    let mut shown = json!({
        "id": face.ids.subscription(row.id).to_string(),
        "source": row.queue,
        "subscriber": subscriber,
        "ttl": row.ttl,
        "age": times::age(face.clock.now_ms(), row.since),
        "options": options,
        "confirmed": row.confirmed,
    });
    // Not a member of Zaqar's: only where there is something to say.
    if let Some(disabled) = &row.disabled {
        shown["disabled"] = json!({"since": times::rfc3339(disabled.since), "reason": disabled.why});
    }
    shown
}

/// RFC 7234 section 5.5.7: a warning for each option that nobody knows.
fn warned(mut response: Response, unknown: &[Unknown]) -> Response {
    for one in unknown.iter().take(MAX_WARNINGS) {
        let text: String = one
            .to_string()
            .chars()
            .map(|c| if c.is_ascii_graphic() && !matches!(c, '"' | '\\') || c == ' ' { c } else { '?' })
            .collect();
        if let Ok(value) = HeaderValue::from_str(&format!("199 - \"{text}\"")) {
            response.headers_mut().append(HeaderName::from_static("warning"), value);
        }
    }
    response
}

fn id(face: &Face, text: &str) -> Result<SubscriptionId, Problem> {
    face.ids.parse_subscription(text).ok_or_else(|| missing(text))
}

fn missing(id: &str) -> Problem {
    Problem::not_found(format!("Subscription {id} does not exist on this queue."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_unknown_option_makes_a_header(key in "\\PC*") {
            let response = warned(Response::default(), &[Unknown { key, meant: Some("subject") }]);
            let warning = response.headers()["warning"].to_str().unwrap().to_owned();
            prop_assert!(warning.ends_with("did you mean `subject`?\""));
        }
    }

    #[test]
    fn warnings_are_bounded() {
        let unknown = vec![Unknown { key: "a".into(), meant: None }; 20];
        assert_eq!(
            warned(Response::default(), &unknown).headers().get_all("warning").iter().count(),
            MAX_WARNINGS
        );
    }
}
