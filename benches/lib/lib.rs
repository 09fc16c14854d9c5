//! What the benchmarks share: the machine, the host under test, the messages that are posted to it, and what is made of
//! what was measured.

pub mod host;
pub mod machine;

mod journal;
mod letter;
mod line;
mod poster;
mod samples;
mod spread;
mod table;
mod wire;

pub use journal::Journal;
pub use letter::Letter;
pub use line::{Line, Said};
pub use poster::{Poster, Taken};
pub use samples::{Percentiles, Samples};
pub use spread::{Spread, short};
pub use table::{Column, table};
pub use wire::{Message, Wire};
