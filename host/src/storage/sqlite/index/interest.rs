//! The live subscriptions of one queue.

use nuncio_core::{LaneId, Matched, SubscriptionId, TargetId};

use super::{
    distinct::{Distinct, FilterNumber, Passed},
    recent::Weight,
    wanted::{Seen, Wanted},
};
use crate::storage::StoreError;

/// How many lists are kept for messages to come.
const MOST_LISTS: usize = 16;
/// What lists of a queue with few subscriptions may take, bytes.
const PAGE: usize = 4096;

/// A live subscription as the catalog has it.
#[derive(Clone, Debug)]
pub(in crate::storage::sqlite) struct Active {
    /// Its id.
    pub(in crate::storage::sqlite) id: SubscriptionId,
    /// Its newest target.
    pub(in crate::storage::sqlite) target: TargetId,
    /// The lane of that.
    pub(in crate::storage::sqlite) lane: LaneId,
    /// The recipients of that.
    pub(in crate::storage::sqlite) recipients: u32,
    /// Unix milliseconds, 0 for never.
    pub(in crate::storage::sqlite) expires: i64,
    /// The filter as it is stored; empty for none.
    pub(in crate::storage::sqlite) filter: String,
    /// Whether it matches nothing: it waits for a yes, or is disabled. Its filter counts, since it may wake at any time.
    pub(in crate::storage::sqlite) asleep: bool,
}

/// A live subscription as matching sees it.
#[derive(Clone, Copy, Debug)]
struct Entry {
    id: SubscriptionId,
    target: TargetId,
    lane: LaneId,
    expires: i64,
    recipients: u32,
    filter: FilterNumber,
    asleep: bool,
}

/// The live subscriptions of a queue in order of their ids. Some may have expired.
#[derive(Debug)]
pub(in crate::storage::sqlite) struct Interest {
    entries: Vec<Entry>,
    filters: Distinct,
    /// When the first one expires; before that nobody is asked.
    soonest: i64,
    /// What messages matched that passed these filters, the last one used at the end.
    lists: Vec<(Passed, Wanted)>,
    list_bytes: usize,
}

impl Default for Interest {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
            filters: Distinct::default(),
            soonest: i64::MAX,
            lists: Vec::new(),
            list_bytes: 0,
        }
    }
}

impl Interest {
    /// Puts a subscription where its id belongs, in place of what stood there.
    pub(in crate::storage::sqlite) fn put(&mut self, active: Active) -> Result<(), StoreError> {
        self.remove(active.id);
        let entry = Entry {
            id: active.id,
            target: active.target,
            lane: active.lane,
            expires: active.expires,
            recipients: active.recipients,
            filter: self.filters.add(&active.filter)?,
            asleep: active.asleep,
        };
        let place = self.entries.partition_point(|one| one.id < entry.id);
        self.entries.insert(place, entry);
        if entry.expires != 0 {
            self.soonest = self.soonest.min(entry.expires);
        }
        Ok(())
    }

    /// Gives back room that was taken in advance.
    pub(in crate::storage::sqlite) fn trim(&mut self) {
        self.entries.shrink_to_fit();
    }

    /// Takes a subscription out, if it is there.
    pub(in crate::storage::sqlite) fn remove(&mut self, id: SubscriptionId) {
        self.lists.clear();
        self.list_bytes = 0;
        let Ok(place) = self.entries.binary_search_by_key(&id, |one| one.id) else { return };
        let gone = self.entries.remove(place);
        self.filters.remove(gone.filter);
        if gone.expires == self.soonest {
            let expires = self.entries.iter().map(|one| one.expires).filter(|expires| *expires != 0);
            self.soonest = expires.min().unwrap_or(i64::MAX);
        }
    }

    /// Whether there would be more than `most` different filters if `of`, which may be new, had `filter`. More than
    /// that may be there already: what adds none is not too much.
    pub(in crate::storage::sqlite) fn would_exceed(
        &self,
        of: SubscriptionId,
        filter: &str,
        most: usize,
    ) -> bool {
        if self.filters.has(filter) || self.filters.len() < most {
            return false;
        }
        let place = self.entries.binary_search_by_key(&of, |one| one.id);
        let gives_one_up = place.is_ok_and(|place| {
            self.entries.get(place).is_some_and(|one| self.filters.has_one_use(one.filter))
        });
        !gives_one_up
    }

    /// Who wants a message.
    pub(in crate::storage::sqlite) fn wanted(
        &mut self,
        seen: &Seen<'_>,
        now: i64,
    ) -> Result<Wanted, StoreError> {
        let passed = self.filters.passed(seen);
        // What some have outlived is not the same for every message.
        if now >= self.soonest {
            return self.list(&passed, |one| one.expires == 0 || one.expires > now);
        }
        if let Some(place) = self.lists.iter().rposition(|(known, _)| *known == passed) {
            let known = self.lists.remove(place);
            let wanted = known.1.clone();
            self.lists.push(known);
            return Ok(wanted);
        }
        let wanted = self.list(&passed, |_| true)?;
        self.keep(passed, wanted.clone());
        Ok(wanted)
    }

    fn list(&self, passed: &Passed, lives: impl Fn(&Entry) -> bool) -> Result<Wanted, StoreError> {
        let wanted = self.entries.iter().filter(|one| !one.asleep && passed.passes(one.filter) && lives(one));
        Wanted::new(wanted.map(|one| (Matched { target: one.target, addresses: one.recipients }, one.lane)))
    }

    /// Lists may take as much memory as the subscriptions, or a page where those are few.
    fn keep(&mut self, passed: Passed, wanted: Wanted) {
        let most = self.entry_bytes().max(PAGE);
        self.list_bytes += wanted.bytes();
        self.lists.push((passed, wanted));
        while self.lists.len() > 1 && (self.lists.len() > MOST_LISTS || self.list_bytes > most) {
            let (_, oldest) = self.lists.remove(0);
            self.list_bytes -= oldest.bytes();
        }
    }

    fn entry_bytes(&self) -> usize {
        self.entries.capacity() * size_of::<Entry>()
    }
}

impl Weight for Interest {
    fn weight(&self) -> usize {
        self.entry_bytes() + self.filters.bytes() + self.list_bytes
    }
}
