//! Mail for `mailto:` subscribers (RFC 6068), by an SMTP relay (RFC 5321) or by the host's `sendmail`.
//!
//! A recipient's result is its own: in one transaction the relay may take one address, defer another and refuse a
//! third. Every attempt of a delivery carries the same `Message-ID`.

mod addressees;
mod driver;
#[cfg(test)]
mod fake;
mod letter;
mod mailbox;
mod send;
mod settings;

pub use driver::Mailto;
pub use settings::{Settings, Tls};
