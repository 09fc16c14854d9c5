//! A child does not outlive its host.
#![allow(unsafe_code, reason = "what runs between fork and exec is unsafe to name")]

use tokio::process::Command;

/// Has the kernel kill the child when the thread that starts it ends, however the host ends.
#[cfg(target_os = "linux")]
pub(super) fn tie(command: &mut Command) {
    use rustix::{
        io::Errno,
        process::{Signal, getpid, getppid, set_parent_process_death_signal},
    };
    let host = getpid();
    let tied = move || {
        set_parent_process_death_signal(Some(Signal::KILL))?;
        // The host may have died before the line above: nobody would tell the child then.
        if getppid() == Some(host) { Ok(()) } else { Err(Errno::SRCH.into()) }
    };
    // SAFETY: between fork and exec only what is async-signal-safe may run: these are two system calls by rustix,
    // which neither allocates nor locks, and an error made of a number.
    unsafe { command.pre_exec(tied) };
}

/// Elsewhere the end of its stdin has to do.
#[cfg(not(target_os = "linux"))]
pub(super) fn tie(_: &mut Command) {}
