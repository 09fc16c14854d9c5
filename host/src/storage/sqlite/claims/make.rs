//! Making claims.

use nuncio_core::{ClaimId, MessageId, QueueId};
use rusqlite::params;

use super::{
    free::{self, Free, Step},
    letters::Letters,
    live,
};
use crate::storage::{
    Claimed, NewClaim, StoreError,
    sqlite::{catalog::queues, commit::Commit},
};

/// Messages that one claim moves to the dead letters at most: the writer serves others, too.
const MOST_MOVED: u32 = 100;

/// Claims the first messages that are free.
pub(super) fn make(
    commit: &mut Commit<'_>,
    project: &str,
    queue: &str,
    new: &NewClaim,
) -> Result<Option<Claimed>, StoreError> {
    let Some(place) = queues::known(commit, project, queue)? else { return Ok(None) };
    let id = place.queue;
    let mut hold = Hold::new(commit, id, new);
    let letters = Letters::of(project, (queue, id), new, hold.until);
    let (mut taken, mut moved) = (0, 0);
    free::take(commit, id, new.limit, |commit, free| {
        match &letters {
            Some(letters) if letters.is_for(&free) => {
                letters.take(commit, &free)?;
                moved += 1;
            }
            _ => {
                hold.take(commit, &free)?;
                taken += 1;
            }
        }
        let enough = taken >= new.limit || moved >= MOST_MOVED;
        Ok(if enough { Step::Last(hold.until) } else { Step::More(hold.until) })
    })?;
    let Some(claim) = hold.claim else { return Ok(None) };
    live::read(commit.db, id, claim, commit.now)
}

/// Where a claim takes its messages to.
struct Hold<'n> {
    queue: QueueId,
    new: &'n NewClaim,
    /// Made with the first message.
    claim: Option<ClaimId>,
    until: i64,
}

impl<'n> Hold<'n> {
    fn new(commit: &Commit<'_>, queue: QueueId, new: &'n NewClaim) -> Self {
        Self { queue, new, claim: None, until: after(commit.now, new.ttl) }
    }

    fn take(&mut self, commit: &mut Commit<'_>, free: &Free) -> Result<(), StoreError> {
        let claim = match self.claim {
            Some(claim) => claim,
            None => self.begin(commit)?,
        };
        commit
            .db
            .prepare_cached(
                "UPDATE queued SET claim = ?3, claim_until = ?4, claims = claims + 1
                 WHERE queue = ?1 AND message = ?2",
            )?
            .execute(params![self.queue.0, free.id.0, claim.0, self.until])?;
        if free.expires < self.until {
            prolong(commit, self.queue, free.id, self.until, (self.new.ttl, self.new.grace))?;
        }
        Ok(())
    }

    fn begin(&mut self, commit: &mut Commit<'_>) -> Result<ClaimId, StoreError> {
        let claim = ClaimId(commit.issue().0);
        commit
            .db
            .prepare_cached("INSERT INTO claim (id, queue, ttl, since, until) VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute(params![claim.0, self.queue.0, self.new.ttl, commit.now, self.until])?;
        self.claim = Some(claim);
        Ok(claim)
    }
}

/// A message that would end before its claim lives for as long as both numbers say, as in Zaqar.
pub(super) fn prolong(
    commit: &Commit<'_>,
    queue: QueueId,
    message: MessageId,
    until: i64,
    (ttl, grace): (i64, i64),
) -> Result<(), StoreError> {
    commit
        .db
        .prepare_cached("UPDATE queued SET ttl = ?3, expires = ?4 WHERE queue = ?1 AND message = ?2")?
        .execute(params![queue.0, message.0, ttl.saturating_add(grace), after(until, grace)])?;
    Ok(())
}

/// A moment so many seconds after `ms`.
pub(super) const fn after(ms: i64, seconds: i64) -> i64 {
    ms.saturating_add(seconds.saturating_mul(1000))
}
