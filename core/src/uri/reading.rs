//! What a grammar made of a URI.

use super::{http::Http, log::Log, mailto::Mailto, sms::Sms};

/// What the grammar of a scheme found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Form {
    /// `mailto:` (RFC 6068).
    Mailto(Mailto),
    /// `http:` and `https:` (RFC 9110).
    Http(Http),
    /// `sms:` (RFC 5724).
    Sms(Sms),
    /// `log:`.
    Log(Log),
    /// Any other scheme: its driver reads it.
    Other,
}

/// A URI as a grammar has read it.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Reading {
    pub(super) canonical: String,
    pub(super) redacted: String,
    pub(super) addresses: Vec<String>,
    pub(super) destination: String,
    pub(super) form: Form,
}
