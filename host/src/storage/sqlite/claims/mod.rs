//! Claims: who holds which messages of a queue, and for how long.

mod deletion;
mod face;
mod free;
mod letters;
mod live;
mod make;
mod sweep;

pub(super) use deletion::abandon;
pub(super) use free::{Step, take};
pub(super) use sweep::end;
