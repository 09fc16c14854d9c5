//! Pages: a limit, a marker, and the link to the next.

use serde_json::{Value, json};

use super::{params::Params, problem::Problem};

/// How many entries a page has when the client does not say (Zaqar's `DEFAULT_*_PER_PAGE`).
pub(super) const DEFAULT_LIMIT: i64 = 10;

/// The `limit` of a listing: 1 to `most`, which is the configuration's `name`.
pub(super) fn limit(params: &Params, name: &str, most: u32, default: i64) -> Result<u32, Problem> {
    let limit = params.int("limit")?.unwrap_or(default.min(i64::from(most)));
    u32::try_from(limit).ok().filter(|limit| (1..=most).contains(limit)).ok_or_else(|| {
        Problem::request(format!("limit: must be at least 1 and no greater than {most} ({name})."))
    })
}

/// The `marker` of a listing as `read` reads it; without one, the beginning.
pub(super) fn marker<T: Default>(params: &Params, read: impl Fn(&str) -> Option<T>) -> Result<T, Problem> {
    params.get("marker").map_or_else(
        || Ok(T::default()),
        |text| {
            read(text).ok_or_else(|| {
                Problem::request("marker: not one that this host gave; follow the `next` link of a page.")
            })
        },
    )
}

/// Zaqar's `links`: where the next page is, or nothing after an empty page. `last` is the marker of the last entry.
pub(super) fn links(path: &str, params: &Params, last: Option<&str>) -> Value {
    match last {
        Some(marker) => json!([{"rel": "next", "href": format!("{path}?{}", params.after(marker))}]),
        None => json!([]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_empty_page_is_the_end() {
        assert_eq!(links("/v2/queues", &Params::default(), None), json!([]));
        let next = links("/v2/queues", &Params::parse(Some("limit=2")), Some("q"));
        assert_eq!(next, json!([{"rel": "next", "href": "/v2/queues?limit=2&marker=q"}]));
    }

    proptest! {
        #[test]
        fn a_limit_is_within_its_bounds_or_refused(text in "[-0-9]{0,24}|\\PC{0,6}") {
            let encoded: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
            let limit = limit(&Params::parse(Some(&format!("limit={encoded}"))), "max", 20, 10);
            prop_assert_eq!(limit.is_ok(), text.parse::<i64>().is_ok_and(|n| (1..=20).contains(&n)));
        }
    }
}
