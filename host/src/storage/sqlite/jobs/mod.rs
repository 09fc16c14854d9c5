//! Replaying and cancelling by filter: rows of jobs, and the commits that carry them on.

mod face;
mod row;
mod slice;

pub(super) use row::forget;
