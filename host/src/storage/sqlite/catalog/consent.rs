//! The yes of those to whom a subscription leads: asked for, given, taken back. Of their addresses, which may be URIs with
//! secrets, the tables have fingerprints.

use nuncio_core::{Kind, ProjectId, QueueId, SubscriptionId};
use rusqlite::{OptionalExtension, params};

use super::{queues, subscriptions};
use crate::storage::{
    Addressee, Asking, By, Consent, NewTarget, Question, StoreError, Telling, Updated, Word,
    sqlite::{commit::Commit, intake, json, targets},
};

/// What is forgotten at once of how often somebody was asked.
const FORGET: u32 = 100;

/// How a subscription stood.
pub(super) struct Before {
    pub(super) consent: Consent,
    addresses: Vec<String>,
    uri_key: String,
    confirmed: bool,
}

/// How a subscription stands.
pub(super) fn before(commit: &Commit<'_>, id: SubscriptionId) -> Result<Before, StoreError> {
    let opened = targets::opened("t", "addresses");
    let (waits, addresses, uri_key, confirmed): (u8, String, String, bool) = commit
        .db
        .prepare_cached(&format!(
            "SELECT s.waits, {opened}, s.uri_key, s.confirmed FROM subscription s JOIN target t ON t.id = s.target
             WHERE s.id = ?1"
        ))?
        .query_row([id.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
    let addresses = json::read("addresses", &addresses)?;
    Ok(Before { consent: Consent::from_code(waits), addresses, uri_key, confirmed })
}

impl Before {
    /// Whether `address`, whose fingerprint is `print`, needs no word: it was sent to without one.
    fn includes(&self, address: &str, print: &str) -> bool {
        self.consent == Consent::Given
            && (self.uri_key == print || self.addresses.iter().any(|one| one == address))
    }
}

/// A new subscription waits for everybody's yes.
pub(super) fn begin(
    commit: &mut Commit<'_>,
    project: ProjectId,
    id: SubscriptionId,
    asking: &Asking,
) -> Result<(), StoreError> {
    for one in &asking.of {
        need(commit, id, &one.address, false)?;
    }
    stand(commit, id, false, Consent::Awaited)?;
    ask(commit, (project, id), Kind::Confirmation, asking, |_| true)
}

/// Somebody subscribes again to what is not confirmed: those who have not said yes are asked again.
pub(super) fn again(
    commit: &mut Commit<'_>,
    (project, queue): (ProjectId, QueueId),
    id: SubscriptionId,
    asking: &Asking,
) -> Result<(), StoreError> {
    if before(commit, id)?.consent == Consent::Given {
        return Ok(());
    }
    let open = needed(commit, id, false)?;
    stand(commit, id, false, Consent::Awaited)?;
    changed(commit, queue, id)?;
    let sealer = commit.sealer;
    let wanted = |one: &Addressee| open.contains(&sealer.fingerprint(&one.address));
    ask(commit, (project, id), Kind::Confirmation, asking, wanted)
}

/// The subscription leads elsewhere now: those who were not sent to before are asked. What was asked stays known until it
/// expires: a question to somebody else must not get its signature.
pub(super) fn readdressed(
    commit: &mut Commit<'_>,
    project: ProjectId,
    id: SubscriptionId,
    before: &Before,
    asking: Option<&Asking>,
) -> Result<(), StoreError> {
    let (given, open) = (needed(commit, id, true)?, needed(commit, id, false)?);
    commit.db.prepare_cached("DELETE FROM consent WHERE subscription = ?1")?.execute([id.0])?;
    let Some(asking) = asking else {
        return if before.consent == Consent::Given { Ok(()) } else { release(commit, id, before.confirmed) };
    };
    let (mut missing, mut new) = (false, Vec::new());
    for Addressee { address, .. } in &asking.of {
        let print = commit.sealer.fingerprint(address);
        let yes = given.contains(&print) || before.includes(address, &print);
        need(commit, id, address, yes)?;
        missing |= !yes;
        if !yes && !open.contains(&print) {
            new.push(address.clone());
        }
    }
    match missing {
        false if before.consent == Consent::Given => Ok(()),
        false => release(commit, id, true),
        true => {
            let refused = before.consent == Consent::Refused && new.is_empty();
            stand(commit, id, false, if refused { Consent::Refused } else { Consent::Awaited })?;
            ask(commit, (project, id), Kind::Confirmation, asking, |one| new.contains(&one.address))
        }
    }
}

/// Takes somebody's word.
pub(in crate::storage::sqlite) fn answer(
    commit: &mut Commit<'_>,
    project: &str,
    queue: &str,
    id: SubscriptionId,
    word: Word,
) -> Result<Updated, StoreError> {
    let Some(queue_id) = queues::find(commit.db, project, queue)? else { return Ok(Updated::Absent) };
    if subscriptions::read(commit.db, project, queue, id, commit.now)?.is_none() {
        return Ok(Updated::Absent);
    }
    let Some(who) = who(commit, id, word.by)? else { return Ok(Updated::Absent) };
    let before = before(commit, id)?;
    commit
        .db
        .prepare_cached(
            "UPDATE consent SET given = ?3 WHERE subscription = ?1 AND (?2 = '' OR address = ?2)",
        )?
        .execute(params![id.0, who, word.yes])?;
    if word.yes {
        if !needed(commit, id, false)?.is_empty() {
            return Ok(Updated::Done);
        }
        release(commit, id, true)?;
    } else {
        refuse(commit, project, id, &who, &word)?;
    }
    changed(commit, queue_id, id)?;
    if before.confirmed != word.yes
        && let Some(post) = word.tell.as_ref().and_then(Telling::post)
    {
        intake::tell(commit, post)?;
    }
    Ok(Updated::Done)
}

fn refuse(
    commit: &mut Commit<'_>,
    project: &str,
    id: SubscriptionId,
    who: &str,
    word: &Word,
) -> Result<(), StoreError> {
    let Some(asking) = &word.asking else { return stand(commit, id, false, Consent::Given) };
    stand(commit, id, false, Consent::Refused)?;
    let sealer = commit.sealer;
    let print = |one: &Addressee| sealer.fingerprint(&one.address);
    // Those of a subscription that was never asked for can say yes from now on.
    for one in &asking.of {
        commit
            .db
            .prepare_cached(
                "INSERT OR IGNORE INTO consent (subscription, address, given) VALUES (?1, ?2, ?3)",
            )?
            .execute(params![id.0, print(one), !who.is_empty() && who != print(one)])?;
    }
    let project = targets::ensure_project(commit.db, project)?;
    let told = |one: &Addressee| who.is_empty() || print(one) == *who;
    match ask(commit, (project, id), Kind::Unsubscribe, asking, told) {
        // A no counts whether or not it can be told.
        Err(StoreError::AskedTooOften { .. } | StoreError::Full { .. } | StoreError::NoSpace(_)) => Ok(()),
        other => other,
    }
}

/// Whose word it is: an address, empty for everybody's; `None` for one who was not asked, or is not any more.
fn who(commit: &Commit<'_>, id: SubscriptionId, by: By) -> rusqlite::Result<Option<String>> {
    let By::Asked { expires } = by else { return Ok(Some(String::new())) };
    commit
        .db
        .prepare_cached(
            "SELECT a.address FROM asked a JOIN consent c ON c.subscription = a.subscription AND c.address = a.address
             WHERE a.subscription = ?1 AND a.expires = ?2",
        )?
        .query_row([id.0, expires], |row| row.get(0))
        .optional()
}

fn need(commit: &Commit<'_>, id: SubscriptionId, address: &str, given: bool) -> rusqlite::Result<()> {
    commit
        .db
        .prepare_cached(
            "INSERT OR REPLACE INTO consent (subscription, address, given) VALUES (?1, fingerprint(?2), ?3)",
        )?
        .execute(params![id.0, address, given])
        .map(drop)
}

/// Those who have `given` their yes, or have not.
fn needed(commit: &Commit<'_>, id: SubscriptionId, given: bool) -> rusqlite::Result<Vec<String>> {
    commit
        .db
        .prepare_cached("SELECT address FROM consent WHERE subscription = ?1 AND given = ?2")?
        .query_map(params![id.0, given], |row| row.get(0))?
        .collect()
}

fn stand(
    commit: &Commit<'_>,
    id: SubscriptionId,
    confirmed: bool,
    consent: Consent,
) -> Result<(), StoreError> {
    commit
        .db
        .prepare_cached("UPDATE subscription SET confirmed = ?2, waits = ?3 WHERE id = ?1")?
        .execute(params![id.0, confirmed, consent.code()])?;
    Ok(())
}

/// It waits for nobody, and what was held for it may go.
fn release(commit: &mut Commit<'_>, id: SubscriptionId, confirmed: bool) -> Result<(), StoreError> {
    stand(commit, id, confirmed, Consent::Given)?;
    commit.db.prepare_cached("UPDATE subscription SET waking = 1 WHERE id = ?1")?.execute([id.0])?;
    commit.chores = true;
    Ok(())
}

fn changed(commit: &mut Commit<'_>, queue: QueueId, id: SubscriptionId) -> Result<(), StoreError> {
    commit.published.changed.push(id);
    commit.memory.changed(commit.db, queue, id)
}

/// Writes to those of `asking` who are `wanted`.
fn ask(
    commit: &mut Commit<'_>,
    (project, id): (ProjectId, SubscriptionId),
    kind: Kind,
    asking: &Asking,
    wanted: impl Fn(&Addressee) -> bool,
) -> Result<(), StoreError> {
    let Some(wording) = &asking.wording else { return Ok(()) };
    for one in asking.of.iter().filter(|one| wanted(one)) {
        count(commit, one, asking.period_ms)?;
        let target = match &one.target {
            Some(target) => target.clone(),
            None => itself(commit, id)?,
        };
        let expires = numbered(commit, id, &one.address, asking.ttl)?;
        let question = Question { subscription: id, address: &one.address, expires };
        let Some(draft) = wording.of(question) else { continue };
        let (target_id, lane) = targets::add_frozen(commit, project, id, &target)?;
        commit
            .db
            .prepare_cached(
                "INSERT OR REPLACE INTO asked (subscription, expires, address, target)
                 VALUES (?1, ?2, fingerprint(?3), ?4)",
            )?
            .execute(params![id.0, expires, one.address, target_id.0])?;
        intake::send(commit, project, kind, (target_id, lane, targets::recipients(&target)), draft)?;
    }
    Ok(())
}

/// Until when an answer is taken. Of one subscription that tells who was asked, so two addresses have two.
fn numbered(commit: &Commit<'_>, id: SubscriptionId, address: &str, ttl: i64) -> rusqlite::Result<i64> {
    commit
        .db
        .prepare_cached("DELETE FROM asked WHERE subscription = ?1 AND expires <= ?2")?
        .execute([id.0, commit.now])?;
    let mut expires = commit.now.div_euclid(1000).saturating_add(ttl).saturating_mul(1000);
    let mut other = commit.db.prepare_cached(
        "SELECT 1 FROM asked WHERE subscription = ?1 AND expires = ?2 AND address <> fingerprint(?3)",
    )?;
    // Not the next that is free: of many who were asked within a second, each would look at all before it.
    if other.exists(params![id.0, expires, address])? {
        let last: i64 = commit
            .db
            .prepare_cached("SELECT max(expires) FROM asked WHERE subscription = ?1")?
            .query_row([id.0], |row| row.get(0))?;
        expires = last.saturating_add(1000);
    }
    Ok(expires)
}

/// Counts a question, unless `one` was asked too often.
fn count(commit: &Commit<'_>, one: &Addressee, period_ms: i64) -> Result<(), StoreError> {
    let (since, (most, limit)) = (commit.now.saturating_sub(period_ms), one.most);
    commit
        .db
        .prepare_cached(
            "DELETE FROM asking WHERE rowid IN (SELECT rowid FROM asking WHERE at <= ?1 LIMIT ?2)",
        )?
        .execute(params![since, FORGET])?;
    let (count, oldest): (i64, i64) = commit
        .db
        .prepare_cached(
            "SELECT count(*), coalesce(min(at), 0) FROM asking WHERE address = fingerprint(?1) AND at > ?2",
        )?
        .query_row(params![one.counted, since], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if count.unsigned_abs() >= most {
        let wait = oldest.saturating_add(period_ms).saturating_sub(commit.now).max(1);
        let seconds = u64::try_from(wait).unwrap_or(1).div_ceil(1000);
        return Err(StoreError::AskedTooOften { limit, value: most, seconds });
    }
    commit
        .db
        .prepare_cached("INSERT INTO asking (address, at) VALUES (fingerprint(?1), ?2)")?
        .execute(params![one.counted, commit.now])?;
    Ok(())
}

/// The subscriber as it is, in the shared lane of its destination: in one of its own the question would wait for its
/// answer.
fn itself(commit: &Commit<'_>, id: SubscriptionId) -> Result<NewTarget, StoreError> {
    let [uri, addresses, options] =
        ["uri", "addresses", "options"].map(|column| targets::opened("t", column));
    let mut newest = commit.db.prepare_cached(&format!(
        "SELECT t.driver, l.destination, {uri}, t.redacted, {addresses}, {options}
         FROM subscription s JOIN target t ON t.id = s.target JOIN lane l ON l.id = t.lane WHERE s.id = ?1"
    ))?;
    let mut rows = newest.query_and_then([id.0], |row| {
        let text = |column: usize| row.get::<_, String>(column);
        Ok::<_, StoreError>(NewTarget {
            driver: text(0)?,
            destination: text(1)?,
            lane_key: String::new(),
            rules: nuncio_core::LaneRules::default(),
            uri: text(2)?,
            redacted: text(3)?,
            addresses: json::read("addresses", &text(4)?)?,
            options: json::read("options", &text(5)?)?,
        })
    })?;
    rows.next().unwrap_or_else(|| Err(StoreError::Corrupt(format!("subscription {id} has no target"))))
}
