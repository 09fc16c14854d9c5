//! The guide for authors, here so that its example is compiled with the documentation tests.
#![doc = include_str!("../../drivers/README.md")]
