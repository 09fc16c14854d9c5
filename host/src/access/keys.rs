//! API keys: made, shown, revoked, and recognised without asking the store.

use std::{
    collections::BTreeMap,
    fmt,
    ops::Bound,
    sync::{
        Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicI64, Ordering},
    },
};

use nuncio_core::Clock;
use zeroize::Zeroizing;

use super::{
    identity::{Identity, Proof},
    policy::Policy,
    secret::{self, NewSecret, NoRandomness},
};
use crate::storage::{KeyRow, Store, StoreError};

/// The longest name of a key, bytes.
const MAX_NAME: usize = 128;
/// The longest project id.
const MAX_PROJECT: usize = 256;
/// The use of a key is written down at most so often: it tells which keys nobody uses, and costs no request.
const HOUR_MS: i64 = 3_600_000;

/// A key as it is wished for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// Whose it will be.
    pub project: String,
    /// What its maker calls it.
    pub name: String,
    /// Its roles.
    pub roles: Vec<String>,
    /// When it ends, Unix milliseconds; `None` for never.
    pub expires: Option<i64>,
}

/// Why a key is not made or not revoked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// A member of the wish is wrong: which, and how to mend it.
    #[error("{0}")]
    Wish(String),
    /// The system gives no randomness.
    #[error(transparent)]
    Random(#[from] NoRandomness),
    /// The store refused or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A new key: its row, and the only time that its text is seen.
#[derive(Debug)]
pub struct Made {
    /// The row.
    pub row: KeyRow,
    /// The key.
    pub secret: NewSecret,
}

/// All keys, in memory: a request asks the store for nothing, and a revocation holds at once.
pub struct Keys {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    policy: Policy,
    most: u64,
    known: RwLock<BTreeMap<String, Known>>,
}

struct Known {
    row: KeyRow,
    identity: Arc<Identity>,
    used: AtomicI64,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("known", &self.read().len()).finish_non_exhaustive()
    }
}

impl Keys {
    /// Reads all keys; there may be at most `most`.
    ///
    /// # Errors
    /// The store's.
    pub async fn load(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        policy: Policy,
        most: u64,
    ) -> Result<Self, StoreError> {
        let rows = store.keys().await?;
        let known = rows.into_iter().map(|row| (row.id.clone(), Known::new(row, &policy))).collect();
        Ok(Self { store, clock, policy, most, known: RwLock::new(known) })
    }

    /// Whose key this is, unless it is unknown or has expired.
    pub(super) fn identify(&self, text: &str) -> Option<Arc<Identity>> {
        let hash = secret::hash(text);
        let id = secret::id(text)?;
        let now = self.clock.now_ms();
        let known = self.read();
        let one = known.get(id).filter(|one| secret::same(&one.row.hash, &hash))?;
        if one.identity.has_ended(now) {
            return None;
        }
        let used = one.used.load(Ordering::Relaxed);
        let due = now.saturating_sub(used) >= HOUR_MS;
        if due && one.used.compare_exchange(used, now, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            self.note(id.to_owned(), now);
        }
        Some(Arc::clone(&one.identity))
    }

    /// Writes down that a key was used; the request does not wait for it.
    fn note(&self, id: String, now: i64) {
        let store = Arc::clone(&self.store);
        tokio::spawn(async move {
            if let Err(error) = store.key_used(&id, now).await {
                tracing::debug!(%error, "the use of a key is not written down");
            }
        });
    }

    /// Makes a key.
    ///
    /// # Errors
    /// What is wrong with the wish; the store's.
    pub async fn create(&self, wish: Wish) -> Result<Made, KeyError> {
        let created = self.clock.now_ms();
        self.check(&wish, created)?;
        let secret = NewSecret::make()?;
        let row = KeyRow {
            id: secret.id.clone(),
            project: wish.project,
            name: wish.name,
            roles: wish.roles,
            hash: secret::hash(&secret.text),
            created,
            expires: wish.expires.unwrap_or(0),
            used: 0,
        };
        self.store.key_add(row.clone(), self.most).await?;
        self.write().insert(row.id.clone(), Known::new(row.clone(), &self.policy));
        Ok(Made { row, secret })
    }

    /// Revokes a key; whether it was there. From now on it opens nothing.
    ///
    /// # Errors
    /// The store's: the key may come back with the next start then, and is refused until then.
    pub async fn revoke(&self, id: &str) -> Result<bool, KeyError> {
        let removed = self.write().remove(id);
        let was_there = self.store.key_remove(id).await.inspect_err(|_| {
            tracing::error!(key = id, "a key was revoked, and that could not be written down");
        })?;
        Ok(was_there || removed.is_some())
    }

    /// At most `limit` keys with ids after `after`, of `project` alone if one is named.
    pub fn list(&self, project: Option<&str>, after: &str, limit: usize) -> Vec<KeyRow> {
        let known = self.read();
        let rest = known.range::<str, _>((Bound::Excluded(after), Bound::Unbounded)).map(|(_, one)| one);
        let wanted = rest.filter(|one| project.is_none_or(|project| one.row.project == project));
        wanted.take(limit).map(Known::now).collect()
    }

    fn check(&self, wish: &Wish, now: i64) -> Result<(), KeyError> {
        let wrong = |why: String| Err(KeyError::Wish(why));
        let project = &wish.project;
        if project.is_empty() || project.len() > MAX_PROJECT || !project.bytes().all(|b| b.is_ascii_graphic())
        {
            return wrong(format!("project: must be 1 to {MAX_PROJECT} visible ASCII characters"));
        }
        if wish.name.len() > MAX_NAME || wish.name.contains(char::is_control) {
            return wrong(format!("name: must be at most {MAX_NAME} bytes without control characters"));
        }
        if wish.roles.is_empty() {
            return wrong("roles: at least one is needed, like \"member\"".to_owned());
        }
        if let Some(role) = wish.roles.iter().find(|role| !self.policy.knows(role)) {
            let known = self.policy.names().collect::<Vec<_>>().join(", ");
            return wrong(format!("roles: `{role}` is not a role; there are {known}"));
        }
        if wish.expires.is_some_and(|end| end <= now) {
            return wrong("expires: must be a time to come".to_owned());
        }
        Ok(())
    }

    fn read(&self) -> RwLockReadGuard<'_, BTreeMap<String, Known>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, BTreeMap<String, Known>> {
        self.known.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn new(row: KeyRow, policy: &Policy) -> Self {
        let identity = Identity {
            project: row.project.clone(),
            user: Some(row.id.clone()),
            grants: policy.grants(row.roles.iter().map(String::as_str)),
            expires: Some(row.expires).filter(|end| *end > 0),
            proof: Proof::Key,
        };
        let used = AtomicI64::new(row.used);
        Self { row, identity: Arc::new(identity), used }
    }

    fn now(&self) -> KeyRow {
        KeyRow { used: self.used.load(Ordering::Relaxed), ..self.row.clone() }
    }
}

impl Made {
    /// The key, to be shown once.
    #[must_use]
    pub fn text(&self) -> &Zeroizing<String> {
        &self.secret.text
    }
}
