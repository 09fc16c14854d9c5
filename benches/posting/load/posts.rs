//! Messages, one a POST.

use std::rc::Rc;

use anyhow::{Result, ensure};
use nuncio_benches::{Poster, Taken, machine::now_ns};

use super::floor::Floor;

/// Posts whenever the last POST was answered.
pub(super) async fn post(floor: Rc<Floor>, mut poster: Poster) -> Result<()> {
    while floor.open() {
        let stamp = now_ns();
        let taken = poster.post(floor.number(), stamp).await?;
        ensure!(
            taken == Taken::Accepted,
            "a POST was refused for now (503): this load is no more than it bears"
        );
        floor.finish(stamp);
    }
    Ok(())
}
