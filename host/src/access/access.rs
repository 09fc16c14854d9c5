//! The door: from what a client shows to who it is, and to what it may do.

use std::{fmt, sync::Arc};

use super::{
    action::Action,
    denied::Denied,
    identity::{Credentials, Identity, Proof},
    policy::{Grants, Policy},
};
use crate::config::Config;

/// The longest project id (Zaqar's `PROJECT_ID_MAX_LEN`).
const MAX_PROJECT: usize = 256;

/// Tells who clients are and what they may do.
pub struct Access {
    policy: Policy,
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access").field("policy", &self.policy).finish_non_exhaustive()
    }
}

impl Access {
    /// As the configuration says.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        Self { policy: Policy::new(&config.auth) }
    }

    /// Whether clients must prove who they are.
    #[must_use]
    pub const fn asks_for_proof(&self) -> bool {
        false
    }

    /// Who shows these. Cheap where it was asked before: ask again for each message of a long connection, so that an
    /// identity that expired or was revoked is not served any longer.
    ///
    /// # Errors
    /// Why it is not let in.
    pub async fn identify(&self, shown: Credentials<'_>) -> Result<Arc<Identity>, Denied> {
        self.believed(shown).map(Arc::new)
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
mod tests {
    use super::*;

    fn shown<'a>(project: &'a str, roles: Option<&'a str>) -> Credentials<'a> {
        Credentials { project: Some(project), token: None, roles }
    }

    #[tokio::test]
    async fn without_authentication_the_headers_are_believed() {
        let access = Access::new(&Config::default());
        let plain = access.identify(shown("p", None)).await.unwrap();
        assert_eq!(plain.project, "p");
        assert!(access.permit(&plain, Action::Reload).is_ok());
        assert_eq!(access.permit(&plain, Action::HealthGet), Err(Denied::Forbidden));
        let admin = access.identify(shown("p", Some("cook, Admin"))).await.unwrap();
        assert!(access.permit(&admin, Action::HealthGet).is_ok());
    }

    #[tokio::test]
    async fn without_authentication_a_project_is_asked_for() {
        let access = Access::new(&Config::default());
        for (project, why) in [(None, Denied::NoProject), (Some(""), Denied::EmptyProject)] {
            let shown = Credentials { project, ..Credentials::default() };
            assert_eq!(access.identify(shown).await, Err(why));
        }
        assert!(access.identify(shown(&"p".repeat(256), None)).await.is_ok());
        let long = access.identify(shown(&"p".repeat(257), None)).await;
        assert!(matches!(long, Err(Denied::BadProject(_))));
    }
}
