//! Trusts (Keystone's OS-TRUST): somebody subscribes, and trusts this host to act in its name for the subscription.

use std::{fmt, sync::Arc, time::Duration};

use hyper::StatusCode;
use nuncio_core::{Clock, NoToken, Token, TokenCall};

use super::{
    account::Account,
    face::{Away, Granted, Own},
    trusted::{Tokens, is_id},
    wire,
};
use crate::{
    access::{Bearer, StartError},
    config, times,
};

/// Two trusts between the same that end at the same time are one to Keystone: so often another end is tried, a
/// millisecond later each.
const ENDS: i64 = 16;
/// The last second that Keystone can write: the end of the year 9999, in Unix milliseconds.
const LAST_MS: i64 = 253_402_300_799_000;
/// When it is tried again to end a trust.
const AGAIN: [u64; 4] = [2, 15, 60, 300];

/// Why somebody is not trusted for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Untrusted {
    /// It is not for this client to do.
    #[error("{0}")]
    Forbidden(String),
    /// Keystone does not answer, or refuses this host.
    #[error("a trust cannot be made now; please try again")]
    Away,
}

/// Makes trusts, ends them, and gets tokens by them.
pub struct Trusts {
    account: Arc<Account>,
    tokens: Tokens,
}

impl fmt::Debug for Trusts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trusts").field("account", &self.account).finish_non_exhaustive()
    }
}

impl Trusts {
    /// With the account that the configuration names; Keystone itself need not be there yet.
    ///
    /// # Errors
    /// What of `[keystone]` cannot be used.
    pub fn new(config: &config::Keystone, clock: Arc<dyn Clock>) -> Result<Self, StartError> {
        let account = Arc::new(Account::new(config, Arc::clone(&clock))?);
        Ok(Self { tokens: Tokens::new(Arc::clone(&account), clock), account })
    }

    /// Has whoever `bearer` is trust this host until `end` (Unix milliseconds), in the project and with the roles of the
    /// token. The id of the trust.
    ///
    /// # Errors
    /// What Keystone does not let the token do, and that it is away.
    pub async fn grant(&self, bearer: &Bearer, end: i64) -> Result<String, Untrusted> {
        let (token, own) = self.trustor(bearer).await?;
        for later in 0..ENDS {
            let end = times::rfc3339(end.saturating_add(later).min(LAST_MS - later)).unwrap_or_default();
            let wish = wire::wish(&token, &own.user, &end);
            match self.account.face.trust(bearer.expose(), &wish).await.map_err(unable)? {
                Granted::Is(trust) => return Ok(trust),
                Granted::Not(StatusCode::CONFLICT) => {}
                Granted::Not(StatusCode::FORBIDDEN) => {
                    return Err(Untrusted::Forbidden(
                        "Keystone does not let this token make a trust: use one that you got by your password"
                            .to_owned(),
                    ));
                }
                Granted::Not(status) => {
                    return Err(Untrusted::Forbidden(format!(
                        "Keystone answers {status} to the wish for a trust"
                    )));
                }
            }
        }
        Err(Untrusted::Away)
    }

    /// Whether `trust` is of whoever `bearer` is, in the project of the token, gives no more than the token, and this host
    /// is who is trusted by it, to act as whoever `bearer` is.
    ///
    /// # Errors
    /// A trust that is another's, or not there; one that gives more, or a token that was itself given to act for
    /// somebody; that Keystone is away.
    pub async fn vouch(&self, bearer: &Bearer, trust: &str) -> Result<(), Untrusted> {
        let other = || {
            Err(Untrusted::Forbidden(
                "there is no such trust of yours in this project with this host as trustee: leave `trust_id` out, and \
                 one is made"
                    .to_owned(),
            ))
        };
        if !is_id(trust) {
            return other();
        }
        let (token, own) = self.trustor(bearer).await?;
        let Granted::Is(found) = self.account.face.trusted(&own.text, trust).await.map_err(unable)? else {
            return other();
        };
        if found.trustor != token.user || found.trustee != own.user || found.project != token.project {
            return other();
        }
        if !found.impersonation {
            // Its tokens would be of this host's own user.
            return Err(Untrusted::Forbidden("the trust is without `impersonation`".to_owned()));
        }
        if !found.is_within(&token) {
            return Err(Untrusted::Forbidden("the trust has roles that this token has not".to_owned()));
        }
        Ok(())
    }

