//! One core for what is measured, another for the world around it.

use anyhow::{Context as _, Result, ensure};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Which cores a run uses.
#[derive(Clone, Copy, Debug)]
pub struct Cores {
    /// The host's, and the bare client's.
    pub subject: usize,
    /// That of the sink and the load generator.
    pub outside: usize,
}

impl Cores {
    /// The first and the last core that this process may use.
    ///
    /// # Errors
    /// When there is only one: a sink on the same core would be measured too.
    pub fn choose() -> Result<Self> {
        let mine = sched_getaffinity(None).context("the cores of this process")?;
        let cores: Vec<usize> = (0..CpuSet::MAX_CPU).filter(|core| mine.is_set(*core)).collect();
        ensure!(cores.len() > 1, "the benchmark needs two cores: one is measured, the sink is on the other");
        Ok(Self { subject: cores[cores.len() - 1], outside: cores[0] })
    }
}

/// Runs `work` with this thread on `core`: the processes that it starts stay there.
///
/// # Errors
/// When the core cannot be taken, and those of `work`.
pub fn pinned<T>(core: usize, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let before = sched_getaffinity(None).context("the cores of this process")?;
    let mut one = CpuSet::new();
    one.set(core);
    sched_setaffinity(None, &one).with_context(|| format!("core {core}"))?;
    let done = work();
    sched_setaffinity(None, &before).context("back to all cores")?;
    done
}
