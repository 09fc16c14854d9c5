//! Apple's and Google's push services, as their references describe them (`tests/node/push`).

use std::{
    io::{BufRead, BufReader},
    process::{Child, Stdio},
    sync::mpsc::{Receiver, sync_channel},
    thread,
    time::Duration,
};

use serde_json::Value;

use crate::{folder::Folder, node::node};

/// How long a service may take to begin, and a request to come.
const PATIENCE: Duration = Duration::from_secs(30);

/// A push service on a free loopback port.
#[derive(Debug)]
pub struct Vendor {
    /// Its port.
    pub port: u16,
    lines: Receiver<Value>,
    child: Child,
    _folder: Folder,
}

impl Vendor {
    /// Starts `script` (`apns.js`, `fcm.js`) with the settings that stand at its head.
    ///
    /// # Panics
    /// When it does not begin.
    #[must_use]
    #[track_caller]
    pub fn start(script: &str, config: &Value) -> Self {
        let folder = Folder::new("push");
        let file = folder.write("vendor.json", &config.to_string());
        let mut program = node("push", script);
        let program = program.arg(file).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut child = program.spawn().expect("node: `./tests/run` installs what the tests need");
        let out = BufReader::new(child.stdout.take().expect("its output is a pipe"));
        let (sender, lines) = sync_channel(1024);
        thread::spawn(move || {
            let lines = out.lines().map_while(Result::ok);
            lines
                .filter_map(|line| serde_json::from_str(&line).ok())
                .try_for_each(|line| sender.send(line).ok());
        });
        let first: Value = lines.recv_timeout(PATIENCE).expect("the service says its port");
        let port = first["port"].as_u64().and_then(|port| u16::try_from(port).ok()).expect("a port");
        Self { port, lines, child, _folder: folder }
    }

    /// The next request that came, as the service says it. Waits for it.
    ///
    /// # Panics
    /// When none comes.
    #[must_use]
    #[track_caller]
    pub fn next(&self) -> Value {
        self.lines.recv_timeout(PATIENCE).expect("a request")
    }

    /// Whether no request came that was not taken by [`next`](Self::next).
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.lines.try_recv().is_err()
    }
}

impl Drop for Vendor {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
