use std::{
    io::{BufRead, BufReader},
    process::{Child, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use serde_json::Value;

use crate::{node::node, wait::until};

/// A throwaway message centre (SMSC): npm's `smpp`, which has a codec of its own. What a number does stands in
/// `tests/node/smpp/simulator.js`.
#[derive(Debug)]
pub struct Smsc {
    child: Child,
    events: Arc<Mutex<Vec<Value>>>,
    port: u16,
}

impl Smsc {
    /// The user name that it takes.
    pub const SYSTEM_ID: &str = "nuncio";
    /// The password that it takes.
    pub const PASSWORD: &str = "hunter2";

    /// Starts one. Needs the packages that `tests/run` installs.
    #[must_use]
    #[track_caller]
    pub fn start() -> Self {
        let mut program = node("smpp", "simulator.js");
        let mut child = program
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node: `./tests/run` installs what the tests need");
        let lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let events = Arc::new(Mutex::new(Vec::new()));
        let kept = events.clone();
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let event = serde_json::from_str(&line).unwrap_or(Value::String(line));
                kept.lock().expect("no holder panics").push(event);
            }
        });
        let mut smsc = Self { child, events, port: 0 };
        let listening = smsc.wait_for("listening", 1, Duration::from_secs(20));
        smsc.port = listening[0]["port"].as_u64().and_then(|port| port.try_into().ok()).expect("a port");
        smsc
    }

    /// The setting `url` that leads to it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("smpp://127.0.0.1:{}", self.port)
    }

    /// Waits for `n` events of a kind, and returns all of it.
    #[must_use]
    #[track_caller]
    pub fn wait_for(&self, kind: &str, n: usize, limit: Duration) -> Vec<Value> {
        until(&format!("{n} events `{kind}` at the message centre"), limit, || {
            let events = self.events.lock().expect("no holder panics");
            let found: Vec<_> = events.iter().filter(|one| one["event"] == kind).cloned().collect();
            (found.len() >= n).then_some(found)
        })
    }

    /// Waits for `n` messages to `number`, whole.
    #[must_use]
    #[track_caller]
    pub fn messages(&self, number: &str, n: usize, limit: Duration) -> Vec<Value> {
        let digits = number.trim_start_matches('+');
        until(&format!("{n} SMS to {number}"), limit, || {
            let events = self.events.lock().expect("no holder panics");
            let found = events.iter().filter(|one| one["event"] == "message" && one["to"] == digits);
            let found: Vec<_> = found.cloned().collect();
            (found.len() >= n).then_some(found)
        })
    }
}

impl Drop for Smsc {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
