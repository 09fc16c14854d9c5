//! What lies in the store while others are served: many idle subscriptions, many deliveries that wait for another day.

use anyhow::Result;
use nuncio_benches::host::{Program, Setup, UnderTest};
use serde::Serialize;

use crate::{
    figures::Figures,
    measure::{CONNECTIONS, Stage, subscribe, under_load},
    outside::{Ballast, Load, Outside, Pace},
    point::Point,
};

/// What this axis is called.
pub(crate) const AXIS: &str = "ballast";

/// Idle subscriptions at first, and in the end.
const FEW: u64 = 1_000;
const MANY: u64 = 1_000_000;
/// Subscriptions of a queue.
const OF_A_QUEUE: u64 = 100;
/// Deliveries that wait.
const WAITING: u64 = 1_000_000;
/// Messages to ten endpoints that hang: 20,000 deliveries, what the host keeps in memory.
const HOT: u64 = 2_000;

/// A host with ballast, at the base point.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Weighed {
    /// What lies there.
    pub(crate) name: String,
    pub(crate) figures: Figures,
}

/// What was weighed.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Weights {
    /// With few subscriptions, with many, and with many and as many deliveries that wait.
    pub(crate) hosts: Vec<Weighed>,
    /// Memory of an idle subscription, bytes.
    pub(crate) subscription: f64,
    /// Memory of 20,000 deliveries that are under way, bytes.
    pub(crate) hot: f64,
}

/// Weighs `nuncio`: on one store, which grows; the host is started anew before each measurement.
///
/// # Errors
/// When it does not do what it is asked.
pub(crate) fn weigh(stage: &Stage<'_>, nuncio: &Program) -> Result<Weights> {
    let point = Point::base();
    let mut outside = Outside::start(stage.cores, point.endpoints, None)?;
    let setup = Setup::new(stage.folder, &[])?;
    let mut host = UnderTest::start(stage.cores, nuncio, &setup)?;
    subscribe(&host, &outside, &point)?;
    let mut hosts = Vec::new();
    let few = Ballast::Subscriptions { from: 0, to: FEW, of_a_queue: OF_A_QUEUE };
    let many = Ballast::Subscriptions { from: FEW, to: MANY, of_a_queue: OF_A_QUEUE };
    let waiting = Ballast::Waiting { deliveries: WAITING };
    for (name, ballast) in [
        ("10^3 subscriptions", few),
        ("10^6 subscriptions", many),
        ("and 10^6 deliveries that wait", waiting),
    ] {
        outside.ballast(host.address(), ballast)?;
        host.stop()?;
        host = UnderTest::start(stage.cores, nuncio, &setup)?;
        hosts.push(Weighed {
            name: name.to_owned(),
            figures: under_load(stage, &host, &mut outside, &point)?,
        });
        println!("{name}: started in {:.0} ms", host.started_ms());
    }
    host.stop()?;
    let resident = |index: usize| hosts[index].figures.idle as f64;
    // Where only those are remembered that are asked for, chance decides the sign.
    let subscription = (resident(1) - resident(0)).max(0.0) / (MANY - FEW) as f64;
    Ok(Weights { subscription, hot: hot(stage, nuncio, &mut outside)?, hosts })
}

/// Memory of what is under way to endpoints that hang.
fn hot(stage: &Stage<'_>, nuncio: &Program, outside: &mut Outside) -> Result<f64> {
    let point = Point { hanging: 10, ..Point::base() };
    let setup = Setup::new(stage.folder, &[])?;
    let host = UnderTest::start(stage.cores, nuncio, &setup)?;
    subscribe(&host, outside, &point)?;
    let idle = host.usage()?.resident;
    outside.load(Load {
        host: host.address(),
        queue: host.queue().to_owned(),
        pace: Pace::Closed(u64::MAX),
        seconds: 60.0,
        most: HOT,
        connections: CONNECTIONS,
        batch: point.batch,
        body_bytes: point.body_bytes,
        fan_out: 0,
    })?;
    let hot = host.usage()?.resident.saturating_sub(idle) as f64;
    host.stop()?;
    Ok(hot)
}
