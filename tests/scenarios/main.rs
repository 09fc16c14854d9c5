//! The real program among real servers. Started by `./tests/run`, which builds and installs what they need.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what fails in here fails the scenario")]