    /// Who wants to trust this host, and its own token. Whoever was given a token to act for somebody, as each receiver
    /// of a delivery by trust is, must not give that on.
    async fn trustor(&self, bearer: &Bearer) -> Result<(wire::Token, Arc<Own>), Untrusted> {
        let forbidden = |why: &str| Err(Untrusted::Forbidden(why.to_owned()));
        let Some(token) = self.account.describe(bearer.expose()).await.map_err(unable)? else {
            return forbidden("the token has ended: get another one");
        };
        if token.delegated {
            return forbidden(
                "this token is by a trust or an application credential, and cannot give on what it was given: use one \
                 that you got by your password",
            );
        }
        // It was good a moment ago, when it was asked with whose the other one is.
        let own = self.account.own(false).await.map_err(unable)?;
        if token.user == own.user {
            return forbidden(
                "this is the user of the host itself (keystone.username): subscribe as another one",
            );
        }
        Ok((token, own))
    }

    /// A token by a trust.
    ///
    /// # Errors
    /// What the delivery comes to without one.
    pub async fn token(&self, call: &TokenCall) -> Result<Token, NoToken> {
        let asked = tokio::time::timeout(call.patience, self.tokens.token(call)).await;
        asked.unwrap_or_else(|_| Err(NoToken::Away("Keystone gives no token in time".to_owned())))
    }

    /// Ends a trust that this host had made for a subscription that was changed, after `later`: longer than any attempt
    /// takes that began before.
    pub fn replaced(self: &Arc<Self>, trust: String, later: Duration) {
        let this = Arc::clone(self);
        this.tokens.replaced(trust.clone(), later);
        tokio::spawn(async move {
            tokio::time::sleep(later).await;
            this.release(trust);
        });
    }

    /// Ends a trust that this host had made: behind the scenes, and some times where Keystone is away. One that is never
    /// reached ends by itself.
    pub fn release(self: &Arc<Self>, trust: String) {
        let this = Arc::clone(self);
        this.tokens.forget(&trust);
        tokio::spawn(async move {
            for wait in AGAIN.map(Some).into_iter().chain([None]) {
                match (this.end(&trust).await, wait) {
                    (Ok(()), _) => return,
                    (Err(_), Some(wait)) => tokio::time::sleep(Duration::from_secs(wait)).await,
                    (Err(error), None) => {
                        tracing::warn!(%error, trust, "a trust is not ended: it ends by itself, a day after its subscription");
                    }
                }
            }
        });
    }

    /// Only who trusts can end a trust: it is done by a token of the trust itself.
    pub(super) async fn end(&self, trust: &str) -> Result<(), Away> {
        let face = &self.account.face;
        let refused = match face.login_by(trust).await? {
            Granted::Is(own) => match face.end(&own.text, trust).await? {
                Granted::Is(()) | Granted::Not(StatusCode::NOT_FOUND) => return Ok(()),
                Granted::Not(status) => status,
            },
            Granted::Not(StatusCode::NOT_FOUND) => return Ok(()),
            Granted::Not(status) => status,
        };
        // Keystone says the same of a wrong password as of a trust that is not there: which of them it is.
        let own = self.account.own(true).await?;
        match face.trusted(&own.text, trust).await? {
            Granted::Not(StatusCode::NOT_FOUND) => Ok(()),
            _ => Err(Away(format!("Keystone answers {refused} to the end of a trust that is there"))),
        }
    }
}

fn unable(error: Away) -> Untrusted {
    tracing::warn!(%error, "a trust cannot be made");
    metrics::counter!("nuncio_keystone_failures_total").increment(1);
    Untrusted::Away
}
