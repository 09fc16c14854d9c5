//! The C entry, called as a host calls it: through its table, with structs of the host's own.
#![allow(unsafe_code, reason = "this is the other side of the boundary")]
// The lint knows test functions, not what helps them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod any;
mod batches;
mod calls;
mod creating;
mod deliveries;
mod devices;
mod drivers;
mod ends;
mod host;
mod made;
mod notice;
mod sizes;
