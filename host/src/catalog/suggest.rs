//! "Did you mean".

/// The name among `known` that is meant by `written`, if one is close enough.
pub fn closest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let likeness = |name: &&str| strsim::jaro_winkler(&written.to_lowercase(), name);
    known.into_iter().filter(|name| likeness(name) > 0.8).max_by(|a, b| likeness(a).total_cmp(&likeness(b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_name_and_a_stranger_none() {
        let known = ["subject", "post_data", "secret"];
        assert_eq!(closest("subjcet", known), Some("subject"));
        assert_eq!(closest("postdata", known), Some("post_data"));
        assert_eq!(closest("a", known), None);
    }
}
