//! What the kernel counts of a process: see proc(5).

use std::fs;

use anyhow::{Context as _, Result};

/// Ticks of `/proc/PID/stat` in a second; Linux says 100 to programs on every architecture that we build for.
const TICKS: f64 = 100.0;

/// What a process has used so far, and holds now.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    /// CPU of all its threads, also of those that ended, in seconds (user and system).
    pub cpu: f64,
    /// Bytes that it had the kernel write to a disk.
    pub written: u64,
    /// Resident memory, bytes.
    pub resident: u64,
}

impl Usage {
    /// Looks at the process `pid`.
    ///
    /// # Errors
    /// When there is no such process, or it belongs to somebody else.
    pub fn of(pid: u32) -> Result<Self> {
        let read = |name: &str| {
            let path = format!("/proc/{pid}/{name}");
            fs::read_to_string(&path).with_context(|| path)
        };
        let stat = read("stat")?;
        // The name, in parentheses, may hold spaces.
        let rest = stat.rsplit_once(')').context("a process has a name")?.1;
        let ticks: f64 = rest.split_whitespace().skip(11).take(2).flat_map(str::parse::<f64>).sum();
        Ok(Self {
            cpu: ticks / TICKS,
            written: field(&read("io")?, "write_bytes:")?,
            resident: field(&read("status")?, "VmRSS:")? * 1024,
        })
    }
}

fn field(text: &str, name: &str) -> Result<u64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name));
    let number = rest.and_then(|rest| rest.split_whitespace().next());
    number.and_then(|number| number.parse().ok()).with_context(|| format!("no number after `{name}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_uses_memory_and_burns_cpu() {
        let before = Usage::of(std::process::id()).unwrap();
        let mut sum = 0_u64;
        while Usage::of(std::process::id()).unwrap().cpu < before.cpu + 0.02 {
            sum = (0..100_000_u64).fold(sum, |sum, n| sum.wrapping_mul(31).wrapping_add(n));
        }
        assert!(before.resident > 100_000, "{before:?} {sum}");
    }
}
