//! The process: does what it was ordered, and says what became of it.

use std::{io::Write as _, rc::Rc, time::Duration};

use anyhow::{Result, anyhow};
use nuncio_benches::{
    Line, Poster,
    machine::{Perf, Usage, now_ns},
};
use tokio::task::{JoinSet, LocalSet};

use super::{
    claims, count, fill,
    floor::Floor,
    order::{CONNECTIONS, Loaded, Order, queue},
    posts,
    sockets::{self, Socket},
};
use crate::point::Work;

/// How often it is looked whether it is over.
const LOOK: Duration = Duration::from_millis(2);

/// Carries out `order`, and prints what became of it.
///
/// # Errors
/// When an answer is not as it should be, or a message is lost or doubled.
pub(crate) fn run(order: Order) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let loaded = LocalSet::new().block_on(&runtime, load(&order))?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", serde_json::to_string(&loaded)?)?;
    Ok(out.flush()?)
}

async fn load(order: &Order) -> Result<Loaded> {
    if order.prefilled > 0 {
        fill::fill(order).await?;
    }
    let begin = now_ns() + (order.warm * 1e9) as u64;
    let floor = Rc::new(Floor::new(begin, begin + (order.seconds * 1e9) as u64));
    let mut working = JoinSet::new();
    for index in 0..CONNECTIONS {
        begin_work(order, &floor, &mut working, index).await?;
    }
    let loaded = watch(order, &floor).await?;
    while let Some(ended) = working.join_next().await {
        ended.map_err(|error| anyhow!(error))??;
    }
    let all = floor.done();
    if order.counted {
        let messages = if order.prefilled > 0 { order.prefilled } else { all };
        count::count(order, floor.journal.take(), messages).await?;
    }
    Ok(Loaded { all, times: floor.times(), ..loaded })
}

/// Connects, and lets the connection work.
async fn begin_work(
    order: &Order,
    floor: &Rc<Floor>,
    working: &mut JoinSet<Result<()>>,
    index: usize,
) -> Result<()> {
    let (floor, queue) = (Rc::clone(floor), queue(index));
    match order.work {
        Work::Posts => {
            let poster = Poster::connect(order.to, &queue, 1, order.body_bytes).await?;
            working.spawn_local(posts::post(floor, poster));
        }
        Work::Sockets(form) => {
            let socket = Socket::connect(order.to, &queue, order.body_bytes, form).await?;
            working.spawn_local(sockets::post(floor, socket));
        }
        Work::Claims => {
            let line = Line::connect(order.to).await?;
            working.spawn_local(claims::claim(floor, line, queue));
        }
    }
    Ok(())
}

/// Looks at what is done when measuring begins, and when it ends.
async fn watch(order: &Order, floor: &Floor) -> Result<Loaded> {
    let look = || anyhow::Ok((Usage::of(order.pid)?.cpu, floor.done(), now_ns()));
    while now_ns() < floor.begin() && floor.open() {
        tokio::time::sleep(LOOK).await;
    }
    let perf = order.perf.as_deref().map(|file| Perf::record(order.pid, file)).transpose()?;
    let (cpu, done, from) = look()?;
    while floor.open() {
        tokio::time::sleep(LOOK).await;
    }
    let (cpu_after, done_after, to) = look()?;
    perf.map(Perf::finish).transpose()?;
    Ok(Loaded {
        requests: done_after - done,
        all: done_after,
        seconds: (to - from) as f64 / 1e9,
        cpu: cpu_after - cpu,
        times: floor.times(),
    })
}
