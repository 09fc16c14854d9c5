//! API keys as they are kept.

use std::fmt;

/// An API key. The key itself is nowhere: only its SHA-256.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyRow {
    /// What it is listed and revoked by; no secret.
    pub id: String,
    /// Whose it is.
    pub project: String,
    /// What its maker calls it.
    pub name: String,
    /// Its roles.
    pub roles: Vec<String>,
    /// SHA-256 of the key.
    pub hash: [u8; 32],
    /// When it was made, Unix milliseconds.
    pub created: i64,
    /// When it ends, Unix milliseconds; 0 for never.
    pub expires: i64,
    /// When it was last used, to the hour, Unix milliseconds; 0 for never.
    pub used: i64,
}

impl fmt::Debug for KeyRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRow").field("id", &self.id).field("project", &self.project).finish_non_exhaustive()
    }
}
