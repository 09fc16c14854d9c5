//! Why a URI is refused.

use crate::Refusal;

/// Why a URI is refused: the part, its column, and what to do. It never repeats what may be secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{part}, column {column}: {why}{}", if fix.is_empty() { String::new() } else { format!("; {fix}") })]
pub struct UriError {
    /// The part of the URI: `scheme`, `host`, `recipient 2`, `subject`.
    pub part: String,
    /// Where it begins to be wrong, in characters from 1.
    pub column: usize,
    /// What is wrong.
    pub why: String,
    /// What to write instead; may be empty.
    pub fix: String,
}

impl UriError {
    pub(super) fn new(part: &str, column: usize, why: impl Into<String>) -> Self {
        Self { part: part.to_owned(), column, why: why.into(), fix: String::new() }
    }

    pub(super) fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = fix.into();
        self
    }

    /// `character` may not stand there as it is.
    pub(super) fn character(part: &str, column: usize, character: char) -> Self {
        let named = if character.is_control() || character.is_whitespace() {
            format!("U+{:04X}", u32::from(character))
        } else {
            format!("`{character}`")
        };
        Self::new(part, column, format!("{named} may not stand here as it is"))
            .fix(format!("write {}", encoded(character)))
    }
}

fn encoded(character: char) -> String {
    character.encode_utf8(&mut [0; 4]).bytes().map(|byte| format!("%{byte:02X}")).collect()
}

impl From<UriError> for Refusal {
    fn from(error: UriError) -> Self {
        Self::new(format!("{}, column {}", error.part, error.column), error.why).fix(error.fix)
    }
}
