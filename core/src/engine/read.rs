//! Reading back: the backlog by its cursor, and the rows of lanes when they are due. One read at a time.

use std::sync::Arc;

use super::{event::Action, machine::Engine, rows::Reading};
use crate::{Deferred, DeliveryKey, LaneId, MessageId, retry::Policy};

/// How long a read that failed is let alone, milliseconds.
pub(super) const READ_AGAIN_MS: i64 = 1_000;

/// The read that is under way.
#[derive(Debug)]
pub(super) enum Read {
    /// Of the backlog.
    Scan,
    /// Of a lane.
    Load(LaneId, Reading),
}

impl Engine {
    /// Asks for the next read, if one is wanted and there is room for what it brings.
    pub(super) fn read(&mut self, now: i64, actions: &mut Vec<Action>) {
        if self.reading.is_some() || now < self.read_again || !self.hot.has_room(&self.limits) {
            return;
        }
        let (cursor, lane) = (self.backlog.cursor(), self.timers.reads.due(now));
        match (cursor, lane) {
            (None, None) => return,
            (Some(cursor), lane) if lane.is_none() || !self.scanned_last => {
                let free = (self.limits.hot_deliveries as usize).saturating_sub(self.hot.len());
                let max = self.limits.page.min(u32::try_from(free).unwrap_or(u32::MAX)).max(1);
                self.scanned_last = true;
                self.reading = Some(Read::Scan);
                actions.push(Action::Scan { cursor, max });
            }
            (_, lane) => {
                self.scanned_last = false;
                let Some(id) = lane else { return };
                self.load(now, id, actions);
            }
        }
        if self.reading.is_some() {
            self.hot.read_begins();
        }
    }

    fn load(&mut self, now: i64, id: LaneId, actions: &mut Vec<Action>) {
        let Some(lane) = self.lanes.get_mut(&id) else { return };
        let handed = self.backlog.handed();
        let (probe, until) = (lane.wants_probe(now, handed), lane.until(now, handed));
        let Some(reading) = lane.rows.begin(probe) else { return };
        self.reading = Some(Read::Load(id, reading));
        let from = before(reading.place);
        actions.push(Action::Load { lane: id, from, until, max: self.limits.page.max(1) });
        self.touch(id);
    }

    /// The answer to a read was taken, or there is none.
    pub(super) fn read_ended(&mut self) -> Option<Read> {
        self.hot.read_ends();
        self.reading.take()
    }

    /// The same is asked again later.
    pub(super) fn read_failed(&mut self, now: i64) {
        self.read_again = now + READ_AGAIN_MS;
        if let Some(Read::Load(id, reading)) = self.read_ended() {
            if let Some(lane) = self.lanes.get_mut(&id) {
                lane.rows.give_up(&reading);
            }
            self.touch(id);
        }
    }

    /// A page of a lane's rows is there.
    pub(super) fn loaded(
        &mut self,
        now: i64,
        id: LaneId,
        rows: Vec<(Deferred, Arc<Policy>)>,
        next_due: Option<i64>,
    ) {
        let Some(Read::Load(_, reading)) =
            self.reading.take_if(|read| matches!(read, Read::Load(of, _) if *of == id))
        else {
            return;
        };
        let held = self.lanes.get(&id).is_none_or(|lane| self.is_held(lane));
        let Some(lane) = self.lanes.get_mut(&id) else { return };
        if !lane.rows.end() || held {
            lane.rows.give_up(&reading);
        } else {
            let last = rows.last().map(|(row, _)| (row.due, row.key));
            if let Some(due) = next_due {
                let rest = (due, DeliveryKey::new(MessageId::NONE, 0));
                lane.rows.rest(last.map_or(rest, |last| rest.max(after(last))), &reading);
            }
            self.take_rows(now, id, rows, &reading);
        }
        self.hot.read_ends();
        self.touch(id);
    }
}

/// The first place after `place`.
fn after((due, key): (i64, DeliveryKey)) -> (i64, DeliveryKey) {
    (due, DeliveryKey::new(key.message, key.idx.saturating_add(1)))
}

/// The last place before `place`.
fn before((due, key): (i64, DeliveryKey)) -> (i64, DeliveryKey) {
    match (key.idx.checked_sub(1), key.message.0.checked_sub(1)) {
        (Some(idx), _) => (due, DeliveryKey::new(key.message, idx)),
        (None, Some(message)) => (due, DeliveryKey::new(MessageId(message), u32::MAX)),
        (None, None) => (due.saturating_sub(1), DeliveryKey::new(MessageId(i64::MAX), u32::MAX)),
    }
}
