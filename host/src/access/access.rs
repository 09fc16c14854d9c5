//! The door: from what a client shows to who it is, and to what it may do.

use std::{fmt, sync::Arc};

use nuncio_core::Clock;

use super::{
    action::Action,
    denied::Denied,
    identity::{Credentials, Identity, Proof},
    keys::Keys,
    policy::{Grants, Policy},
};
use crate::{
    config::{self, Config},
    storage::{Store, StoreError},
};

/// The longest project id (Zaqar's `PROJECT_ID_MAX_LEN`).
const MAX_PROJECT: usize = 256;

/// How clients prove who they are.
enum Strategy {
    /// Not at all.
    None,
    /// By API keys.
    Token,
}

/// Tells who clients are and what they may do.
pub struct Access {
    strategy: Strategy,
    policy: Policy,
    keys: Keys,
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access").field("policy", &self.policy).finish_non_exhaustive()
    }
}

impl Access {
    /// As the configuration says, with the keys of `store`.
    ///
    /// # Errors
    /// The store's.
    pub async fn start(
        config: &Config,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StoreError> {
        let policy = Policy::new(&config.auth);
        let keys = Keys::load(store, clock, policy.clone(), config.auth.max_keys).await?;
        let strategy = match config.auth.strategy {
            config::Strategy::None => Strategy::None,
            config::Strategy::Token => Strategy::Token,
        };
        Ok(Self { strategy, policy, keys })
    }

    /// The API keys.
    #[must_use]
    pub const fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Whether clients must prove who they are.
    #[must_use]
    pub const fn asks_for_proof(&self) -> bool {
        !matches!(self.strategy, Strategy::None)
    }

    /// Who shows these. Cheap where it was asked before: ask again for each message of a long connection, so that an
    /// identity that expired or was revoked is not served any longer.
    ///
    /// # Errors
    /// Why it is not let in.
    pub async fn identify(&self, shown: Credentials<'_>) -> Result<Arc<Identity>, Denied> {
        let identity = match &self.strategy {
            Strategy::None => return self.believed(shown).map(Arc::new),
            Strategy::Token => shown.token.and_then(|token| self.keys.identify(token)),
        };
        let identity = identity.ok_or(Denied::Unproven)?;
        if shown.project.is_some_and(|project| project != identity.project) {
            return Err(Denied::OtherProject);
        }
        Ok(identity)
    }

    /// Whether `identity` may do `action`.
    ///
    /// # Errors
    /// [`Denied::Forbidden`].
    pub fn permit(&self, identity: &Identity, action: Action) -> Result<(), Denied> {
        if identity.may(action) {
            return Ok(());
        }
        tracing::debug!(user = identity.user, action = action.name(), "no role allows it");
        Err(Denied::Forbidden)
    }

    /// Strategy `none`: on loopback everybody is who he says he is, and sees to the host.
    fn believed(&self, shown: Credentials<'_>) -> Result<Identity, Denied> {
        let project = match shown.project {
            None => return Err(Denied::NoProject),
            Some("") => return Err(Denied::EmptyProject),
            Some(text) => project(text)?,
        };
        let named = self.policy.grants(shown.roles.unwrap_or_default().split(','));
        let grants = Grants::OWNER.or(named);
        Ok(Identity { project, user: None, grants, expires: None, proof: Proof::Header })
    }
}

/// A project's id as it is allowed.
fn project(text: &str) -> Result<String, Denied> {
    if text.len() > MAX_PROJECT {
        return Err(Denied::BadProject("Project ids may not be more than 256 characters long."));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
