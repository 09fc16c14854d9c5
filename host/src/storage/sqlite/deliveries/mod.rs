//! Deliveries: what the engine writes and reads back, and what the API shows.

mod block;
mod byhand;
mod dead;
mod deferred;
mod earlier;
mod list;
mod read;
mod receipts;
mod record;
mod scan;
mod search;
mod state;
mod target;
mod unreadable;
mod view;

pub(super) use block::{Block, entries};
pub(super) use byhand::{cancel, cancel_all, raise, requeue, wake_unconfirmed};
pub(super) use deferred::{load, put as put_deferred};
pub(super) use list::list;
pub(super) use read::{low, message, standing, waiting};
pub(super) use receipts::{code as outcome_code, may_be_of, outcome, take as take_receipts};
pub(super) use record::record;
pub(super) use scan::scan;
pub(super) use search::{search, to_look_at};
pub(super) use target::view as target;
pub(super) use unreadable::bury as bury_unreadable;
pub(super) use view::delivery;
