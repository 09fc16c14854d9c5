//! The engine of delivery in a world where everything fails: the store, the far sides, the host itself.
//!
//! All of a world follows from its seed. A run that fails prints the seed and how to see it again:
//! `SIMULATION_SEED=42 SIMULATION_STEPS=700 cargo test -p nuncio-tests --test simulation -- --nocapture`.
//! `NUNCIO_LONG=1` runs twenty times as many worlds. A normal run is a million steps.

mod caps;
mod clock;
mod drivers;
mod faults;
mod liveness;
mod options;
mod order;
mod rng;
mod safety;
mod store;
mod world;

use options::Options;
use world::World;

const WORLDS: u64 = 1_500;
const STEPS: u64 = 700;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Lives through one world; returns how many notices were dispatched in it.
fn run(options: Options, loud: bool) -> Result<u64, String> {
    let mut world = World::new(options, loud)?;
    for step in 0..world.options.steps {
        world.step().map_err(|wrong| format!("at step {step}: {wrong}"))?;
    }
    world.heal().map_err(|wrong| format!("after the faults ended: {wrong}"))?;
    Ok(world.dispatches)
}

fn explained(seed: u64, steps: u64, loud: bool) -> u64 {
    let options = Options::new(seed, steps);
    match run(options.clone(), loud) {
        Ok(dispatches) => dispatches,
        Err(wrong) => panic!(
            "{wrong}\n\nSIMULATION_SEED={seed} SIMULATION_STEPS={steps} \
             cargo test -p nuncio-tests --test simulation -- --nocapture\n{options:#?}"
        ),
    }
}

#[test]
fn every_delivery_keeps_its_promises_whatever_fails() {
    let steps = number("SIMULATION_STEPS").unwrap_or(STEPS);
    if let Some(seed) = number("SIMULATION_SEED") {
        explained(seed, steps, true);
        return;
    }
    let worlds = if std::env::var_os("NUNCIO_LONG").is_some() { 20 * WORLDS } else { WORLDS };
    let dispatches: u64 = (1..=worlds).map(|seed| explained(seed, steps, false)).sum();
    println!("{worlds} worlds, {} steps, {dispatches} notices", worlds * steps);
    assert!(dispatches > worlds * steps / 20, "worlds in which nothing happens show nothing");
}

#[test]
fn the_same_seed_is_the_same_world() {
    let twice = [(); 2].map(|()| run(Options::new(7, 500), false));
    assert!(twice[0].is_ok() && twice[0] == twice[1], "{twice:?}");
}
