//! Keeps secrets out of what the host writes.

use std::borrow::Cow;

/// What stands in the place of a secret.
const MASK: &str = "***";

/// The shortest secret that is looked for, in bytes: a shorter one would mask half of every text.
const SHORTEST: usize = 4;

/// Replaces known secrets in texts by `***`.
#[derive(Clone, Default)]
pub struct Redactor {
    /// Longest first, so that a secret within another leaves nothing of the longer one.
    secrets: Vec<String>,
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Redactor").field("secrets", &self.secrets.len()).finish()
    }
}

impl Redactor {
    /// Looks for these; what is shorter than 4 bytes is not looked for.
    #[must_use]
    pub fn new(secrets: impl IntoIterator<Item = String>) -> Self {
        let mut secrets: Vec<_> = secrets.into_iter().filter(|one| one.len() >= SHORTEST).collect();
        secrets.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        secrets.dedup();
        Self { secrets }
    }

    /// The length of the longest, in bytes.
    pub(crate) fn longest(&self) -> usize {
        self.secrets.first().map_or(0, String::len)
    }

    /// `text` without them; the same, borrowed, where none is in it.
    #[must_use]
    pub fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut shown = Cow::Borrowed(text);
        for secret in &self.secrets {
            if shown.contains(secret.as_str()) {
                shown = Cow::Owned(shown.replace(secret.as_str(), MASK));
            }
        }
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redactor(secrets: &[&str]) -> Redactor {
        Redactor::new(secrets.iter().map(|one| (*one).to_owned()))
    }

    #[test]
    fn a_secret_is_masked_wherever_it_stands() {
        let shown = redactor(&["s3cret"]).redact("s3cret: no s3crets").into_owned();
        assert_eq!(shown, "***: no ***s");
    }

    #[test]
    fn a_secret_within_another_leaves_nothing_of_the_longer() {
        assert_eq!(redactor(&["pass", "password"]).redact("password"), "***");
    }

    #[test]
    fn a_short_one_is_not_looked_for_and_a_clean_text_is_borrowed() {
        assert!(matches!(redactor(&["abc"]).redact("abc"), Cow::Borrowed("abc")));
    }

    #[test]
    fn its_debug_form_shows_none() {
        assert!(!format!("{:?}", redactor(&["s3cret"])).contains("s3cret"));
    }
}
