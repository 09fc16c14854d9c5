//! Why a request has no answer.

use std::{io, time::Duration};

use super::dial::DialError;
use crate::connect::GuardError;

/// Why a request has no answer. Its text is one line that may be shown: it names `scheme://host:port` and never a
/// path, a query, or the address that a name led to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
    /// The URI is not for this client: it speaks `http` and `https`, and needs a host.
    #[error("a URI of the scheme `{scheme}` cannot be requested; use `http` or `https` and name a host")]
    Unsupported {
        /// The scheme, as it was given.
        scheme: String,
    },
    /// The policy refuses the address.
    #[error("{}", GuardError::Forbidden)]
    Forbidden,
    /// The name has no address.
    #[error("the name in {target} cannot be resolved")]
    Resolve {
        /// `scheme://host:port`.
        target: String,
    },
    /// Nobody took the connection.
    #[error("{}", refused(target, *kind))]
    Connect {
        /// `scheme://host:port`.
        target: String,
        /// How it failed.
        kind: io::ErrorKind,
    },
    /// The handshake failed, or the certificate cannot be trusted.
    #[error("TLS with {target} failed: {detail}")]
    Tls {
        /// `scheme://host:port`.
        target: String,
        /// What the library said.
        detail: String,
    },
    /// The deadline passed before the response head was there.
    #[error("no {} {target} within {}", if *maybe_sent { "answer from" } else { "connection to" }, seconds(*after))]
    Timeout {
        /// `scheme://host:port`.
        target: String,
        /// The deadline.
        after: Duration,
        /// The request had been handed to a connection.
        maybe_sent: bool,
    },
    /// The connection broke before the response head was there.
    #[error("{target} closed the connection without an answer")]
    Reset {
        /// `scheme://host:port`.
        target: String,
        /// The request had been handed to a connection.
        maybe_sent: bool,
    },
    /// Anything else; mostly an answer that is not HTTP.
    #[error("{target} answered something that is not HTTP: {detail}")]
    Other {
        /// `scheme://host:port`.
        target: String,
        /// What the library said.
        detail: String,
        /// The request had been handed to a connection.
        maybe_sent: bool,
    },
}

impl HttpError {
    /// Whether the far side may have the request although there is no answer.
    #[must_use]
    pub const fn maybe_sent(&self) -> bool {
        match self {
            Self::Timeout { maybe_sent, .. }
            | Self::Reset { maybe_sent, .. }
            | Self::Other { maybe_sent, .. } => *maybe_sent,
            _ => false,
        }
    }

    pub(super) fn of(failure: Failure, target: String) -> Self {
        match failure {
            Failure::Dial(error) => of_dial(&error, target),
            Failure::Closed => Self::Reset { target, maybe_sent: false },
            Failure::Http { error, maybe_sent } if error.is_parse() || error.is_user() => {
                Self::Other { target, detail: error.to_string(), maybe_sent }
            }
            Failure::Http { maybe_sent, .. } => Self::Reset { target, maybe_sent },
        }
    }
}

/// Why a request has no answer, as the parts of the client tell each other.
#[derive(Debug)]
pub(super) enum Failure {
    /// There is no connection.
    Dial(DialError),
    /// The connection failed.
    Http { error: hyper::Error, maybe_sent: bool },
    /// The client is at its end.
    Closed,
}

impl From<DialError> for Failure {
    fn from(error: DialError) -> Self {
        Self::Dial(error)
    }
}

fn of_dial(error: &DialError, target: String) -> HttpError {
    match error {
        DialError::Guard(GuardError::Forbidden) => HttpError::Forbidden,
        DialError::Guard(GuardError::Resolve { .. }) => HttpError::Resolve { target },
        DialError::Guard(GuardError::Connect(source)) => HttpError::Connect { target, kind: source.kind() },
        DialError::Tls(source) => HttpError::Tls { target, detail: source.to_string() },
    }
}

fn refused(target: &str, kind: io::ErrorKind) -> String {
    match kind {
        io::ErrorKind::ConnectionRefused => format!("connection refused by {target}"),
        kind => format!("cannot connect to {target}: {kind}"),
    }
}

fn seconds(after: Duration) -> String {
    let tenths = (after.as_secs_f64() * 10.0).round() / 10.0;
    if after < Duration::from_secs(1) { format!("{} ms", after.as_millis()) } else { format!("{tenths} s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_is_one_readable_line() {
        let target = || "https://hooks.example.org:443".to_owned();
        let after = Duration::from_millis(29_980);
        for (error, text) in [
            (
                HttpError::Connect { target: target(), kind: io::ErrorKind::ConnectionRefused },
                "connection refused by https://hooks.example.org:443",
            ),
            (
                HttpError::Connect { target: target(), kind: io::ErrorKind::HostUnreachable },
                "cannot connect to https://hooks.example.org:443: host unreachable",
            ),
            (
                HttpError::Timeout { target: target(), after, maybe_sent: true },
                "no answer from https://hooks.example.org:443 within 30 s",
            ),
            (
                HttpError::Timeout { target: target(), after: Duration::from_millis(250), maybe_sent: false },
                "no connection to https://hooks.example.org:443 within 250 ms",
            ),
        ] {
            assert_eq!(error.to_string(), text);
        }
    }
}
