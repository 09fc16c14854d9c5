//! A child process that does not outlive whoever started it.

use std::process::Child;

use rustix::process::{Pid, Signal, kill_process};

/// A child that is ended when it is dropped.
#[derive(Debug)]
pub struct Ended(pub Child);

impl Ended {
    /// Sends it a signal; one that has ended hears nothing.
    pub fn signal(&self, signal: Signal) {
        if let Some(pid) = Pid::from_raw(self.0.id().cast_signed()) {
            kill_process(pid, signal).ok();
        }
    }
}

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}
