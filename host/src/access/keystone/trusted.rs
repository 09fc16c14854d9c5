//! Tokens by trusts: for deliveries in the name of whoever subscribed.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::{
        Arc, Mutex as Short, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use hyper::StatusCode;
use nuncio_core::{Clock, NoToken, Token, TokenCall};
use tokio::sync::Mutex;

use super::{
    account::Account,
    face::{Away, Granted, Own},
};
use crate::times;

/// The most tokens that are kept.
const MOST: usize = 4096;
/// Logins on their way at once; those by one trust wait for each other, so that there is one.
const LINES: usize = 64;
/// A token is not given any more so long before its end: who is sent it must still be able to use it.
const RENEWED_BEFORE_MS: i64 = 60_000;
/// A token that is younger is not renewed, whatever a receiver says of it: one that takes none must not have Keystone
/// asked at every delivery.
const YOUNG_MS: i64 = 5_000;
/// After a failure nobody asks for so long.
const PAUSE_MS: i64 = 1_000;

/// Tokens by trusts, each kept until shortly before it ends.
pub(super) struct Tokens {
    account: Arc<Account>,
    clock: Arc<dyn Clock>,
    kept: Short<HashMap<String, Kept>>,
    /// Trusts of subscriptions that have changed since, and until when an attempt may still not know that.
    replaced: Short<HashMap<String, i64>>,
    lines: Vec<Mutex<()>>,
    hasher: RandomState,
    paused_until: AtomicI64,
}

#[derive(Clone)]
struct Kept {
    token: Token,
    project: Option<String>,
    from: i64,
    expires: i64,
}

impl Tokens {
    pub(super) fn new(account: Arc<Account>, clock: Arc<dyn Clock>) -> Self {
        Self {
            account,
            clock,
            kept: Short::default(),
            replaced: Short::default(),
            lines: (0..LINES).map(|_| Mutex::default()).collect(),
            hasher: RandomState::new(),
            paused_until: AtomicI64::new(i64::MIN),
        }
    }

