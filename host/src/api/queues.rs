//! `/v2/queues`: making, listing, showing, changing, emptying and deleting queues.

use axum::{
    Extension,
    body::Body,
    extract::{RawQuery, State},
    http::HeaderMap,
};
use serde_json::{Map, Value, json};

use super::{
    answer, body,
    context::{self, Caller},
    face::Face,
    page as pages,
    params::Params,
    patch,
    problem::{Answer, Problem},
    shown, times,
};
use crate::{
    catalog::{CatalogError, with_defaults},
    place::{Place, plain},
    storage::{Purge, QueueRow},
};

const PATCH_TYPE: &str = "application/openstack-messaging-v2.0-json-patch";
/// Parameters of a listing that are not filters on metadata.
const OWN_PARAMS: [&str; 5] = ["marker", "limit", "detailed", "name", "with_count"];
/// How many queues are read at once while filtering and counting.
const SLICE: u32 = 500;

/// `PUT /v2/queues/{queue}`: 201, or 204 when it was there.
pub(super) async fn create(
    State(face): State<Face>,
    Extension(caller): Extension<Caller>,
    Extension(place): Extension<Place>,
    body: Body,
) -> Answer {
    let bytes = body::read(body, body::Limit::metadata(&face.config)).await?;
    let metadata = if bytes.is_empty() { Map::new() } else { object(body::value(&bytes)?)? };
    let new = face.catalog.create(&caller.project, place.stored(), metadata).await?;
    Ok(if new { answer::created_empty(&place.path()) } else { answer::no_content_at(&place.path()) })
}

/// `GET /v2/queues/{queue}`: its metadata; a queue that is not there shows the defaults, as in Zaqar.
pub(super) async fn show(
    State(face): State<Face>,
    Extension(caller): Extension<Caller>,
    Extension(place): Extension<Place>,
) -> Answer {
    let row = face.store.queue(&caller.project, place.stored()).await?;
    let (none, limits) = (Map::new(), &face.config.queues);
    answer::ok(&with_defaults(&place, row.as_ref().map_or(&none, |row| &row.metadata), limits))
}

/// `PATCH /v2/queues/{queue}`: a JSON patch of its metadata.
pub(super) async fn update(
    State(face): State<Face>,
    Extension(caller): Extension<Caller>,
    Extension(place): Extension<Place>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    if context::media_type(&headers).as_deref() != Some(PATCH_TYPE) {
        return Err(Problem::media_type(PATCH_TYPE));
    }
    let bytes = body::read(body, body::Limit::metadata(&face.config)).await?;
    if bytes.is_empty() {
        return Err(Problem::body("PATCH body could not be empty for update."));
    }
    let operations = patch::parse(&body::value(&bytes)?).map_err(Problem::body)?;
    let change = |metadata: &mut Map<String, Value>| patch::apply(&operations, metadata);
    let metadata = face.catalog.change_metadata(&caller.project, place.stored(), change).await;
    let metadata = metadata.map_err(|error| match error {
        // Zaqar gives a bad value in a patch the title of a bad body.
        CatalogError::Refused(text) => Problem::body(text),
        other => other.into(),
    })?;
    answer::ok(&with_defaults(&place, &metadata, &face.config.queues))
}

/// `DELETE /v2/queues/{queue}`: 204, there or not.
pub(super) async fn delete(
    State(face): State<Face>,
    Extension(caller): Extension<Caller>,
    Extension(place): Extension<Place>,
) -> Answer {
    face.catalog.delete(&caller.project, place.stored()).await?;
    Ok(answer::no_content())
}

/// `GET /v2/queues`: by name, filtered by name and metadata.
pub(super) async fn list(
    State(face): State<Face>,
    Extension(caller): Extension<Caller>,
    RawQuery(query): RawQuery,
) -> Answer {
    listed(&face, &caller, query.as_deref(), Kind::Queues).await
}

