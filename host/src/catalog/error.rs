//! Why a wish about a queue or a subscription is not fulfilled.

use nuncio_core::Refusal;

use crate::{access::Untrusted, storage::StoreError};

/// Why a wish about a queue or a subscription is not fulfilled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CatalogError {
    /// A rule is broken: where, why, how to mend it.
    #[error("{0}")]
    Refused(String),
    /// Something else stands in the way.
    #[error("{0}")]
    Conflict(String),
    /// There is no such thing.
    #[error("{0}")]
    Absent(String),
    /// It is not for this client to do.
    #[error("{0}")]
    Forbidden(String),
    /// Who is needed for it is away.
    #[error("{0}")]
    Away(String),
    /// The store refused or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Refusal> for CatalogError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal.to_string())
    }
}

impl From<Untrusted> for CatalogError {
    fn from(untrusted: Untrusted) -> Self {
        match untrusted {
            Untrusted::Forbidden(_) => Self::Forbidden(format!("subscriber: {untrusted}.")),
            Untrusted::Away => Self::Away(format!("subscriber: {untrusted}.")),
        }
    }
}
