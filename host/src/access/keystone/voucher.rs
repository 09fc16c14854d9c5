//! Whose a token is: from what was said of it lately, or from Keystone.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use nuncio_core::Clock;
use sha2::{Digest as _, Sha256};
use tokio::sync::Mutex;

use super::{
    account::Account,
    cache::{Cache, Digest, Word},
    wire::Token,
};
use crate::{
    access::{Policy, StartError, denied::Denied, identity::Identity, identity::Proof},
    config,
};

/// Questions on their way at once; those about one token wait for each other, so that it is asked for once.
const LINES: usize = 64;
/// After a failure nobody asks for so long: requests must not queue up for one that does not answer.
const PAUSE_MS: i64 = 1_000;
/// The longest token that is asked about, bytes; those of Keystone have some hundreds.
const MAX_TOKEN: usize = 2 << 10;
/// When a client may try again.
const AFTER: Duration = Duration::from_secs(5);

/// Tells whose tokens are.
pub(in crate::access) struct Keystone {
    account: Account,
    cache: Cache,
    policy: Policy,
    clock: Arc<dyn Clock>,
    lines: Vec<Mutex<()>>,
    paused_until: AtomicI64,
}

impl fmt::Debug for Keystone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keystone").field("account", &self.account).finish_non_exhaustive()
    }
}

impl Keystone {
    /// As the configuration says. Keystone itself need not be there yet.
    pub(in crate::access) fn new(
        config: &config::Keystone,
        policy: Policy,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StartError> {
        let ms = |time: Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        Ok(Self {
            account: Account::new(config, Arc::clone(&clock))?,
            cache: Cache::new(ms(config.cache), ms(config.cache_refused), config.max_cached),
            policy,
            clock,
            lines: (0..LINES).map(|_| Mutex::default()).collect(),
            paused_until: AtomicI64::new(i64::MIN),
        })
    }

    /// Whose `token` is; `None` when it is nobody's.
    pub(in crate::access) async fn identify(&self, token: &str) -> Result<Option<Arc<Identity>>, Denied> {
        // What cannot be a header is no token, and no reason to take Keystone for broken.
        if token.len() > MAX_TOKEN || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Ok(None);
        }
        let digest: Digest = Sha256::digest(token.as_bytes()).into();
        let word = match self.cache.get(&digest, self.clock.now_ms()) {
            Some(word) => word,
            None => self.asked(digest, token).await?,
        };
        match word {
            Word::Known(identity) if identity.has_ended(self.clock.now_ms()) => Ok(None),
            Word::Known(identity) => Ok(Some(identity)),
            Word::Unscoped => Err(Denied::Unscoped),
            Word::Refused => Ok(None),
        }
    }

    async fn asked(&self, digest: Digest, token: &str) -> Result<Word, Denied> {
        let line = usize::from(digest.first().copied().unwrap_or_default()) % LINES;
        let _turn = match self.lines.get(line) {
            Some(line) => Some(line.lock().await),
            None => None,
        };
        let now = self.clock.now_ms();
        // Somebody may have asked while this one waited for its turn.
        if let Some(word) = self.cache.get(&digest, now) {
            return Ok(word);
        }
        let pause = self.paused_until.load(Ordering::Relaxed);
        if (now..=now.saturating_add(PAUSE_MS)).contains(&pause) {
            return Err(Denied::Away { after: AFTER });
        }
        match self.account.describe(token).await {
            Ok(told) => {
                let word = told.map_or(Word::Refused, |token| self.word(token));
                self.cache.keep(digest, word.clone(), self.clock.now_ms());
                Ok(word)
            }
            Err(error) => {
                tracing::warn!(%error, "tokens cannot be checked");
                metrics::counter!("nuncio_keystone_failures_total").increment(1);
                self.paused_until.store(self.clock.now_ms().saturating_add(PAUSE_MS), Ordering::Relaxed);
                Err(Denied::Away { after: AFTER })
            }
        }
    }

    fn word(&self, token: Token) -> Word {
        let Some(project) = token.project else { return Word::Unscoped };
        Word::Known(Arc::new(Identity {
            project,
            grants: self.policy.grants(token.roles.iter().map(String::as_str)),
            user: Some(token.user),
            expires: Some(token.expires),
            proof: Proof::Keystone,
        }))
    }
}
