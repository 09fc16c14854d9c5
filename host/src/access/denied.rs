//! Why somebody is not let in.

use std::{sync::Arc, time::Duration};

use crate::storage::StoreError;

/// Why somebody is not let in. Says nothing of whether what was asked for is there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Denied {
    /// With authentication off the header is the only thing that says whose things are meant.
    #[error("the header X-PROJECT-ID was missing")]
    NoProject,
    /// The header is there and empty.
    #[error("X-PROJECT-ID cannot be an empty string")]
    EmptyProject,
    /// The header breaks a rule.
    #[error("{0}")]
    BadProject(&'static str),
    /// There is no token, or one that is unknown, has expired or was revoked: which of them is not said.
    #[error("no valid token: send one as X-Auth-Token or `Authorization: Bearer`")]
    Unproven {
        /// What `WWW-Authenticate` says.
        challenge: Arc<str>,
    },
    /// The token is good and of no project: of a domain, of the system, or of nothing.
    #[error("the token is of no project: ask for one that is scoped to a project")]
    Unscoped,
    /// `X-Project-ID` is not the project of the token.
    #[error("X-Project-ID is not the project of the token")]
    OtherProject,
    /// Nobody proves who he is, and the request names a host that may be somebody else's: that a web page asked for it
    /// which the browser takes for ours.
    #[error("the Host of the request is not known to be this host")]
    Elsewhere,
    /// No role grants it.
    #[error("you are not authorized to complete this action")]
    Forbidden,
    /// Who could tell is away.
    #[error("tokens cannot be checked now; please try again")]
    Away {
        /// When it may be tried again.
        after: Duration,
    },
}

/// Why clients cannot be told apart at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// `[keystone]` cannot be used.
    #[error("[keystone] {0}")]
    Keystone(String),
}
