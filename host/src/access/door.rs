//! The door: from what a client shows to who it is, and to what it may do.

use std::{fmt, sync::Arc};

use axum::http::Request;
use nuncio_core::Clock;

use super::{
    action::Action,
    denied::{Denied, StartError},
    hosts::Hosts,
    identity::{Bearer, Credentials, Identity, Proof},
    keys::Keys,
    keystone::Keystone,
    policy::{Grants, Policy},
};
use crate::{
    config::{self, Config},
    storage::Store,
};

/// The longest project id (Zaqar's `PROJECT_ID_MAX_LEN`).
const MAX_PROJECT: usize = 256;

/// How clients prove who they are.
enum Strategy {
    /// Not at all.
    None,
    /// By API keys.
    Token,
    /// By tokens of Keystone.
    Keystone(Box<Keystone>),
}

/// Tells who clients are and what they may do.
pub struct Access {
    strategy: Strategy,
    hosts: Hosts,
    challenge: Arc<str>,
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
    /// The store's; what of `[keystone]` cannot be used.
    pub async fn start(
        config: &Config,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StartError> {
        let policy = Policy::new(&config.auth);
        let most = config.auth.max_keys;
        let keys = Keys::load(store, Arc::clone(&clock), policy.clone(), most).await?;
        let strategy = match config.auth.strategy {
            config::Strategy::None => Strategy::None,
            config::Strategy::Token => Strategy::Token,
            config::Strategy::Keystone => {
                Strategy::Keystone(Box::new(Keystone::new(&config.keystone, policy.clone(), clock)?))
            }
        };
        Ok(Self { strategy, hosts: Hosts::new(config), challenge: challenge(config), policy, keys })
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

    /// Whether the host was asked for under a name that is its own. To be asked of each request that brings no proof
    /// along; where clients must prove who they are, any name will do.
    ///
    /// # Errors
    /// [`Denied::Elsewhere`].
    pub fn reached<B>(&self, request: &Request<B>) -> Result<(), Denied> {
        self.hosts.take(request)
    }

    /// Who shows these. Cheap where it was asked before: ask again for each message of a long connection, so that an
    /// identity that expired or was revoked is not served any longer.
    ///
    /// # Errors
    /// Why it is not let in.
    pub async fn identify(&self, shown: Credentials<'_>) -> Result<Arc<Identity>, Denied> {
        let token = shown.token.filter(|token| !token.is_empty());
        let identity = match (&self.strategy, token) {
            (Strategy::None, _) => return self.believed(shown).map(Arc::new),
            (Strategy::Token, Some(token)) => self.keys.identify(token),
            (Strategy::Keystone(keystone), Some(token)) => keystone.identify(token).await?,
            (_, None) => None,
        };
        let Some(identity) = identity else {
            metrics::counter!("nuncio_auth_failures_total").increment(1);
            return Err(Denied::Unproven { challenge: Arc::clone(&self.challenge) });
        };
        if shown.project.is_some_and(|project| project != identity.project) {
            return Err(Denied::OtherProject);
        }
        Ok(identity)
    }

    /// The token by which somebody has just been identified, where it is one of Keystone.
    #[must_use]
    pub fn bearer(&self, shown: Credentials<'_>) -> Option<Bearer> {
        let token = shown.token.filter(|token| !token.is_empty());
        token.filter(|_| matches!(self.strategy, Strategy::Keystone(_))).map(Bearer::new)
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

/// Whether metrics may name projects: only where those who are no operators cannot read them.
#[must_use]
pub fn names_projects(config: &Config) -> bool {
    config.auth.strategy == config::Strategy::None || config.http.metrics == config::Metrics::Admin
}

/// What `WWW-Authenticate` says (RFC 9110 section 11.6.1; the scheme `Keystone` is that of keystonemiddleware).
fn challenge(config: &Config) -> Arc<str> {
    match config.auth.strategy {
        config::Strategy::Keystone => {
            let uri = config.keystone.www_authenticate_uri.clone();
            format!("Keystone uri=\"{}\"", uri.unwrap_or_else(|| config.keystone.base())).into()
        }
        _ => "Bearer".into(),
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
