//! A run: which points, in which order, and what is done with the figures.

use std::path::Path;

use anyhow::Result;
use nuncio_benches::{
    host::Program,
    machine::{Cores, name},
};

use crate::{
    ballast,
    certificate::Certificate,
    documents::Run,
    gate,
    measure::Stage,
    options::Options,
    outside::Outside,
    point::Point,
    rounds::{Plan, rounds},
    table::{Measured, SHARES, table},
    targets,
};

/// Rounds of a point of a long run whose axis the targets are about, and of the others.
const MANY: usize = 3;
const FEW: usize = 1;

/// Runs what `options` ask for.
///
/// # Errors
/// When it cannot be measured, or the gate of the short form is not passed.
pub(crate) fn run(options: &Options) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let nuncio = Program::nuncio(folder.path())?;
    let certificate = Certificate::make(folder.path())?;
    let mut stage = Stage {
        cores: Cores::choose()?,
        folder: folder.path(),
        root: None,
        seconds: options.seconds,
        perf: options.perf.as_deref(),
        rate: None,
    };
    let mut points: Vec<Measured> = Vec::new();
    for (axis, point) in
        axes(options).into_iter().flat_map(|axis| Point::axis(axis).into_iter().map(move |it| (axis, it)))
    {
        stage.root = point.tls.then_some(certificate.root.as_path());
        stage.rate = (point.hanging > 0).then(|| rate_of_last(&points)).flatten();
        let count = match axis {
            "base" | "fan-out" if options.long => MANY,
            _ if options.long => FEW,
            _ => options.rounds,
        };
        // What hangs is put out of memory, and z has nowhere to put it.
        let null = !options.no_z && point.hanging == 0;
        let plan = Plan { count, nuncio: &nuncio, null };
        let sink = point.tls.then_some(certificate.sink.as_path());
        let measured = measured(&stage, plan, point, sink)?;
        println!("{}", table(std::slice::from_ref(&measured), &SHARES));
        points.push(measured);
    }
    stage.root = None;
    let weighs = axes(options).contains(&ballast::AXIS);
    let weights = weighs.then(|| ballast::weigh(&stage, &nuncio)).transpose()?;
    let aims = targets::aims(&points, weights.as_ref(), nuncio.stripped_bytes(folder.path())?);
    let run = Run { machine: name(folder.path()), points, weights, aims };
    println!("{}", run.text());
    if options.long {
        run.write()?;
    }
    if options.short { gate::check(&run.points) } else { Ok(()) }
}

fn axes(options: &Options) -> Vec<&str> {
    match &options.axis {
        _ if options.short => vec!["base", "fan-out"],
        Some(axis) => vec![axis],
        None => Point::AXES.to_vec(),
    }
}

fn measured(stage: &Stage<'_>, plan: Plan<'_>, point: Point, sink: Option<&Path>) -> Result<Measured> {
    let mut outside = Outside::start(stage.cores, point.endpoints, sink)?;
    let rounds = rounds(stage, plan, &mut outside, &point)?;
    Ok(Measured { point, rounds })
}

/// With hanging endpoints the same is asked of the host as without.
fn rate_of_last(points: &[Measured]) -> Option<f64> {
    points.last()?.spread(|round| Some(round.sqlite.half_rate)).map(|rate| rate.median)
}
