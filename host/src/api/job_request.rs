//! The body of `POST /v2/deliveries/replay` and `/cancel`: which deliveries.

use nuncio_core::{PublicIds, State};
use serde_json::Value;

use super::{
    body::{self, Document, Members},
    members::{flag, known, moment, text, value},
    problem::Problem,
};
use crate::{
    place::Place,
    storage::{JobFilter, Selection, Verb},
};

/// What narrows a filter, of a replay.
const NARROW: [&str; 8] = ["queue", "topic", "subscription", "destination", "driver", "from", "to", "reason"];
/// A delivery that was not given up has no reason.
const NARROW_CANCEL: [&str; 7] = ["queue", "topic", "subscription", "destination", "driver", "from", "to"];
const REST: [&str; 4] = ["all", "state", "limit", "dry_run"];

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Request {
    /// Which deliveries.
    pub(super) filter: JobFilter,
    /// Only to count them.
    pub(super) dry_run: bool,
}

/// Reads the body. It names what it wants, or says `all`: nobody replays everything by a slip.
pub(super) fn parse(bytes: &[u8], verb: Verb, ids: &PublicIds) -> Result<Request, Problem> {
    let Document::Object(members) = body::document(bytes)? else {
        return Err(Problem::body("A filter must be a JSON object."));
    };
    let narrow: &[&str] = match verb {
        Verb::Replay => &NARROW,
        Verb::Cancel => &NARROW_CANCEL,
    };
    let names = [narrow, &REST].concat();
    known(members.keys().map(String::as_str), &names).map_err(Problem::request)?;
    let selection = selection(&members, ids)?;
    match (flag(&members, "all")?, selection == Selection::default()) {
        (false, true) => {
            return Err(Problem::request(format!(
                "the filter is empty: name at least one of {}, or write {{\"all\": true}}.",
                narrow.join(", ")
            )));
        }
        (true, false) => {
            return Err(Problem::request(format!("all: does not go together with {}.", narrow.join(", "))));
        }
        _ => {}
    }
    let filter = JobFilter { selection, state: state(&members, verb)?, limit: limit(&members)? };
    Ok(Request { filter, dry_run: flag(&members, "dry_run")? })
}

fn selection(members: &Members<'_>, ids: &PublicIds) -> Result<Selection, Problem> {
    let subscription = text(members, "subscription")?.map(|text| {
        let wrong = || Problem::request("subscription: not an id that this host gave.");
        ids.parse_subscription(&text).ok_or_else(wrong)
    });
    let place = Place::either(text(members, "queue")?, text(members, "topic")?).map_err(Problem::request)?;
    let selection = Selection {
        queue: place.map(Place::into_stored),
        subscription: subscription.transpose()?,
        destination: text(members, "destination")?,
        driver: text(members, "driver")?,
        from: moment(members, "from")?,
        to: moment(members, "to")?,
        reason: text(members, "reason")?,
    };
    match (selection.from, selection.to) {
        (Some(from), Some(to)) if to <= from => {
            Err(Problem::request("to: must be after `from`; it is itself not in the span."))
        }
        _ => Ok(selection),
    }
}

/// A replay takes dead ones alone: `cancelled` was their owner's word, and the time of what is `expired` has passed.
fn state(members: &Members<'_>, verb: Verb) -> Result<Option<State>, Problem> {
    let Some(name) = text(members, "state")? else { return Ok(None) };
    let states: &[State] = match verb {
        Verb::Replay => &[State::Dead],
        Verb::Cancel => &[State::Waiting, State::Held],
    };
    let found = states.iter().find(|state| state.name() == name).copied();
    found.map(Some).ok_or_else(|| {
        let names: Vec<_> = states.iter().map(|state| state.name()).collect();
        Problem::request(format!("state: a {} takes {}.", verb.name(), names.join(" or ")))
    })
}

