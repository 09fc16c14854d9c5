//! What the processor did for this process.

use std::fs;

use anyhow::{Context as _, Result};

/// Nanoseconds of CPU of all threads that live, as the kernel's scheduler counts them (`schedstat` in proc(5)).
///
/// Time on the clock says more of the machine's other work than of ours.
pub(crate) fn spent_ns() -> Result<u64> {
    let mut sum = 0;
    for task in fs::read_dir("/proc/self/task").context("the threads of this process")? {
        let path = task?.path().join("schedstat");
        // A thread may end between the listing and the look.
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let first = text.split_whitespace().next().context("an empty schedstat")?;
        sum += first.parse::<u64>().with_context(|| format!("schedstat says `{first}`"))?;
    }
    Ok(sum)
}
