//! Who asks, and how that was proven.

use std::{fmt, sync::Arc};

use zeroize::Zeroizing;

use super::{action::Action, policy::Grants};

/// Who asks. Made anew for each request, or kept with the token that proved it; never holds the token.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Identity {
    /// The project whose things are meant; the only one that can be seen.
    pub project: String,
    /// Who it is, for the log: a user's id, or the id of a key.
    pub user: Option<String>,
    /// What the roles grant.
    pub grants: Grants,
    /// When it ends, Unix milliseconds; `None` for never.
    pub expires: Option<i64>,
    /// How it was proven.
    pub proof: Proof,
}

/// How an identity was proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Proof {
    /// Not at all: a header says so (strategy `none`).
    Header,
    /// By an API key.
    Key,
    /// By a token that Keystone vouches for.
    Keystone,
    /// By a signed URL, which has been checked to name the method and the path.
    Signature,
}

impl Identity {
    /// Who holds a signed URL of `project`. Its signature names method and path, so that no role is asked for more.
    #[must_use]
    pub const fn signed(project: String, expires: i64) -> Self {
        let (grants, proof) = (Grants::MEMBER, Proof::Signature);
        Self { project, user: None, grants, expires: Some(expires), proof }
    }

    /// Whether it may do `action`.
    #[must_use]
    pub const fn may(&self, action: Action) -> bool {
        self.grants.allow(action)
    }

    /// Whether it has ended by `now`, Unix milliseconds.
    #[must_use]
    pub fn has_ended(&self, now: i64) -> bool {
        self.expires.is_some_and(|end| end <= now)
    }
}

/// A token of Keystone that was just found good: whoever has it can have this host trusted in its name. Never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Bearer(Arc<Zeroizing<String>>);

impl Bearer {
    pub(super) fn new(token: &str) -> Self {
        Self(Arc::new(Zeroizing::new(token.to_owned())))
    }

    /// The token as it is written: for Keystone alone.
    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bearer(***)")
    }
}

/// What a client shows of itself, from headers of a request or of a WebSocket message.
#[derive(Clone, Copy, Default)]
pub struct Credentials<'a> {
    /// `X-Project-ID`.
    pub project: Option<&'a str>,
    /// `X-Auth-Token`, or what follows `Bearer` in `Authorization`.
    pub token: Option<&'a str>,
    /// `X-Roles`: heeded with authentication off only.
    pub roles: Option<&'a str>,
}

impl fmt::Debug for Credentials<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.token.map(|_| "***");
        f.debug_struct("Credentials").field("project", &self.project).field("token", &shown).finish()
    }
}
