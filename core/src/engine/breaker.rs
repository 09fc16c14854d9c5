//! The circuit breaker of a lane, and the pause of a lane whose account fails.

use super::event::Limits;
use crate::retry::Policy;

/// The first wait of a lane that this host itself cannot serve, milliseconds: asking it again costs nobody anything.
const HELD_MS: i64 = 1_000;

/// Counts failures of the destination, and knows when a paused lane is tried again.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    failures: u32,
    first: i64,
    open: Option<Pause>,
}

/// Why and until when a lane is paused.
#[derive(Debug)]
pub(super) struct Pause {
    /// Since when it is down, Unix milliseconds.
    pub(super) since: i64,
    /// What was said last.
    pub(super) reason: String,
    /// The account fails, not the destination: nothing goes, and no window runs.
    pub(super) account: bool,
    /// Not to be tried again before.
    pub(super) probe: i64,
    /// A probe was chosen and is not over.
    pub(super) probing: bool,
    wait: i64,
    /// Nobody outside was asked: it is this host that cannot serve the lane.
    local: bool,
}

impl Breaker {
    /// The pause, if the lane is paused.
    pub(super) fn pause(&self) -> Option<&Pause> {
        self.open.as_ref()
    }

    /// The pause, to be changed.
    pub(super) fn pause_mut(&mut self) -> Option<&mut Pause> {
        self.open.as_mut()
    }

    /// Whether jobs under `policy` stay out of memory.
    pub(super) fn blocks(&self, policy: &Policy) -> bool {
        self.open.as_ref().is_some_and(|pause| pause.account || !policy.keeps_times())
    }

    /// The destination failed. Says whether that opened the breaker.
    pub(super) fn failed(&mut self, now: i64, reason: &str, limits: &Limits) -> bool {
        if self.failures == 0 {
            self.first = now;
        }
        self.failures = self.failures.saturating_add(1);
        let spanned = now - self.first >= limits.breaker_span_ms;
        if self.open.is_some() || self.failures < limits.breaker_failures || !spanned {
            return false;
        }
        self.pause_from(self.first, now, reason, false, limits.probe_min_ms);
        true
    }

    /// The account was refused. Says whether that paused the lane. The first probe comes after `wait` milliseconds, if
    /// the driver named a time that lies within the usual ones.
    pub(super) fn refused(&mut self, now: i64, reason: &str, wait: Option<i64>, limits: &Limits) -> bool {
        if let Some(pause) = &mut self.open {
            reason.clone_into(&mut pause.reason);
            return !std::mem::replace(&mut pause.account, true);
        }
        let wait = wait.map_or(limits.probe_min_ms, |wait| wait.clamp(1, limits.probe_max_ms));
        self.pause_from(now, now, reason, true, wait);
        true
    }

    /// This host cannot serve the lane now. Says whether that paused it. It is tried again soon, then ever later, up to
    /// the first wait of a lane whose destination fails.
    pub(super) fn held(&mut self, now: i64, reason: &str, probe: bool, limits: &Limits) -> bool {
        let soon = HELD_MS.min(limits.probe_min_ms);
        let Some(pause) = &mut self.open else {
            self.pause_from(now, now, reason, true, soon).local = true;
            return true;
        };
        if probe {
            let wait = if pause.local { pause.wait * 2 } else { soon };
            pause.failed(now, reason, wait.min(limits.probe_min_ms));
            pause.local = true;
        }
        self.refused(now, reason, None, limits)
    }

    /// The destination works. Says whether that ended a pause.
    pub(super) fn worked(&mut self) -> bool {
        self.failures = 0;
        self.open.take().is_some()
    }

    /// A probe failed: the next one waits twice as long.
    pub(super) fn probe_failed(&mut self, now: i64, reason: &str, limits: &Limits) {
        if let Some(pause) = &mut self.open {
            let local = std::mem::take(&mut pause.local);
            let wait = if local { limits.probe_min_ms } else { pause.wait * 2 };
            pause.failed(now, reason, wait.min(limits.probe_max_ms));
        }
    }

    /// Nothing may be a probe before `at`: it is looked for then, or after the usual wait.
    pub(super) fn probe_later(&mut self, now: i64, at: i64) {
        if let Some(pause) = self.open.as_mut().filter(|pause| !pause.probing) {
            pause.probe = pause.probe.max(at.clamp(now + 1, now + pause.wait.max(1)));
        }
    }

    /// A probe ended without being attempted: the next one need not wait.
    pub(super) fn probe_lost(&mut self) {
        if let Some(pause) = &mut self.open {
            pause.probing = false;
        }
    }

    /// The clock was set back to `now`.
    pub(super) fn follow_clock(&mut self, now: i64) {
        self.first = self.first.min(now);
        if let Some(pause) = &mut self.open {
            pause.probe = pause.probe.min(now + pause.wait);
        }
    }

    fn pause_from(&mut self, since: i64, now: i64, reason: &str, account: bool, wait: i64) -> &mut Pause {
        let reason = reason.to_owned();
        let probe = now + wait;
        self.open.insert(Pause { since, reason, account, probe, probing: false, wait, local: false })
    }
}

impl Pause {
    fn failed(&mut self, now: i64, reason: &str, wait: i64) {
        (self.wait, self.probe, self.probing) = (wait, now + wait, false);
        reason.clone_into(&mut self.reason);
    }
}
