//! How mail leaves: by an SMTP relay ([`Relay`]) or by the `sendmail` program ([`Sendmail`]).

mod dial;
mod relay;
mod reply;
mod sendmail;
mod stream;
mod transaction;

pub(crate) use dial::{Endpoint, Protection, trusted};
pub(crate) use relay::Relay;
pub(crate) use sendmail::Sendmail;
pub(crate) use transaction::{Mail, Sender};
