//! Zaqar's pools and flavors. Its schema of requests names their actions and nobody carries them out, so that its
//! connection breaks. Over HTTP a Zaqar without `admin_mode` has no such route, whoever asks: here it is the same.

use super::table::Answer;
use crate::{api::Problem, websocket::call::Call};

/// There are none.
pub(super) async fn none(_: Call) -> Answer {
    Err(Problem::not_found("There are no pools and no flavors here, as in a Zaqar without admin_mode."))
}
