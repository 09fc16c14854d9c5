//! How much may be under way at once and in a time: of all, through a gate, in a lane.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use nuncio_core::{
    LaneId, Outcome, Rate, Scope,
    engine::{End, GateId, Job, Ticket},
};

use crate::{clock::Clock, options::Options};

/// What the engine's caps are checked against.
pub(crate) struct Bounds<'a> {
    pub(crate) clock: &'a Clock,
    pub(crate) world: &'a Options,
    /// Held gates.
    pub(crate) held: &'a BTreeSet<GateId>,
}

#[derive(Debug)]
pub(crate) struct Flight {
    pub(crate) job: Job,
    gate: GateId,
}

/// Notices in flight, and what is known of the lanes they are in. All times are those that really pass.
#[derive(Default)]
pub(crate) struct Caps {
    flights: BTreeMap<Ticket, Flight>,
    timed_out: BTreeSet<LaneId>,
    /// Paused lanes, with the flights begun since.
    paused: BTreeMap<LaneId, BTreeSet<Ticket>>,
    /// When the last attempts of a lane began.
    began: BTreeMap<LaneId, VecDeque<i64>>,
    /// When the last attempts through a gate began.
    passed: BTreeMap<GateId, VecDeque<i64>>,
    /// Lanes whose destination asked to be left alone, and until when.
    rests: BTreeMap<LaneId, i64>,
}

impl Caps {
    pub(crate) fn dispatched(&mut self, ticket: Ticket, job: &Job, at: &Bounds<'_>) -> Result<(), String> {
        let (_, gate) = at.world.lanes[job.lane.0 as usize - 1];
        self.flights.insert(ticket, Flight { job: job.clone(), gate });
        if at.held.contains(&gate) {
            return Err(format!("{job:?} passes a held gate"));
        }
        self.slots_are_kept(job, gate, at.world)?;
        let rate = at.world.gate(gate).1;
        rate_is_kept(self.passed.entry(gate).or_default(), rate, at.clock.elapsed)?;
        self.lane_is_kept(job.lane, at)?;
        match self.paused.get_mut(&job.lane) {
            Some(since) if !job.policy.keeps_times() => {
                since.insert(ticket);
                within(since.len(), 1, "probes of one lane")
            }
            _ => Ok(()),
        }
    }

    fn slots_are_kept(&self, job: &Job, gate: GateId, world: &Options) -> Result<(), String> {
        let limits = &world.limits;
        within(self.flights.len(), limits.max_in_flight, "notices in flight")?;
        let through = self.flights.values().filter(|flight| flight.gate == gate).count();
        within(through, world.gate(gate).0, "notices through one gate")?;
        if !self.timed_out.contains(&job.lane) {
            return Ok(());
        }
        let slow = self.flights.values().filter(|flight| self.timed_out.contains(&flight.job.lane)).count();
        within(slow, (limits.max_in_flight / 4).max(1), "notices of lanes that timed out")
    }

    fn lane_is_kept(&mut self, lane: LaneId, at: &Bounds<'_>) -> Result<(), String> {
        let (rules, now) = (at.world.rules(lane), at.clock.elapsed);
        if let Some(most) = rules.max_in_flight {
            let own = self.flights.values().filter(|flight| flight.job.lane == lane).count();
            within(own, most.get(), "notices of one lane in flight")?;
        }
        rate_is_kept(self.began.entry(lane).or_default(), rules.rate, now)?;
        match self.rests.get(&lane) {
            Some(until) if now < *until => {
                Err(format!("{lane:?} is not left alone until {until}: it is {now}"))
            }
            _ => Ok(()),
        }
    }

    /// The flight that is over.
    pub(crate) fn finished(
        &mut self,
        ticket: Ticket,
        ends: &[(u32, End)],
        timed_out: bool,
        now: i64,
        world: &Options,
    ) -> Option<Flight> {
        let flight = self.flights.remove(&ticket)?;
        let lane = flight.job.lane;
        self.paused.values_mut().for_each(|probes| {
            probes.remove(&ticket);
        });
        if timed_out {
            self.timed_out.insert(lane);
        } else {
            self.timed_out.remove(&lane);
        }
        if let Some(wait) = asked(ends).filter(|_| !flight.job.policy.keeps_times()) {
            let until = self.rests.entry(lane).or_default();
            *until = (*until).max(now + wait.min(world.limits.probe_max_ms));
        }
        Some(flight)
    }

    pub(crate) fn paused(&mut self, lane: LaneId) {
        self.paused.entry(lane).or_default();
    }

    pub(crate) fn resumed(&mut self, lane: LaneId) {
        self.paused.remove(&lane);
    }

    /// Nothing is known of a lane that is no more.
    pub(crate) fn forgotten(&mut self, lane: LaneId) {
        self.paused.remove(&lane);
        self.rests.remove(&lane);
        self.timed_out.remove(&lane);
        self.began.remove(&lane);
    }

    /// Nothing is known of a gate that nothing leads to.
    pub(crate) fn gate_gone(&mut self, gate: GateId) {
        self.passed.remove(&gate);
    }

    /// A new rate counts from now on.
    pub(crate) fn ruled(&mut self, lane: LaneId) {
        self.began.remove(&lane);
    }
}

/// For how long the destination wants to be left alone, if nobody was reached.
fn asked(ends: &[(u32, End)]) -> Option<i64> {
    let reports =
        || ends.iter().filter_map(|(_, end)| if let End::Report(report) = end { Some(report) } else { None });
    if reports().any(|report| report.outcome == Outcome::Delivered) {
        return None;
    }
    let first = reports().find(|report| report.scope == Scope::Destination)?;
    first.retry_after.map(|wait| wait.as_millis() as i64)
}

/// One more attempt begins `now` beside the last ones that `began`.
fn rate_is_kept(began: &mut VecDeque<i64>, rate: Option<Rate>, now: i64) -> Result<(), String> {
    let Some((most, ms)) = rate.map(Rate::window) else { return Ok(()) };
    began.push_back(now);
    while began.pop_front_if(|at| *at + ms <= now).is_some() {}
    within(began.len(), most, "attempts within the span of a rate")
}

fn within(count: usize, most: u32, what: &str) -> Result<(), String> {
    if count <= most as usize { Ok(()) } else { Err(format!("{count} {what}, more than {most}")) }
}
