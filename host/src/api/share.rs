//! `POST /v2/queues/{queue}/share`: a signature that opens parts of a queue.

use axum::{
    Extension,
    body::Body,
    extract::{Path, State},
};
use serde_json::{Map, Value, json};

use super::{
    answer,
    body::{self, Limit},
    context::Caller,
    face::Face,
    members::known,
    problem::{Answer, Problem},
    times,
};
use crate::signed::Grant;

/// What can be shared of a queue (Zaqar's `_VALID_PATHS`).
const PATHS: [&str; 3] = ["messages", "subscriptions", "claims"];
const MEMBERS: [&str; 3] = ["paths", "methods", "expires"];
/// How long a signature lives that names no end: Zaqar's day.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// 200 with the signature and what it is of.
pub(super) async fn share(
    State(face): State<Face>,
    Extension(caller): Extension<Caller>,
    Path(queue): Path<String>,
    body: Body,
) -> Answer {
    let bytes = body::read(body, Limit::post(&face.config)).await?;
    let Value::Object(document) = body::value(&bytes)? else {
        return Err(Problem::body("What to share must be a JSON object."));
    };
    let grant = grant(&document, &caller.project, &queue, face.clock.now_ms())?;
    answer::ok(&json!({
        "paths": grant.paths(),
        "methods": grant.methods(),
        "project": grant.project(),
        "expires": grant.expires(),
        "signature": face.signer.sign(&grant),
    }))
}

fn grant(document: &Map<String, Value>, project: &str, queue: &str, now: i64) -> Result<Grant, Problem> {
    known(document.keys().map(String::as_str), &MEMBERS).map_err(Problem::request)?;
    let paths = list(document, "paths", "messages")?;
    if let Some(path) = paths.iter().find(|path| !PATHS.contains(&path.as_str())) {
        return Err(Problem::request(format!(
            "paths: `{path}` cannot be shared: write some of \"messages\", \"subscriptions\" and \"claims\"."
        )));
    }
    let paths = paths.into_iter().map(|path| format!("/v2/queues/{queue}/{path}"));
    let methods = list(document, "methods", "GET")?;
    let expires = expires(document.get("expires"), now)?;
    Grant::new(project, paths, methods, expires).map_err(|error| Problem::request(format!("{error}.")))
}

fn list(document: &Map<String, Value>, name: &str, default: &str) -> Result<Vec<String>, Problem> {
    let wrong = || Problem::request(format!("{name}: must be a list of strings."));
    let texts = match document.get(name) {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(list)) => list
            .iter()
            .map(|one| one.as_str().map(str::to_owned))
            .collect::<Option<Vec<_>>>()
            .ok_or_else(wrong)?,
        Some(_) => return Err(wrong()),
    };
    Ok(if texts.is_empty() { vec![default.to_owned()] } else { texts })
}

fn expires(value: Option<&Value>, now: i64) -> Result<i64, Problem> {
    let ms = match value {
        None | Some(Value::Null) => return Ok(now.saturating_add(DAY_MS)),
        Some(Value::String(text)) => times::of_iso8601(text),
        Some(_) => None,
    };
    match ms {
        Some(ms) if ms > now => Ok(ms),
        Some(_) => Err(Problem::request("expires: must be in the future.")),
        None => Err(Problem::request("expires: must be a time like \"2026-01-31T09:00:00\", which is UTC.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shared(document: &Value) -> Result<Grant, Problem> {
        grant(document.as_object().unwrap(), "p", "q", 1_704_067_200_000)
    }

    #[test]
    fn without_a_word_messages_can_be_read_for_a_day() {
        for document in [json!({}), json!({"paths": [], "methods": null})] {
            let grant = shared(&document).unwrap();
            assert_eq!(
                (grant.paths(), grant.methods()),
                (&["/v2/queues/q/messages".to_owned()][..], &["GET".to_owned()][..])
            );
            assert_eq!(grant.expires(), "2024-01-02T00:00:00");
        }
    }

    #[test]
    fn what_cannot_be_shared_is_refused_by_name() {
        for (document, place) in [
            (json!({"paths": ["stats"]}), "paths: `stats`"),
            (json!({"paths": "messages"}), "paths: must be"),
            (json!({"methods": "GET"}), "methods: must be"),
            (json!({"methods": ["get"]}), "methods: each"),
            (json!({"expires": "2016-01-01T00:00:00"}), "expires: must be in"),
            (json!({"expires": "123"}), "expires: must be a time"),
            (json!({"expires": 123}), "expires: must be a time"),
            (json!({"junk": 1}), "unknown member `junk`"),
        ] {
            let problem = format!("{:?}", shared(&document).unwrap_err());
            assert!(problem.contains(place), "{problem}");
        }
    }

    proptest! {
        #[test]
        fn any_wish_is_read_or_refused(path in "\\PC{0,12}", method in "\\PC{0,12}", expires in "\\PC{0,30}|[0-9T: +-]{0,30}") {
            drop(shared(&json!({"paths": [path], "methods": [method], "expires": expires})));
        }
    }
}
