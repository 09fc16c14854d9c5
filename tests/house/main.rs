//! The rules of the house that neither the compiler nor clippy checks. Each failure says what to do.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what fails in here fails the check")]

mod arrows;
mod budget;
mod drivers;
mod sources;
mod words;
