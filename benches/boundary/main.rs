//! What a delivery costs at the driver boundary: nanoseconds of CPU for the same driver linked, loaded and as a child
//! process, beside a bare async call in the same run.
//!
//! `cargo build --release -p nuncio-benches --examples && cargo run --release -p nuncio-benches --bin boundary`

mod child;
mod cpu;
mod measure;
mod subjects;

use anyhow::Result;

use measure::{Cost, TOGETHER};

/// Deliveries in each measurement, of what is quick and of what has a task or a process: the scheduler counts in steps of
/// milliseconds.
const DELIVERIES: usize = 2_000_000;
const SLOW: usize = 20_000;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|one| one == child::FLAG) {
        return child::serve();
    }
    let divisor = if arguments.iter().any(|one| one == "--short") { 100 } else { 1 };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let table = runtime.block_on(subjects::all(DELIVERIES / divisor, SLOW / divisor))?;
    println!(
        "{:<34} {:>10} {:>10} {:>10} {:>9}",
        "ns of CPU a delivery", "alone", "64 flying", "batch", "to bare"
    );
    let bare = table.first().map_or(1.0, |(_, cost)| cost.alone);
    for (name, Cost { alone, in_flight, batch }) in &table {
        println!("{name:<34} {alone:>10.0} {in_flight:>10.0} {batch:>10.0} {:>8.1}x", alone / bare);
    }
    println!("\nA message of {} bytes; {TOGETHER} in flight, batches of {TOGETHER}.", measure::BODY);
    Ok(())
}