fn limit(members: &Members<'_>) -> Result<Option<u64>, Problem> {
    match value(members, "limit")? {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(number)) if number.as_u64().is_some_and(|limit| limit > 0) => Ok(number.as_u64()),
        Some(_) => Err(Problem::request("limit: must be a whole number from 1 on.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nuncio_core::SubscriptionId;
    use proptest::prelude::*;
    use serde_json::json;

    fn read(verb: Verb, document: &Value) -> Result<Request, String> {
        let ids = PublicIds::new(&[7; 32]);
        parse(document.to_string().as_bytes(), verb, &ids).map_err(|problem| format!("{problem:?}"))
    }

    #[test]
    fn every_member_is_read() {
        let subscription = PublicIds::new(&[7; 32]).subscription(SubscriptionId(5)).to_string();
        let request = read(
            Verb::Replay,
            &json!({
                "queue": "q", "subscription": subscription, "destination": "https://a.example:443", "driver": "http",
                "from": "2033-05-18T03:33:20Z", "to": 2_000_000_001, "reason": "400", "state": "dead", "limit": 5,
                "dry_run": true,
            }),
        )
        .unwrap();
        let selection = Selection {
            queue: Some("q".into()),
            subscription: Some(SubscriptionId(5)),
            destination: Some("https://a.example:443".into()),
            driver: Some("http".into()),
            from: Some(2_000_000_000_000),
            to: Some(2_000_000_001_000),
            reason: Some("400".into()),
        };
        let filter = JobFilter { selection, state: Some(State::Dead), limit: Some(5) };
        assert_eq!(request, Request { filter, dry_run: true });
    }

    #[test]
    fn everything_is_taken_only_when_it_is_said() {
        assert_eq!(read(Verb::Cancel, &json!({"all": true})).unwrap().filter, JobFilter::default());
        for empty in
            [json!({}), json!({"limit": 3}), json!({"state": "dead"}), json!({"all": false, "queue": null})]
        {
            let problem = read(Verb::Replay, &empty).unwrap_err();
            assert!(problem.contains("the filter is empty"), "{problem}");
        }
    }

    #[test]
    fn errors_name_the_place() {
        for (verb, document, place) in [
            (Verb::Replay, json!({"quue": "q"}), "unknown member `quue`: did you mean `queue`?"),
            (Verb::Cancel, json!({"reason": "400"}), "unknown member `reason`"),
            (Verb::Replay, json!({"queue": ""}), "queue: must be"),
            (Verb::Replay, json!({"queue": "q", "topic": "q"}), "queue: does not go together with topic"),
            (Verb::Replay, json!({"subscription": "x"}), "subscription: not an id"),
            (Verb::Replay, json!({"from": "yesterday"}), "from: must be a time"),
            (Verb::Replay, json!({"from": 20, "to": 20}), "to: must be after"),
            (Verb::Replay, json!({"queue": "q", "state": "expired"}), "state: a replay takes dead"),
            (Verb::Cancel, json!({"queue": "q", "state": "dead"}), "state: a cancel takes waiting or held"),
            (Verb::Cancel, json!({"queue": "q", "limit": 0}), "limit: must be"),
            (Verb::Cancel, json!({"all": true, "queue": "q"}), "all: does not go together"),
            (Verb::Cancel, json!([]), "A filter must be"),
        ] {
            let problem = read(verb, &document).unwrap_err();
            assert!(problem.contains(place), "{problem}");
        }
    }

    proptest! {
        #[test]
        fn any_body_is_read_or_refused(text in "\\PC{0,60}", name in prop::sample::select(NARROW.to_vec())) {
            let ids = PublicIds::new(&[7; 32]);
            drop(parse(text.as_bytes(), Verb::Replay, &ids));
            let document = json!({ name: text, "limit": text.len() });
            if let Ok(request) = read(Verb::Replay, &document) {
                prop_assert_ne!(request.filter.selection, Selection::default());
            }
        }
    }
}
