//! The closed loop: how much can it take?

use std::{rc::Rc, time::Duration};

use anyhow::Result;
use nuncio_benches::{Poster, machine::now_ns};

use super::load::Shared;

/// How long a connection pauses when too much is owed.
const PAUSE: Duration = Duration::from_millis(5);

/// Posts whenever the last POST was answered and at most `owed` deliveries are owed.
///
/// Without that bound the host would take messages faster than it delivers them, and what is measured would depend on
/// how long it is measured.
pub(super) async fn post(shared: Rc<Shared>, mut client: Poster, owed: u64) -> Result<()> {
    while shared.open() {
        if shared.owed() > owed {
            tokio::time::sleep(PAUSE).await;
        } else {
            shared.post(&mut client, shared.take(), now_ns()).await?;
        }
    }
    Ok(())
}
