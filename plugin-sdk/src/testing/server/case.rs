//! What a far side does.

use std::fmt;

/// What a [`Server`](super::Server) does with a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Does {
    /// Speaks its protocol, and takes everything.
    Answers,
    /// HTTP: answers with this status. 301 leads to another path of the same server, and 429 asks for 17 s.
    Status(u16),
    /// Takes no connection.
    Refuses,
    /// Reads what comes first, then resets the connection. One whose far side waits is reset after 100 ms.
    Resets,
    /// Reads and never answers.
    Hangs,
    /// Answers what is not its protocol, and closes.
    Garbage,
    /// Speaks its protocol byte by byte, a millisecond apart.
    Slow,
}

/// What may be expected of a driver otherwise than `http::report` says: a status of HTTP, or a trouble of any protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Case {
    /// An HTTP status.
    Status(u16),
    /// Nobody takes the connection.
    Refused,
    /// The connection is reset.
    Reset,
    /// No answer comes within the deadline.
    Hang,
    /// The answer is not of the protocol.
    Garbage,
}

impl From<u16> for Case {
    fn from(status: u16) -> Self {
        Self::Status(status)
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "an answer of {status}"),
            Self::Refused => f.write_str("a refused connection"),
            Self::Reset => f.write_str("a reset connection"),
            Self::Hang => f.write_str("no answer"),
            Self::Garbage => f.write_str("an answer of garbage"),
        }
    }
}
