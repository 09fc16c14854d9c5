//! How many SMS a second go through the driver, beside a bare client with the same window at the same message centre.
//!
//! `cargo run --release -p nuncio-benches --bin smpp [-- --short]`

mod bare;
mod centre;
mod driver;
mod wire;

use std::time::Duration;

use anyhow::{Result, ensure};

/// Submissions that wait for their answers at a time.
const WINDOW: usize = 50;
/// SMS of a round.
const SMS: usize = 100_000;
/// How often each is measured.
const ROUNDS: usize = 5;
/// How long the centre takes for an answer: none, and what one nearby takes.
const DELAYS: [Duration; 2] = [Duration::ZERO, Duration::from_millis(5)];
/// The least of a bare client's rate that the driver must reach at a centre that takes its time.
const LEAST: f64 = 0.8;

fn main() -> Result<()> {
    let short = std::env::args().any(|one| one == "--short");
    let (sms, rounds) = if short { (SMS / 10, 3) } else { (SMS, ROUNDS) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    println!("window {WINDOW}, {sms} SMS a round, medians of {rounds} rounds\n");
    println!("{:<22}{:>14}{:>14}{:>8}", "the centre answers", "bare client/s", "driver/s", "ratio");
    for delay in DELAYS {
        let centre = centre::Centre::start(delay)?;
        let (mut bare, mut driven, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..rounds {
            let one = runtime.block_on(bare::rate(centre.address(), sms))?;
            let other = runtime.block_on(driver::rate(centre.address(), sms))?;
            bare.push(one);
            driven.push(other);
            ratios.push(other / one);
        }
        let taken = centre.taken();
        ensure!(taken == 2 * rounds * sms, "the centre took {taken} of {} SMS", 2 * rounds * sms);
        let when =
            if delay.is_zero() { "at once".to_owned() } else { format!("after {} ms", delay.as_millis()) };
        let ratio = median(ratios);
        println!("{when:<22}{:>14.0}{:>14.0}{ratio:>8.2}", median(bare), median(driven));
        ensure!(
            delay.is_zero() || ratio >= LEAST,
            "the driver reaches {ratio:.2} of the bare client, not {LEAST}"
        );
    }
    Ok(())
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}
