//! Tells what happens while it happens.

use axum::http::Method;
use nuncio_core::{Clock as _, Outcome};
use serde_json::{Value, json};

use crate::{
    cli::{
        output::{Output, Tone},
        table::shown,
    },
    clock::System,
    delivery::Observed,
};

/// Prints requests and attempts, with the time since the beginning.
#[derive(Debug)]
pub(super) struct Narrator {
    pub(super) output: Output,
    began_ms: i64,
    width: usize,
}

impl Narrator {
    /// Begins now; `width` is that of the longest URI.
    pub(super) fn new(output: Output, width: usize) -> Self {
        Self { output, began_ms: System.now_ms(), width }
    }

    /// For people alone.
    pub(super) fn say(&self, text: impl AsRef<str>) {
        if !self.output.json {
            self.output.line(text);
        }
    }

    /// For people a heading, for programs nothing.
    pub(super) fn heading(&self, text: &str) {
        self.say(format!("\n{}", self.output.toned(Tone::Strong, text)));
    }

    /// For programs alone.
    pub(super) fn event(&self, event: &str, value: Value) {
        self.event_at(System.now_ms(), event, value);
    }

    fn event_at(&self, now_ms: i64, event: &str, mut value: Value) {
        if self.output.json {
            value["event"] = event.into();
            value["ms"] = (now_ms - self.began_ms).into();
            self.output.value(&value, true);
        }
    }

    /// One request to the host.
    pub(super) fn request(&self, method: &Method, path: &str, status: u16, what: &str) {
        let line = format!("  {:<4}  {path:<29}  {status}  {what}", method.as_str());
        self.say(line.trim_end());
        self.event(
            "request",
            json!({"method": method.as_str(), "path": path, "status": status, "what": what}),
        );
    }

    /// The heading over attempts.
    pub(super) fn columns(&self) {
        let width = self.width;
        let line = format!("  {:>7}  {:<6}  {:<width$}  TRY  OUTCOME", "SECONDS", "DRIVER", "SUBSCRIBER");
        self.say(self.output.toned(Tone::Quiet, &line));
    }

    /// One finished attempt, at the time when it ended: it may be told later.
    pub(super) fn attempt(&self, one: &Observed) {
        let (tone, outcome) = match one.outcome {
            Outcome::Delivered => (Tone::Good, "delivered"),
            Outcome::Deferred => (Tone::Later, "deferred"),
            Outcome::Rejected => (Tone::Bad, "rejected"),
            Outcome::Gone => (Tone::Bad, "gone"),
        };
        let seconds = (one.ended_ms - self.began_ms) as f64 / 1000.0;
        let (uri, width) = (shown(&one.uri), self.width);
        let why = if one.outcome == Outcome::Delivered {
            String::new()
        } else {
            format!(": {}", shown(&one.reason))
        };
        self.say(format!(
            "  {seconds:>7.3}  {:<6}  {uri:<width$}  {:>3}  {}{why}",
            one.driver,
            one.attempt,
            self.output.toned(tone, outcome)
        ));
        self.event_at(
            one.ended_ms,
            "attempt",
            json!({
                "id": one.id, "queue": one.queue, "driver": one.driver, "to": one.uri, "address": one.address,
                "attempt": one.attempt, "outcome": one.outcome, "code": one.code, "reason": one.reason,
                "took_ms": one.ms,
            }),
        );
    }
}
