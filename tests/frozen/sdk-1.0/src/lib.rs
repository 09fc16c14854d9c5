//! What SDK 1.0 promised, used: two drivers in one library. Never edited; see the README beside.

mod batches;
mod line;
mod settings;
mod single;