/// `GET /v2/topics`, alike.
pub(super) async fn topics(
    State(face): State<Face>,
    Extension(caller): Extension<Caller>,
    RawQuery(query): RawQuery,
) -> Answer {
    listed(&face, &caller, query.as_deref(), Kind::Topics).await
}

/// What is listed.
#[derive(Clone, Copy)]
enum Kind {
    Queues,
    Topics,
}

impl Kind {
    /// Its name on the wire.
    const fn name(self) -> &'static str {
        match self {
            Self::Queues => "queues",
            Self::Topics => "topics",
        }
    }

    /// Where one of that name is.
    fn place(self, name: &str) -> Place {
        match self {
            Self::Queues => Place::queue(name),
            Self::Topics => Place::topic(name),
        }
    }

    const fn has(self, topic: bool) -> bool {
        matches!(self, Self::Topics) == topic
    }
}

async fn listed(face: &Face, caller: &Caller, query: Option<&str>, kind: Kind) -> Answer {
    let params = Params::parse(query);
    let limit = limit(face, &params)?;
    let (detailed, counted) = (params.flag("detailed")?, params.flag("with_count")?);
    let found = matching(face, caller, &params, kind, (limit, counted)).await?;
    let shown: Vec<_> = found.page.iter().map(|row| shown(row, detailed, face)).collect();
    let last = found.page.last().map(|row| plain(&row.name));
    let links = pages::links(&format!("/v2/{}", kind.name()), &params, last);
    let mut answer = json!({kind.name(): shown, "links": links});
    if counted && found.count > 0 {
        answer["count"] = json!(found.count);
    }
    answer::ok(&answer)
}

/// A page of the queues of a project.
pub(crate) async fn page(face: &Face, caller: &Caller, params: &Params) -> Result<Vec<QueueRow>, Problem> {
    let found = matching(face, caller, params, Kind::Queues, (limit(face, params)?, false)).await?;
    Ok(found.page)
}

fn limit(face: &Face, params: &Params) -> Result<u32, Problem> {
    let most = face.config.queues.max_queues_per_page;
    pages::limit(params, "max_queues_per_page", most, pages::DEFAULT_LIMIT)
}

struct Found {
    page: Vec<QueueRow>,
    /// All queues that match, on this page or not; right only when it was asked for.
    count: usize,
}

/// The first `limit` queues after the marker that pass the filters, read in slices.
async fn matching(
    face: &Face,
    caller: &Caller,
    params: &Params,
    kind: Kind,
    (limit, counted): (u32, bool),
) -> Result<Found, Problem> {
    let filtered = params.get("name").is_some() || params.others(&OWN_PARAMS).next().is_some();
    let slice = if filtered || counted { SLICE } else { limit };
    let limit = limit as usize;
    let after = kind.place(params.get("marker").unwrap_or_default());
    let mut found = Found { page: Vec::new(), count: 0 };
    let mut marker = if counted { kind.place("") } else { after.clone() };
    loop {
        let rows = face.store.queues(&caller.project, marker.stored(), slice).await?;
        let Some(last) = rows.last() else { return Ok(found) };
        marker = Place::of_stored(last.name.clone());
        // All topics come after all queues.
        let end = rows.len() < slice as usize || !kind.has(marker.is_topic());
        for row in rows.into_iter().filter(|row| passes(row, kind, params)) {
            found.count += 1;
            if row.name.as_str() > after.stored() && found.page.len() < limit {
                found.page.push(row);
            }
        }
        if end || (!counted && found.page.len() == limit) {
            return Ok(found);
        }
    }
}

/// Zaqar's filters: part of the name, and equal members of the metadata, where numbers are numbers.
fn passes(row: &QueueRow, kind: Kind, params: &Params) -> bool {
    let place = Place::of_stored(row.name.clone());
    let equal = |(key, text): (&str, &str)| {
        let want = text.parse::<i64>().map_or_else(|_| json!(text), |number| json!(number));
        row.metadata.get(key) == Some(&want)
    };
    kind.has(place.is_topic())
        && params.get("name").is_none_or(|part| place.name().contains(part))
        && params.others(&OWN_PARAMS).all(equal)
}

