//! "Did you mean".

/// The name among `known` that is meant by `written`, if one is close enough: a third of its letters may differ.
#[must_use]
pub fn closest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let written = written.to_lowercase();
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&written, name), name))
        .filter(|(distance, name)| *distance <= (name.chars().count() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_name_and_a_stranger_none() {
        let known = ["subject", "post_data", "secret"];
        assert_eq!(closest("subjcet", known), Some("subject"));
        assert_eq!(closest("PostData", known), Some("post_data"));
        assert_eq!(closest("colour", known), None);
    }
}