    /// A token as `call` wants it: one that is kept, or a new one.
    pub(super) async fn token(&self, call: &TokenCall) -> Result<Token, NoToken> {
        if !is_id(&call.trust) {
            return Err(NoToken::Refused("the subscription's `trust_id` is no id of a trust".to_owned()));
        }
        if let Some(kept) = self.kept(call) {
            return of_project(kept, call);
        }
        let line = self.hasher.hash_one(&call.trust) as usize % LINES;
        let _turn = match self.lines.get(line) {
            Some(line) => Some(line.lock().await),
            None => None,
        };
        // Somebody may have got one while this one waited for its turn.
        if let Some(kept) = self.kept(call) {
            return of_project(kept, call);
        }
        let now = self.clock.now_ms();
        let pause = self.paused_until.load(Ordering::Relaxed);
        if (now..=now.saturating_add(PAUSE_MS)).contains(&pause) {
            return Err(away(&Away("Keystone did not answer a moment ago".to_owned())));
        }
        let asked = self.login(&call.trust).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "there is no token for a delivery by trust");
            metrics::counter!("nuncio_keystone_failures_total").increment(1);
            self.paused_until.store(self.clock.now_ms().saturating_add(PAUSE_MS), Ordering::Relaxed);
            Err(away(&error))
        });
        let Own { text, project, expires, .. } = asked?;
        let kept = Kept { token: Token::new(text.as_str()), project, from: self.clock.now_ms(), expires };
        self.keep(call.trust.clone(), kept.clone());
        of_project(kept, call)
    }

    /// Forgets the token by a trust that ends.
    pub(super) fn forget(&self, trust: &str) {
        self.lock().remove(trust);
    }

    /// Takes note of a trust that is ended after `later`, since its subscription has changed.
    pub(super) fn replaced(&self, trust: String, later: Duration) {
        let now = self.clock.now_ms();
        let later = i64::try_from(later.as_millis()).unwrap_or(i64::MAX);
        let mut all = self.replaced.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST {
            all.retain(|_, until| *until > now);
        }
        if all.len() < MOST {
            all.insert(trust, now.saturating_add(later.saturating_mul(2)));
        }
    }

    fn kept(&self, call: &TokenCall) -> Option<Kept> {
        let now = self.clock.now_ms();
        let kept = self.lock().get(&call.trust).cloned()?;
        let holds = kept.from <= now && now < kept.expires.saturating_sub(RENEWED_BEFORE_MS);
        let young = now.saturating_sub(kept.from) < YOUNG_MS;
        (holds && (young || call.refused.as_ref() != Some(&kept.token))).then_some(kept)
    }

    fn keep(&self, trust: String, new: Kept) {
        let mut all = self.lock();
        if all.len() >= MOST {
            all.retain(|_, one| one.expires > new.from);
        }
        // All hold still: they are got again as they are needed.
        if all.len() >= MOST {
            all.clear();
        }
        all.insert(trust, new);
    }

    async fn login(&self, trust: &str) -> Result<Result<Own, NoToken>, Away> {
        Ok(Err(match self.account.face.login_by(trust).await? {
            Granted::Is(token) if token.user == self.account.own(false).await?.user => NoToken::Refused(
                "the trust is without `impersonation`, and its token would be of this host's own user: subscribe again"
                    .to_owned(),
            ),
            Granted::Is(token) => return Ok(Ok(token)),
            Granted::Not(StatusCode::UNAUTHORIZED | StatusCode::NOT_FOUND) => self.why(trust).await?,
            Granted::Not(StatusCode::FORBIDDEN) => NoToken::Refused(
                "Keystone gives no token by the trust: whoever subscribed has lost a role in the project or is \
                 disabled, or the trust is somebody else's"
                    .to_owned(),
            ),
            Granted::Not(status) => NoToken::Refused(format!("Keystone answers {status} to a login by the trust")),
        }))
    }

    /// Keystone says the same of a wrong password as of a trust that is not there: which of them it is.
    async fn why(&self, trust_id: &str) -> Result<NoToken, Away> {
        let own = self.account.own(true).await?;
        Ok(match self.account.face.trusted(&own.text, trust_id).await? {
            Granted::Is(trust) if !has_ended(trust.expires_at.as_deref(), self.clock.now_ms()) => {
                NoToken::Refused("Keystone gives no token by the trust: is the project disabled?".to_owned())
            }
            _ => self.absent(trust_id),
        })
    }

    /// What a trust that is not there means. That of a subscription which has changed says nothing of what it is now.
    fn absent(&self, trust: &str) -> NoToken {
        let until = self.replaced.lock().unwrap_or_else(PoisonError::into_inner).get(trust).copied();
        match until {
            Some(until) if self.clock.now_ms() < until => {
                NoToken::Away("the subscription was changed meanwhile, and has another trust".to_owned())
            }
            Some(_) => {
                NoToken::Refused("this is of the subscription before it was changed: its trust has ended".to_owned())
            }
            None => NoToken::Gone(
                "the trust of the subscription has ended or was withdrawn: change the subscription, or subscribe again"
                    .to_owned(),
            ),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether `text` can be the id of a trust: it stands in a path.
pub(super) fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

fn has_ended(end: Option<&str>, now: i64) -> bool {
    end.and_then(times::of_rfc3339).is_some_and(|end| end <= now)
}

/// A token of another project is nobody's here.
fn of_project(kept: Kept, call: &TokenCall) -> Result<Token, NoToken> {
    if kept.project.as_deref() == Some(&*call.project) {
        return Ok(kept.token);
    }
    Err(NoToken::Refused("the trust is of another project".to_owned()))
}

fn away(why: &Away) -> NoToken {
    NoToken::Away(format!("there is no token now: {why}"))
}
