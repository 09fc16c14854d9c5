//! One step of a world in which anything may happen next.

use nuncio_core::{
    DeliveryKey, LaneId,
    engine::{Event, GateId, Ticket},
};

use crate::{
    drivers::{DEADLINE_MS, Mood},
    options::{Faults, rules},
    store::Message,
    world::{World, Write},
};

/// A commit of which nobody knows whether it is on the disk. The host ends soon.
#[derive(Clone, Copy)]
pub(crate) struct Doubt {
    /// How many of the writes are in it.
    writes: usize,
    /// After how many looks of the writer.
    steps: u64,
}

impl World {
    /// Lets one thing happen.
    pub(crate) fn step(&mut self) -> Result<(), String> {
        let faults = self.options.faults.clone();
        if self.rng.chance(faults.crash) || self.doubt.is_some_and(|doubt| doubt.steps == 0) {
            return self.crash();
        }
        if self.rng.chance(faults.drain) && self.doubt.is_none() {
            return self.drain();
        }
        if self.rng.chance(faults.clock_jumps_back) {
            let most = if self.rng.chance(100) { 7_200_000 } else { 5_000 };
            self.clock.set_back(self.rng.below(most) as i64);
        }
        match self.rng.below(100) {
            0..=11 => self.post(),
            12..=35 => self.finish_one(),
            36..=51 => self.write(&faults),
            52..=69 => self.hear(),
            70..=83 => self.read_on(faults.read_fails),
            84..=93 => self.wait(),
            94..=95 => self.change_mood(),
            96 => self.hold_or_release(),
            97 if self.rng.chance(200) => self.change_rules(),
            97 => self.cancel(),
            98 if self.rng.chance(300) => self.retire(),
            98 => self.requeue(),
            _ => self.tell(Event::Tick),
        }
    }

    fn post(&mut self) -> Result<(), String> {
        if self.writes.len() > 20 {
            return Ok(());
        }
        let count = if self.rng.chance(500) { 1 } else { self.rng.range(1, self.options.posts) };
        let later = |world: &mut Self, chance, most| {
            if world.rng.chance(chance) { world.now() + world.rng.range(1, most) as i64 } else { 0 }
        };
        let (at, until) = (later(self, 50, 20_000), later(self, 50, 90_000));
        let mut matched = Vec::new();
        for target in self.options.targets.clone() {
            if self.rng.chance(350) {
                matched.push(target.id);
            }
        }
        let bytes = self.rng.range(1, 2_000) as u32;
        let message = Message { post: 0, created: 0, at, until, bytes, key: 0, matched };
        let keyed = |key: u64| Message { key: key as u8, ..message.clone() };
        let messages = (0..count).map(|_| keyed(self.rng.below(3))).collect();
        self.writes.push_back(Write::Post(messages));
        Ok(())
    }

    fn finish_one(&mut self) -> Result<(), String> {
        let tickets: Vec<Ticket> = self.flights.keys().copied().collect();
        if tickets.is_empty() {
            return Ok(());
        }
        let ticket = *self.rng.pick(&tickets);
        let flight = &self.flights[&ticket];
        let hangs = self.moods[flight.job.target.0 as usize - 1] == Mood::Hanging;
        if hangs && self.now() < flight.at + DEADLINE_MS { Ok(()) } else { self.finish(ticket) }
    }

    /// The host ends. What was on its way to the disk is there up to some commit; nobody was told of it.
    pub(crate) fn crash(&mut self) -> Result<(), String> {
        let commits = match self.doubt.take() {
            Some(doubt) if self.rng.chance(500) => vec![doubt.writes],
            Some(_) => vec![],
            None => (0..self.rng.below(4)).map(|_| self.rng.range(1, 4) as usize).collect(),
        };
        for count in commits {
            self.commit(count, false)?;
        }
        self.start()
    }

    fn write(&mut self, faults: &Faults) -> Result<(), String> {
        if let Some(doubt) = &mut self.doubt {
            doubt.steps -= 1;
            return Ok(());
        }
        if self.writes.is_empty() {
            return Ok(());
        }
        let writes = self.rng.range(1, 4) as usize;
        if self.rng.chance(faults.commit_fails) {
            if self.rng.chance(faults.disk_fails) {
                self.doubt = Some(Doubt { writes, steps: self.rng.range(1, 6) });
            }
            // What the engine hears is in order with what it hears of its batches.
            self.mail.push_back(Event::StoreFailed);
            return Ok(());
        }
        let fails = self.rng.chance(faults.batch_fails);
        self.commit(writes, fails)
    }

    fn hear(&mut self) -> Result<(), String> {
        let Some(event) = self.next_mail() else { return Ok(()) };
        self.tell(event)
    }

    fn read_on(&mut self, fails: u64) -> Result<(), String> {
        if self.read.is_some() && self.rng.chance(fails) {
            self.read = None;
            return self.tell(Event::ReadFailed);
        }
        self.go_on_reading()
    }

