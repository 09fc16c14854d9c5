//! Routes that are not there: plainly unknown ones, and those that Zaqar or a later version has.

use axum::http::Uri;

use super::problem::Problem;

/// Beginnings of paths that a later version serves, and what they belong to.
const STARTS: [(&str, &str); 2] = [
    ("/v2/suppressions", "The list of suppressed addresses is"),
    ("/v2/subscriptions/", "Testing a subscription is"),
];

/// Answers what no route answers.
pub(super) async fn fallback(uri: Uri) -> Problem {
    missing(uri.path())
        .map_or_else(Problem::no_route, |part| Problem::not_found(format!("{part} not in this version.")))
}

fn missing(path: &str) -> Option<&'static str> {
    STARTS.iter().find(|(start, _)| path.starts_with(start)).map(|(_, part)| *part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_later_is_named_and_the_rest_is_unknown() {
        assert_eq!(missing("/v2/suppressions"), Some("The list of suppressed addresses is"));
        assert_eq!(missing("/v2/nonexistent"), None);
    }
}
