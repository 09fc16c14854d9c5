//! The real program among real servers. Started by `./tests/run`, which builds and installs what they need.
#![allow(clippy::disallowed_methods, reason = "real processes live in real time")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what fails in here fails the scenario")]

mod access;
mod attachments;
mod bad_input;
mod clock;
mod commands;
mod confirming;
mod demo;
mod drivers_removed;
mod encrypted;
mod faults;
mod filters;
mod gateways;
mod graceful_stop;
mod health;
mod keystone;
mod kills;
mod load;
mod loaded;
mod mail;
mod misbehaviour;
mod openapi;
mod pacing;
mod phones;
mod pipe;
mod plugins;
mod push;
mod replay;
mod retention;
mod second_host;
mod sendmail;
mod sms;
mod tenants;
mod tls;
mod trusts;
mod walk_mail;
mod walk_tomorrow;
mod walk_webhooks;
mod webhooks;
mod webpush;
mod websocket;
