//! The log lines of a library: a process has one subscriber, so these tests run one after the other, in their own binary.
#![allow(unsafe_code, reason = "this is the other side of the boundary")]
// The lint knows test functions, not what helps them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../entry/host.rs"]
#[allow(dead_code, reason = "the other binary uses more of it")]
mod host;
mod logs;
#[path = "../entry/made.rs"]
#[allow(dead_code, reason = "the other binary uses more of it")]
mod made;
#[path = "../entry/notice.rs"]
#[allow(dead_code, reason = "the other binary uses more of it")]
mod notice;
