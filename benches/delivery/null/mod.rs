//! z: the whole host over a store that keeps nothing. What it delivers more than over SQLite is the price of keeping.

mod faces;
mod kept;
mod process;
mod store;

pub(crate) use process::serve;
