//! Faults that must lose nothing: each scenario ends with an account of what became of every accepted message.

mod backup;
mod clock_jumps;
mod database_check;
mod dead_half;
mod deferred_many;
mod disk_full;
mod failed_fsync;
mod hanging_tenth;
mod high_water;
mod lost_writes;
mod panics;
mod resets;
mod shared;
