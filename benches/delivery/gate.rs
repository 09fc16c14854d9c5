//! What fails the short form: CI runs it.

use anyhow::{Result, ensure};

use crate::{figures::Round, rounds::STILL, table::Measured};

/// The least that the host over SQLite delivers, as a share of the same host without storage.
const LEAST: f64 = 0.6;

/// Whether storage costs no more than it may. A lost or doubled delivery has failed the run before.
///
/// On a machine that did not stand still rates say nothing, and CPU is looked at instead.
///
/// # Errors
/// Names the point.
pub(crate) fn check(points: &[Measured]) -> Result<()> {
    for measured in points {
        let restless = measured.rounds.iter().any(|round| round.differ > STILL);
        let share = measured.spread(if restless { Round::over_null_by_cpu } else { Round::over_null });
        let Some(share) = share.map(|share| share.median) else { continue };
        let name = &measured.point.name;
        ensure!(
            share >= LEAST,
            "{name}: {share:.2} of what the host without storage delivers; at least {LEAST}"
        );
    }
    Ok(())
}
