//! The rules, by what they look at.

pub(super) mod content;
pub(super) mod devices;
pub(super) mod guard;
pub(super) mod hostile;
pub(super) mod http;
pub(super) mod limits;
pub(super) mod manifest;
pub(super) mod more;
pub(super) mod network;
mod reports;
pub(super) mod secrets;
pub(super) mod settings;
pub(super) mod shown;
pub(super) mod time;
pub(super) mod uri;
