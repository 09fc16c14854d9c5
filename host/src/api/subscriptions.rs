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
    page as pages,
    params::Params,
    problem::{Answer, Problem},
    times,
};
use crate::{
    catalog::{Answerer, CatalogError, Change, Unknown, Wish},
    confirmation::Queue,
    place::{Place, plain},
    storage::{Subscribed, SubscriptionRow, Updated},
};

/// The most options that are warned of in one answer.
const MAX_WARNINGS: usize = 8;

/// `POST`: 201 with the id; of a subscription that is there and unconfirmed, its id, with nothing changed.
pub(super) async fn create(
    State(face): State<Face>,
    Extension(caller): Extension<Caller>,
    Extension(place): Extension<Place>,
    body: Body,
) -> Answer {
    let document = document(&face, body).await?;
    let subscriber =
        subscriber(&document)?.ok_or_else(|| Problem::request("Missing parameter subscriber in body."))?;
    let (ttl, options) = (ttl(&document)?, options(&document)?.unwrap_or_default());
    let wish = Wish { subscriber, ttl, options, bound: false, by: caller.bearer };
    let now = face.clock.now_ms();
    let silent = face.catalog.unanswerable(&wish.subscriber);
    let (subscribed, unknown) = face.catalog.subscribe(&caller.project, place.stored(), wish, now).await?;
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
    let location = format!("{}/subscriptions", place.path());
    let created = answer::created(&location, &json!({"subscription_id": id}))?;
    Ok(warned(created, &warnings(&unknown, silent)))
}

/// `GET`.
pub(super) async fn list(
    State(face): State<Face>,
    Extension(caller): Extension<Caller>,
    Extension(place): Extension<Place>,
    RawQuery(query): RawQuery,
) -> Answer {
    let params = Params::parse(query.as_deref());
    let rows = page(&face, &caller, place.stored(), &params).await?;
    let shown: Vec<_> = rows.iter().map(|row| shown(&face, row)).collect();
    let last = rows.last().map(|row| face.ids.subscription(row.id).to_string());
    let links = pages::links(&format!("{}/subscriptions", place.path()), &params, last.as_deref());
    answer::ok(&json!({"subscriptions": shown, "links": links}))
}

/// A page of the subscriptions of a queue or topic.
pub(crate) async fn page(
    face: &Face,
    caller: &Caller,
    queue: &str,
    params: &Params,
) -> Result<Vec<SubscriptionRow>, Problem> {
    let most = face.config.queues.max_subscriptions_per_page;
    let limit = pages::limit(params, "max_subscriptions_per_page", most, pages::DEFAULT_LIMIT)?;
    let marker = pages::marker(params, |text| face.ids.parse_subscription(text))?;
    Ok(face.store.subscriptions(&caller.project, queue, marker, limit).await?)
}

/// `GET /{subscription}`.
pub(super) async fn show(
    State(face): State<Face>,
    Extension(caller): Extension<Caller>,
    Extension(place): Extension<Place>,
    Path((_, subscription)): Path<(String, String)>,
) -> Answer {
    let id = id(&face, &subscription)?;
    let row = face.store.subscription(&caller.project, place.stored(), id).await?;
    answer::ok(&shown(&face, &row.ok_or_else(|| missing(&subscription))?))
}

/// `PATCH /{subscription}`: 204.
pub(super) async fn update(
    State(face): State<Face>,
    Extension(caller): Extension<Caller>,
    Extension(place): Extension<Place>,
    Path((_, subscription)): Path<(String, String)>,
    body: Body,
) -> Answer {
    let document = document(&face, body).await?;
    if document.is_empty() {
        return Err(Problem::request("No subscription data was found in the request body."));
    }
    let change = Change {
        subscriber: subscriber(&document)?,
        ttl: ttl(&document)?,
        options: options(&document)?,
        by: caller.bearer,
    };
    if change.subscriber.is_none() && change.ttl.is_none() && change.options.is_none() {
        return Err(Problem::nothing_to_update());
    }
    let id = id(&face, &subscription)?;
    let now = face.clock.now_ms();
    let unknown = face.catalog.change(&caller.project, place.stored(), id, change, now).await;
    let unknown = unknown.map_err(|error| known(error, &subscription))?;
    let location = format!("{}/subscriptions/{subscription}", place.path());
    Ok(warned(answer::no_content_at(&location), &warnings(&unknown, None)))
}