fn shown(row: &QueueRow, detailed: bool, face: &Face) -> Value {
    let place = Place::of_stored(row.name.clone());
    let mut shown = json!({"name": place.name(), "href": place.path()});
    if detailed {
        shown["metadata"] = Value::Object(with_defaults(&place, &row.metadata, &face.config.queues));
    }
    shown
}

/// `GET /v2/queues/{queue}/stats`: what it holds for pull; zeros when it is not there.
pub(super) async fn stats(
    State(face): State<Face>,
    Extension(caller): Extension<Caller>,
    Extension(place): Extension<Place>,
) -> Answer {
    let stats = face.store.queue_stats(&caller.project, place.stored()).await?;
    let now = face.clock.now_ms();
    let mut messages = json!({
        "claimed": stats.claimed,
        "free": stats.free,
        "total": stats.free + stats.claimed,
    });
    for (name, message) in [("oldest", stats.oldest), ("newest", stats.newest)] {
        if let Some((id, created)) = message {
            messages[name] = json!({
                "href": shown::href(&face, &place, id),
                "age": times::age(now, created),
                "created": times::created(created),
            });
        }
    }
    answer::ok(&json!({"messages": messages}))
}

/// `POST /v2/queues/{queue}/purge`: 204; without a body, messages and subscriptions.
pub(super) async fn purge(
    State(face): State<Face>,
    Extension(caller): Extension<Caller>,
    Extension(place): Extension<Place>,
    body: Body,
) -> Answer {
    let bytes = body::read(body, body::Limit::metadata(&face.config)).await?;
    let what = if bytes.is_empty() {
        Purge { messages: true, subscriptions: true }
    } else {
        resource_types(&body::value(&bytes)?)?
    };
    face.catalog.purge(&caller.project, place.stored(), what).await?;
    Ok(answer::no_content())
}

/// What `{"resource_types": [...]}` of a purge names.
pub(crate) fn resource_types(document: &Value) -> Result<Purge, Problem> {
    let wrong = || Problem::request("`resource_types` must be a list of \"messages\" and \"subscriptions\".");
    let list = document.get("resource_types").and_then(Value::as_array).ok_or_else(wrong)?;
    let mut what = Purge { messages: false, subscriptions: false };
    for name in list {
        match name.as_str() {
            Some("messages") => what.messages = true,
            Some("subscriptions") => what.subscriptions = true,
            _ => return Err(wrong()),
        }
    }
    Ok(what)
}

fn object(value: Value) -> Result<Map<String, Value>, Problem> {
    match value {
        Value::Object(map) => Ok(map),
        _ => Err(Problem::body("Queue metadata must be a JSON object.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_compare_numbers_as_numbers_and_names_in_part() {
        let metadata = json!({"t": 1, "s": "x"}).as_object().unwrap().clone();
        let row = QueueRow { id: nuncio_core::QueueId(1), name: "orders".into(), metadata, version: 1 };
        for (query, passed) in [
            ("t=1", true),
            ("s=x&name=rde", true),
            ("t=2", false),
            ("s=1", false),
            ("name=x", false),
            ("limit=3", true),
        ] {
            assert_eq!(passes(&row, Kind::Queues, &Params::parse(Some(query))), passed, "{query}");
        }
    }

    #[test]
    fn a_purge_names_what_goes() {
        let both = resource_types(&json!({"resource_types": ["messages", "subscriptions"]})).unwrap();
        assert!(both.messages && both.subscriptions);
        for bad in
            [json!({"resource_types": ["claims"]}), json!({"x": 1}), json!([]), json!({"resource_types": 1})]
        {
            assert!(resource_types(&bad).is_err(), "{bad}");
        }
    }
}
