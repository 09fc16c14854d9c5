//! The open loop: how long does it take at a given rate?

use std::{rc::Rc, time::Duration};

use anyhow::Result;
use nuncio_benches::{Poster, machine::now_ns};

use super::load::Shared;

/// Posts messages at `rate` a second over all connections, whatever the answers.
///
/// A POST whose turn had come while all connections were busy is timed from its turn: a host that stalls does not get
/// its victims left out ("coordinated omission").
pub(super) async fn post(shared: Rc<Shared>, mut client: Poster, rate: f64) -> Result<()> {
    loop {
        let first = shared.take();
        let turn = shared.began + (first as f64 / rate * 1e9) as u64;
        let early = turn.saturating_sub(now_ns());
        tokio::time::sleep(Duration::from_nanos(early)).await;
        if !shared.open() {
            return Ok(());
        }
        let stamp = if early == 0 { turn } else { now_ns() };
        shared.post(&mut client, first, stamp).await?;
    }
}