/// `DELETE /{subscription}`: 204, there or not.
pub(super) async fn delete(
    State(face): State<Face>,
    Extension(caller): Extension<Caller>,
    Extension(place): Extension<Place>,
    Path((_, subscription)): Path<(String, String)>,
) -> Answer {
    if let Some(id) = face.ids.parse_subscription(&subscription) {
        face.catalog.end(&caller.project, place.stored(), id).await?;
    }
    Ok(answer::no_content())
}

/// `PUT /{subscription}/confirm`: 204.
pub(super) async fn confirm(
    State(face): State<Face>,
    Extension(caller): Extension<Caller>,
    Extension(place): Extension<Place>,
    Path((_, subscription)): Path<(String, String)>,
    body: Body,
) -> Answer {
    let document = document(&face, body).await?;
    let Some(Value::Bool(confirmed)) = document.get("confirmed") else {
        return Err(Problem::request("The 'confirmed' should be boolean."));
    };
    let id = id(&face, &subscription)?;
    let location = format!("{}/subscriptions/{subscription}/confirm", place.path());
    // A signature for more than this path was made by somebody who shares the queue, not for whoever is subscribed.
    let from = match caller.signed.filter(|grant| grant.is_exactly(&location)) {
        Some(grant) => Answerer::Owner { expires: grant.expires_ms() },
        None => Answerer::Project,
    };
    let of = Queue { project: &caller.project, name: place.stored() };
    let answered = face.catalog.answer(of, id, *confirmed, from, face.clock.now_ms()).await;
    answered.map_err(|error| known(error, &subscription))?;
    Ok(answer::no_content_at(&location))
}

/// `POST /{subscription}/enable`: 204; it matches again, with all its addresses.
pub(super) async fn enable(
    State(face): State<Face>,
    Extension(caller): Extension<Caller>,
    Extension(place): Extension<Place>,
    Path((_, subscription)): Path<(String, String)>,
) -> Answer {
    let id = id(&face, &subscription)?;
    match face.store.subscription_enable(&caller.project, place.stored(), id).await? {
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

/// A subscription as it is shown.
pub(crate) fn shown(face: &Face, row: &SubscriptionRow) -> Value {
    let (subscriber, options) = face.catalog.shown(row);
    let mut shown = json!({
        "id": face.ids.subscription(row.id).to_string(),
        "source": plain(&row.queue),
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

/// What is done and may not be what was meant: an option that nobody knows, a subscriber who cannot be asked.
pub(crate) fn warnings(unknown: &[Unknown], silent: Option<String>) -> Vec<String> {
    unknown.iter().take(MAX_WARNINGS).map(ToString::to_string).chain(silent).collect()
}

/// RFC 7234 section 5.5.7: a header for each warning.
fn warned(mut response: Response, warnings: &[String]) -> Response {
    warnings.iter().for_each(|why| warn(&mut response, why));
    response
}

fn warn(response: &mut Response, why: &str) {
    let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\\') || c == ' ';
    let text: String = why.chars().map(|c| if plain(c) { c } else { '?' }).collect();
    if let Ok(value) = HeaderValue::from_str(&format!("199 - \"{text}\"")) {
        response.headers_mut().append(HeaderName::from_static("warning"), value);
    }
}

fn id(face: &Face, text: &str) -> Result<SubscriptionId, Problem> {
    face.ids.parse_subscription(text).ok_or_else(|| missing(text))
}

/// An id that is another project's is told in the words of one that nobody has.
fn known(error: CatalogError, id: &str) -> Problem {
    match error {
        CatalogError::Absent(_) => missing(id),
        other => other.into(),
    }
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
            let all = warnings(&[Unknown { key, meant: Some("subject") }], None);
            let response = warned(Response::default(), &all);
            let warning = response.headers()["warning"].to_str().unwrap().to_owned();
            prop_assert!(warning.ends_with("did you mean `subject`?\""));
        }
    }

    #[test]
    fn warnings_are_bounded() {
        let unknown = vec![Unknown { key: "a".into(), meant: None }; 20];
        assert_eq!(
            warned(Response::default(), &warnings(&unknown, None))
                .headers()
                .get_all("warning")
                .iter()
                .count(),
            MAX_WARNINGS
        );
    }
}
