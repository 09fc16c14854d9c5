//! Query parameters, read as Falcon reads them: lists are comma-separated, booleans have many spellings.

use url::form_urlencoded;

use super::problem::Problem;
use crate::times;

const TRUE: [&str; 7] = ["", "true", "t", "yes", "y", "1", "on"];
const FALSE: [&str; 6] = ["false", "f", "no", "n", "0", "off"];

/// The query of a request, decoded, in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Params(Vec<(String, String)>);

impl Params {
    /// Reads a query.
    pub(crate) fn parse(query: Option<&str>) -> Self {
        Self(form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect())
    }

    /// Names and values from elsewhere.
    pub(crate) fn of(pairs: impl Iterator<Item = (String, String)>) -> Self {
        Self(pairs.collect())
    }

    /// The first value of `name`.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The whole number `name`.
    pub(crate) fn int(&self, name: &str) -> Result<Option<i64>, Problem> {
        let parse = |text: &str| text.parse().map_err(|_| Problem::parameter(name, "an integer"));
        self.get(name).map(parse).transpose()
    }

    /// The time `name`, in Unix milliseconds: RFC 3339, or Unix seconds.
    pub(crate) fn moment(&self, name: &str) -> Result<Option<i64>, Problem> {
        let read = |text: &str| {
            // A `+` in a query is a space.
            let text = text.replace(' ', "+");
            let ms = text.parse().map_or_else(|_| times::of_rfc3339(&text), times::of_seconds);
            ms.ok_or_else(|| Problem::moment(name))
        };
        self.get(name).map(read).transpose()
    }

    /// Whether `name` is on; off without it.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, Problem> {
        let Some(text) = self.get(name) else { return Ok(false) };
        let text = text.to_ascii_lowercase();
        if TRUE.contains(&text.as_str()) {
            return Ok(true);
        }
        if FALSE.contains(&text.as_str()) {
            return Ok(false);
        }
        Err(Problem::parameter(name, "a boolean (true or false)"))
    }

    /// The list `name`: comma-separated, or given several times.
    pub(crate) fn list(&self, name: &str) -> Option<Vec<&str>> {
        self.get(name)?;
        let values = self.0.iter().filter(|(key, _)| key == name).flat_map(|(_, value)| value.split(','));
        Some(values.filter(|one| !one.is_empty()).collect())
    }

    /// The parameters whose names are not in `known`.
    pub(crate) fn others<'a>(&'a self, known: &'a [&str]) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0.iter().filter(|(key, _)| !known.contains(&key.as_str())).map(|(key, value)| (&**key, &**value))
    }

    /// The same query that goes on after `marker`.
    pub(crate) fn after(&self, marker: &str) -> String {
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(self.others(&["marker"]))
            .append_pair("marker", marker)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn booleans_have_many_spellings() {
        let params = Params::parse(Some("a=True&b=0&c=yes&d&e=maybe"));
        assert_eq!(params.flag("a"), Ok(true));
        assert_eq!(params.flag("b"), Ok(false));
        assert_eq!(params.flag("c"), Ok(true));
        assert_eq!(params.flag("d"), Ok(true));
        assert!(params.flag("e").is_err());
        assert_eq!(params.flag("absent"), Ok(false));
    }

    #[test]
    fn lists_are_split_at_commas_and_may_be_repeated() {
        let params = Params::parse(Some("ids=a,b&ids=c&empty="));
        assert_eq!(params.list("ids").unwrap(), ["a", "b", "c"]);
        assert_eq!(params.list("empty").unwrap(), Vec::<&str>::new());
        assert_eq!(params.list("absent"), None);
    }

    #[test]
    fn the_next_page_repeats_the_query_with_one_marker() {
        let params = Params::parse(Some("limit=2&marker=old&name=a%26b"));
        assert_eq!(params.after("new"), "limit=2&name=a%26b&marker=new");
        assert_eq!(Params::default().after("m"), "marker=m");
    }

    proptest! {
        #[test]
        fn any_query_is_read_or_refused(query in "\\PC*") {
            let params = Params::parse(Some(&query));
            for (name, _) in params.others(&[]) {
                drop(params.int(name));
                drop(params.flag(name));
                drop(params.moment(name));
                let _: Option<_> = params.list(name);
            }
            let next = Params::parse(Some(&params.after("m")));
            prop_assert_eq!(next.get("marker"), Some("m"));
        }
    }
}
