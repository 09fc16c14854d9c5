//! `/v2/deliveries/replay`, `/v2/deliveries/cancel` and `/v2/jobs`: many deliveries by filter.

use axum::{
    Extension,
    body::Body,
    extract::{Path, RawQuery, State},
    http::HeaderMap,
};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{
    answer,
    body::{self, Limit},
    context::{self, Caller},
    face::Face,
    job_request, page,
    params::Params,
    problem::{Answer, Problem},
};
use crate::{
    place::Place,
    storage::{JobFilter, JobId, JobKey, JobRow, Selection, Verb},
    times,
};

const MAX_LIMIT: u32 = 1000;
const DEFAULT_LIMIT: i64 = 20;
const PARAMS: [&str; 2] = ["limit", "marker"];

/// `POST /v2/deliveries/replay`: 202 with the job.
pub(super) async fn replay(
    face: State<Face>,
    caller: Extension<Caller>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    begin(&face, &caller, Verb::Replay, &headers, body).await
}

/// `POST /v2/deliveries/cancel`: 202 with the job.
pub(super) async fn cancel(
    face: State<Face>,
    caller: Extension<Caller>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    begin(&face, &caller, Verb::Cancel, &headers, body).await
}

async fn begin(face: &Face, caller: &Caller, verb: Verb, headers: &HeaderMap, body: Body) -> Answer {
    let key = context::idempotency_key(headers)?;
    let bytes = body::read(body, Limit::post(&face.config)).await?;
    let request = job_request::parse(&bytes, verb, &face.ids)?;
    if request.dry_run {
        let counted = face.jobs.count(&caller.project, verb, request.filter.clone()).await?;
        return answer::ok(&json!({
            "kind": verb.name(),
            "dry_run": true,
            "filter": filter(face, &request.filter),
            "matched": counted.matched,
            "looked": counted.looked,
        }));
    }
    let key = key.map(|key| JobKey {
        key,
        fingerprint: Sha256::new().chain_update(verb.name()).chain_update(&bytes).finalize().to_vec(),
    });
    let begun = face.jobs.begin(&caller.project, verb, request.filter, key).await?;
    let answer = answer::accepted_at(&href(begun.job.id), &shown(face, &begun.job))?;
    Ok(answer::replayed(answer, begun.repeated))
}

/// `GET /v2/jobs`: newest first.
pub(super) async fn list(
    State(face): State<Face>,
    Extension(caller): Extension<Caller>,
    RawQuery(query): RawQuery,
) -> Answer {
    let params = Params::parse(query.as_deref());
    if let Some((name, _)) = params.others(&PARAMS).next() {
        return Err(Problem::request(format!(
            "unknown parameter `{name}`: there are {}.",
            PARAMS.join(", ")
        )));
    }
    let limit = page::limit(&params, "the most of this route", MAX_LIMIT, DEFAULT_LIMIT)?;
    let before = match page::marker(&params, |text| text.parse::<JobId>().ok().map(Some))? {
        None => i64::MAX,
        Some(id) => found(&face, &caller, id).await?.number,
    };
    let mut jobs = face.store.jobs(&caller.project, before, limit + 1).await?;
    let more = jobs.len() > limit as usize;
    jobs.truncate(limit as usize);
    let next = jobs.last().filter(|_| more).map(|job| job.id.to_string());
    answer::ok(&json!({
        "jobs": jobs.iter().map(|job| shown(&face, job)).collect::<Vec<_>>(),
        "links": page::links("/v2/jobs", &params, next.as_deref()),
    }))
}

/// `GET /v2/jobs/{job}`: how far it is.
pub(super) async fn show(
    State(face): State<Face>,
    Extension(caller): Extension<Caller>,
    Path(job): Path<String>,
) -> Answer {
    let job = found(&face, &caller, id(&job)?).await?;
    answer::ok(&shown(&face, &job))
}

/// `DELETE /v2/jobs/{job}`: 204. It stops; what was done stays done.
pub(super) async fn stop(
    State(face): State<Face>,
    Extension(caller): Extension<Caller>,
    Path(job): Path<String>,
) -> Answer {
    let id = id(&job)?;
    match face.store.job_stop(&caller.project, id).await? {
        Some(_) => Ok(answer::no_content()),
        None => Err(missing(&job)),
    }
}

async fn found(face: &Face, caller: &Caller, id: JobId) -> Result<JobRow, Problem> {
    face.store.job(&caller.project, id).await?.ok_or_else(|| missing(&id.to_string()))
}

fn id(text: &str) -> Result<JobId, Problem> {
    text.parse().map_err(|_| missing(text))
}

fn missing(id: &str) -> Problem {
    Problem::not_found(format!("Job {id} does not exist."))
}

fn href(id: JobId) -> String {
    format!("/v2/jobs/{id}")
}

fn shown(face: &Face, job: &JobRow) -> Value {
    let progress = &job.progress;
    let mut shown = json!({
        "id": job.id.to_string(),
        "href": href(job.id),
        "kind": job.verb.name(),
        "state": job.state.name(),
        "filter": filter(face, &job.filter),
        "created": times::rfc3339(job.created),
        "total": job.total,
        "looked": progress.looked,
        "matched": progress.matched(),
        "done": progress.done,
        "skipped": progress.ended + progress.changed,
        "skipped_because": {"ended": progress.ended, "changed": progress.changed},
    });
    if job.verb == Verb::Cancel {
        shown["in_flight"] = progress.in_flight.into();
    }
    if let Some(ended) = times::rfc3339(job.ended) {
        shown["ended"] = ended.into();
    }
    shown
}

/// The filter as it was asked for.
fn filter(face: &Face, filter: &JobFilter) -> Value {
    let selection = &filter.selection;
    let text = |value: &Option<String>| value.clone().map(Value::from);
    let place = selection.queue.clone().map(Place::of_stored);
    let place = place.as_ref().map(Place::label);
    let members = [
        (place.map_or("queue", |(kind, _)| kind), place.map(|(_, name)| name.into())),
        ("subscription", selection.subscription.map(|id| face.ids.subscription(id).to_string().into())),
        ("destination", text(&selection.destination)),
        ("driver", text(&selection.driver)),
        ("from", selection.from.and_then(times::rfc3339).map(Value::from)),
        ("to", selection.to.and_then(times::rfc3339).map(Value::from)),
        ("reason", text(&selection.reason)),
        ("state", filter.state.map(|state| state.name().into())),
        ("limit", filter.limit.map(Value::from)),
    ];
    let named = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    let mut shown: Map<String, Value> = named.collect();
    if *selection == Selection::default() {
        shown.insert("all".to_owned(), true.into());
    }
    Value::Object(shown)
}