    fn wait(&mut self) -> Result<(), String> {
        let ms = match self.rng.below(20) {
            0..=11 => self.rng.below(50),
            12..=16 => self.rng.below(2_000),
            17..=18 => self.rng.below(40_000),
            _ if self.rng.chance(100) => self.rng.below(7_200_000),
            _ => self.rng.below(200_000),
        };
        self.clock.pass(ms as i64);
        match self.wake {
            Some(at) if at <= self.now() => self.tell(Event::Tick),
            _ => Ok(()),
        }
    }

    fn change_mood(&mut self) -> Result<(), String> {
        let at = self.rng.below(self.moods.len() as u64) as usize;
        let mood = if self.rng.chance(400) { Mood::Good } else { *self.rng.pick(&Mood::ALL) };
        // One destination is down for all, or one target is.
        let lane = self.options.targets[at].lane;
        let all = self.rng.chance(500);
        for (mine, target) in self.moods.iter_mut().zip(&self.options.targets) {
            if target.id.0 as usize == at + 1 || (all && target.lane == lane) {
                *mine = mood;
            }
        }
        self.say(|| format!("target {} is {mood:?}, all of its lane: {all}", at + 1));
        Ok(())
    }

    fn hold_or_release(&mut self) -> Result<(), String> {
        let gate = GateId(self.rng.range(1, self.options.gates.len() as u64) as u32);
        if self.closed.contains(&gate) || self.is_news_of(gate) {
            return Ok(());
        }
        if !self.held.remove(&gate) && self.rng.chance(500) {
            self.held.insert(gate);
        }
        self.rule_gate(gate)
    }

    /// A subscription is changed: its options, and at times its destination.
    fn change_rules(&mut self) -> Result<(), String> {
        let at = self.rng.below(self.options.lanes.len() as u64) as usize;
        let same = LaneId(at as i64 + 1);
        let told = |event: &Event| matches!(event, Event::LaneRules { lane, .. } if *lane == same);
        if self.retired.contains(&same) || self.news.iter().any(told) {
            return Ok(());
        }
        let before = std::mem::replace(&mut self.options.rules[at], rules(&mut self.rng));
        if before.ordered != self.options.rules[at].ordered {
            self.safety.orders.begins_anew(same);
        }
        if self.rng.chance(300) {
            let gate = GateId(self.rng.range(1, self.options.gates.len() as u64) as u32);
            if !self.closed.contains(&gate) && !self.is_news_of(gate) {
                self.options.lanes[at].1 = gate;
            }
        }
        self.rule_lane(at)
    }

    /// Whether the engine has yet to hear of a gate.
    fn is_news_of(&self, one: GateId) -> bool {
        self.news.iter().any(|event| match event {
            Event::GateRules { gate, .. } | Event::GateGone { gate } => *gate == one,
            _ => false,
        })
    }

    /// Retention removes a lane in which nothing waits.
    fn retire(&mut self) -> Result<(), String> {
        for lane in (1..=self.options.lanes.len() as i64).map(LaneId) {
            if self.rng.chance(500) && !self.store.uses(lane, &self.options) && self.retired.insert(lane) {
                self.news.push_back(Event::LaneGone { lane });
            }
        }
        for gate in (1..=self.options.gates.len() as u32).map(GateId) {
            let lanes = (1..).map(LaneId).zip(&self.options.lanes);
            let mut leading = lanes.filter(|(lane, (_, to))| *to == gate && !self.retired.contains(lane));
            if leading.next().is_none() && self.closed.insert(gate) {
                self.news.push_back(Event::GateGone { gate });
            }
        }
        Ok(())
    }

    fn some_key(&mut self) -> Option<DeliveryKey> {
        let keys: Vec<_> = self.safety.keys().collect();
        if keys.is_empty() {
            return None;
        }
        // Mostly of the last ones: the others are over.
        let last = keys.len() - 1 - self.rng.below(keys.len().min(60) as u64) as usize;
        Some(keys[last])
    }

    fn cancel(&mut self) -> Result<(), String> {
        let Some(key) = self.some_key() else { return Ok(()) };
        self.tell(Event::Cancel { keys: vec![key] })
    }

    fn requeue(&mut self) -> Result<(), String> {
        let any = self.some_key().filter(|_| self.rng.chance(500));
        if let Some(key) = any.or(self.store.dead.last().copied()) {
            self.writes.push_back(Write::Requeue(key));
        }
        Ok(())
    }

    /// A graceful stop, and a start.
    fn drain(&mut self) -> Result<(), String> {
        self.prompt = true;
        self.tell(Event::Drain)?;
        while let Some(ticket) = self.flights.keys().next().copied() {
            self.finish(ticket)?;
        }
        for _ in 0..1_000 {
            self.commit(usize::MAX, false)?;
            while let Some(event) = self.next_mail() {
                self.tell(event)?;
            }
        }
        if !self.engine.idle() {
            return Err("a drained engine is not idle".to_owned());
        }
        self.start()
    }
}
