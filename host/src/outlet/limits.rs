//! The limits of taking messages, and what a queue's metadata says of claims.

use nuncio_core::MessageId;
use serde_json::{Map, Value};

use super::taking::{Hold, OutletError};
use crate::{
    config::Queues,
    storage::{DeadLetters, NewClaim},
};

/// The shortest claim and the shortest grace, seconds (Zaqar's `MIN_CLAIM_TTL` and `MIN_CLAIM_GRACE`).
const LEAST: i64 = 60;

/// How many messages a claim takes that does not say (Zaqar's `DEFAULT_MESSAGES_PER_CLAIM`).
const DEFAULT_TAKEN: i64 = 10;

/// What a claim asks for, within its limits.
pub(super) fn new_claim(hold: Hold, limit: Option<i64>, limits: &Queues) -> Result<NewClaim, OutletError> {
    let (ttl, grace) = lengths(hold, limits)?;
    let most = i64::from(limits.max_messages_per_claim_or_pop);
    let limit = taken("limit", limit.unwrap_or(DEFAULT_TAKEN.min(most)), limits)?;
    Ok(NewClaim { ttl, grace, limit, dead_letters: None })
}

/// How long a claim lives, and its messages after it, in seconds.
pub(super) fn lengths(hold: Hold, limits: &Queues) -> Result<(i64, i64), OutletError> {
    let within = |name: &str, value: i64, most: i64| {
        if (LEAST..=most).contains(&value) {
            return Ok(value);
        }
        Err(OutletError::Limit(format!(
            "{name}: the {name} of a claim may not exceed {most} seconds (max_claim_{name}), and must be at least \
             {LEAST} seconds long."
        )))
    };
    Ok((
        within("ttl", hold.ttl.unwrap_or(limits.default_claim_ttl), limits.max_claim_ttl)?,
        within("grace", hold.grace.unwrap_or(limits.default_claim_grace), limits.max_claim_grace)?,
    ))
}

/// How many messages are taken at once.
pub(super) fn taken(name: &str, wanted: i64, limits: &Queues) -> Result<u32, OutletError> {
    let most = limits.max_messages_per_claim_or_pop;
    u32::try_from(wanted).ok().filter(|n| (1..=most).contains(n)).ok_or_else(|| {
        OutletError::Limit(format!(
            "{name}: must be at least 1 and no greater than {most} (max_messages_per_claim_or_pop)."
        ))
    })
}

/// Refuses more ids than one request may name.
pub(super) fn named(name: &str, count: usize, limits: &Queues) -> Result<(), OutletError> {
    let most = limits.max_messages_per_page;
    if count <= most as usize {
        return Ok(());
    }
    Err(OutletError::Limit(format!("{name}: the most is {most} (max_messages_per_page).")))
}

/// As [`named`], of ids of messages.
pub(super) fn all(ids: &[MessageId], limits: &Queues) -> Result<(), OutletError> {
    named("ids", ids.len(), limits)
}

/// Where messages of a queue go that were claimed too often. As in Zaqar a queue must name both, how often and where.
pub(super) fn dead_letters(metadata: &Map<String, Value>) -> Option<DeadLetters> {
    let number = |key: &str| metadata.get(key).and_then(Value::as_i64);
    Some(DeadLetters {
        queue: metadata.get("_dead_letter_queue").and_then(Value::as_str)?.to_owned(),
        max_claims: number("_max_claim_count")?,
        ttl: number("_dead_letter_queue_messages_ttl"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use proptest::prelude::*;
    use serde_json::json;

    fn limits() -> Queues {
        Config::default().queues
    }

    #[test]
    fn what_a_claim_does_not_say_is_what_zaqar_takes() {
        let claim = new_claim(Hold::default(), None, &limits()).unwrap();
        assert_eq!((claim.ttl, claim.grace, claim.limit), (300, 60, 10));
        let few = Queues { max_messages_per_claim_or_pop: 3, ..limits() };
        assert_eq!(new_claim(Hold::default(), None, &few).unwrap().limit, 3);
    }

    #[test]
    fn the_limit_that_is_broken_is_named() {
        let hold = |ttl, grace| Hold { ttl: Some(ttl), grace: Some(grace) };
        for (hold, name) in [
            (hold(59, 60), "max_claim_ttl"),
            (hold(43_201, 60), "max_claim_ttl"),
            (hold(60, 59), "max_claim_grace"),
            (hold(60, 43_201), "max_claim_grace"),
        ] {
            let error = lengths(hold, &limits()).unwrap_err().to_string();
            assert!(error.contains(name), "{error}");
        }
    }

    #[test]
    fn dead_letters_need_both_keys() {
        assert_eq!(dead_letters(&Map::new()), None);
        for one in
            [json!({"_max_claim_count": 3}), json!({"_dead_letter_queue": "d", "_max_claim_count": null})]
        {
            assert_eq!(dead_letters(one.as_object().unwrap()), None);
        }
        let both =
            json!({"_max_claim_count": 3, "_dead_letter_queue": "d", "_dead_letter_queue_messages_ttl": 70});
        let letters = dead_letters(both.as_object().unwrap()).unwrap();
        assert_eq!((&*letters.queue, letters.max_claims, letters.ttl), ("d", 3, Some(70)));
    }

    proptest! {
        #[test]
        fn any_number_is_within_its_limits_or_refused(ttl: i64, grace: i64, limit: i64) {
            let taken = new_claim(Hold { ttl: Some(ttl), grace: Some(grace) }, Some(limit), &limits());
            let sound = (60..=43_200).contains(&ttl) && (60..=43_200).contains(&grace) && (1..=20).contains(&limit);
            prop_assert_eq!(taken.is_ok(), sound);
        }
    }
}
