//! What must come about once nothing fails any more: every delivery ends, within bounded time.

use nuncio_core::{
    EPOCH_MS, Why,
    engine::{Event, GateId},
};

use crate::{
    drivers::Mood,
    world::{World, Write},
};

/// The longest own schedule takes about four days; held windows begin anew.
const PATIENCE_MS: i64 = 14 * 24 * 3_600_000;
const ROUNDS: usize = 100_000;

impl World {
    /// Ends all faults and waits until everything is settled.
    pub(crate) fn heal(&mut self) -> Result<(), String> {
        self.say(|| "--- heal".to_owned());
        if self.doubt.is_some() {
            self.crash()?;
        }
        self.prompt = true;
        self.moods.fill(Mood::Good);
        self.held.clear();
        for gate in 1..=self.options.gates.len() as u32 {
            self.rule_gate(GateId(gate))?;
        }
        let end = self.now() + PATIENCE_MS;
        for _ in 0..ROUNDS {
            self.lift_what_stopped();
            if !self.round()? {
                let Some(wake) = self.wake.take().filter(|at| *at <= end) else { break };
                self.clock.pass(wake.saturating_sub(self.now()).max(0));
                self.tell(Event::Tick)?;
            }
        }
        self.everything_is_settled()
    }

    /// The owner tries again what stopped its sequence.
    fn lift_what_stopped(&mut self) {
        let stopped = self.store.rows.values().filter(|row| row.why == Why::Stopped);
        let keys: Vec<_> = stopped.map(|row| row.key).collect();
        self.writes.extend(keys.into_iter().map(Write::Requeue));
    }

    /// Lets everything happen that is under way. Says whether anything was.
    fn round(&mut self) -> Result<bool, String> {
        let busy = !self.flights.is_empty()
            || !self.writes.is_empty()
            || !self.mail.is_empty()
            || !self.news.is_empty()
            || self.read.is_some();
        while let Some(ticket) = self.flights.keys().next().copied() {
            self.clock.pass(1);
            self.finish(ticket)?;
        }
        self.commit(usize::MAX, false)?;
        while let Some(event) = self.next_mail() {
            self.tell(event)?;
        }
        self.go_on_reading()?;
        Ok(busy)
    }

    fn everything_is_settled(&self) -> Result<(), String> {
        let open: Vec<_> = self.safety.keys().filter(|key| !self.store.is_over(*key)).collect();
        if let Some(key) = open.first() {
            let row = self.store.rows.get(key);
            let at = self.now() - EPOCH_MS - 1_000_000;
            return Err(format!(
                "{} deliveries never end; the first is {key:?} with {row:?} at {at}",
                open.len()
            ));
        }
        if !self.engine.idle() || self.engine.hot() != 0 {
            return Err(format!("{} deliveries stay in memory", self.engine.hot()));
        }
        let low = self.store.low;
        match self.store.bare.first() {
            Some(key) => Err(format!("{key:?} has no record at {low:?}")),
            None => Ok(()),
        }
    }
}
