//! What a process says beside its answers: lines of its log, of its stderr, and lines that are no messages.

use std::{
    collections::VecDeque,
    sync::{Mutex, OnceLock, PoisonError},
};

use serde_json::{Map, Value};
use tokio::time::Instant;

use super::{masks::Masks, message::Level, meter::Meter, read::Foreign};

/// Lines that are kept for the error that says how the process ended.
const LAST: usize = 8;
/// Bytes of each of them.
const LAST_BYTES: usize = 200;
/// Bytes of a line that are logged.
const SHOWN: usize = 1_024;

/// Takes what a process says beside its answers to the host's log: masked, and bounded in length and rate.
#[derive(Debug)]
pub(super) struct Hearing {
    driver: String,
    masks: OnceLock<Masks>,
    none: Masks,
    meter: Mutex<Meter>,
    last: Mutex<VecDeque<String>>,
}

impl Hearing {
    pub(super) fn new(driver: &str) -> Self {
        Self {
            driver: driver.to_owned(),
            masks: OnceLock::new(),
            none: Masks::default(),
            meter: Mutex::default(),
            last: Mutex::default(),
        }
    }

    /// From now on `masks` are applied; before, the process knows no secrets.
    pub(super) fn mask(&self, masks: Masks) {
        // Set once, before the secrets are told: a second word would find the same masks.
        self.masks.get_or_init(|| masks);
    }

    /// The masks; those that mask nothing as long as the process has no secrets.
    pub(super) fn masks(&self) -> &Masks {
        self.masks.get().unwrap_or(&self.none)
    }

    /// `text` without secrets, on one line, shortened to what is logged.
    pub(super) fn masked(&self, text: &str) -> String {
        self.masks().line(text, false, SHOWN)
    }

    /// A line of its stderr; `cut` says that there was more of it.
    pub(super) fn stderr(&self, line: &[u8], cut: bool) {
        let text = self.masks().line(&String::from_utf8_lossy(line), cut, SHOWN);
        if text.is_empty() {
            return;
        }
        self.remember(&text);
        if self.admitted() {
            tracing::info!(driver = self.driver, "stderr: {text}");
        }
    }

    /// A line of its stdout that is no message.
    pub(super) fn foreign(&self, foreign: Foreign) {
        let foreign = foreign.masked(|text, most| self.masks().line(text, false, most));
        self.remember(&foreign.beginning);
        if self.admitted() {
            tracing::warn!(driver = self.driver, "ignored a line that is {foreign}");
        }
    }

    /// Something in a message that breaks a rule and is ignored.
    pub(super) fn broken(&self, what: &str) {
        if self.admitted() {
            tracing::warn!(driver = self.driver, "ignored: {}", self.masked(what));
        }
    }

    /// A line that it wants in the log.
    pub(super) fn log(&self, level: Level, message: &str, fields: &Map<String, Value>) {
        if !self.admitted() {
            return;
        }
        let fields =
            if fields.is_empty() { String::new() } else { format!(" {}", Value::Object(fields.clone())) };
        let text = self.masked(&format!("{message}{fields}"));
        match level {
            Level::Error => tracing::error!(driver = self.driver, "{text}"),
            Level::Warn => tracing::warn!(driver = self.driver, "{text}"),
            Level::Info => tracing::info!(driver = self.driver, "{text}"),
            Level::Debug => tracing::debug!(driver = self.driver, "{text}"),
            Level::Trace => tracing::trace!(driver = self.driver, "{text}"),
        }
    }

    /// What it wrote last, as the end of a sentence; empty if it wrote nothing.
    pub(super) fn last_words(&self) -> String {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_empty() {
            return String::new();
        }
        let lines: Vec<&str> = last.iter().map(String::as_str).collect();
        format!("; it wrote: {}", lines.join(" / "))
    }

    fn remember(&self, text: &str) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.len() == LAST {
            last.pop_front();
        }
        last.push_back(text.get(..text.floor_char_boundary(LAST_BYTES)).unwrap_or_default().to_owned());
    }

    fn admitted(&self) -> bool {
        let admitted = self.meter.lock().unwrap_or_else(PoisonError::into_inner).admit(Instant::now());
        if let Some(dropped @ 1..) = admitted {
            tracing::warn!(
                driver = self.driver,
                dropped,
                "the driver wrote more lines than are logged a second"
            );
        }
        admitted.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_words_are_the_last_lines_without_secrets() {
        let hearing = Hearing::new("pager");
        assert_eq!(hearing.last_words(), "");
        hearing.mask(Masks::of(&serde_json::json!({"pin": "s3cret"}), &["/pin".to_owned()]));
        for n in 0..10 {
            hearing.stderr(format!("line {n} s3cret\r").as_bytes(), false);
        }
        hearing.stderr(b"  ", false);
        let words = hearing.last_words();
        assert!(words.starts_with("; it wrote: line 2 ***") && words.ends_with("line 9 ***"), "{words}");
    }

    #[test]
    fn a_long_line_is_shortened_and_has_no_line_breaks() {
        let hearing = Hearing::new("pager");
        assert_eq!(hearing.masked("a\nb"), "a b");
        assert_eq!(hearing.masked(&"x".repeat(SHOWN + 1)).len(), SHOWN);
    }
}
