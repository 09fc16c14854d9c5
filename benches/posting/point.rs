//! What is measured.

use serde::{Deserialize, Serialize};

/// What the connections do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Work {
    /// POST a message, again and again.
    Posts,
    /// Post a message over WebSocket, again and again.
    Sockets(Form),
    /// Claim a message and DELETE it.
    Claims,
}

impl Work {
    /// What the echo is asked, which speaks HTTP alone.
    pub(crate) const fn beside(self) -> Self {
        match self {
            Self::Sockets(_) => Self::Posts,
            other => other,
        }
    }
}

/// How a request over WebSocket is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Form {
    /// As text.
    Json,
    /// As bytes.
    MessagePack,
}

/// A point at which host and echo are compared.
#[derive(Clone, Debug)]
pub(crate) struct Point {
    /// What it is called on the command line.
    pub(crate) name: &'static str,
    /// What it is called in a table.
    pub(crate) title: &'static str,
    pub(crate) work: Work,
    /// The size of a message.
    pub(crate) body_bytes: usize,
    /// Messages that are there before.
    pub(crate) prefilled: u64,
    /// Whether the short form has it.
    pub(crate) short: bool,
}

impl Point {
    /// The name of the point that targets are about.
    pub(crate) const SINGLE: &'static str = "single";

    /// All of them.
    pub(crate) fn all() -> [Self; 5] {
        let single = Self {
            name: Self::SINGLE,
            title: "POST of one message of 1 kB",
            work: Work::Posts,
            body_bytes: 1000,
            prefilled: 0,
            short: true,
        };
        let large = Self { name: "large", title: "POST of one of 200 kB", body_bytes: 200_000, ..single };
        let claims = Self {
            name: "claims",
            title: "claim and DELETE one of 1 kB",
            work: Work::Claims,
            // More than is claimed; where it is not, the load ends earlier.
            prefilled: 80_000,
            ..single
        };
        let socket = Self {
            name: "socket",
            title: "the same over WebSocket, JSON",
            work: Work::Sockets(Form::Json),
            ..single
        };
        let packed = Self {
            name: "packed",
            title: "the same over WebSocket, MessagePack",
            work: Work::Sockets(Form::MessagePack),
            short: false,
            ..single
        };
        [single, socket, packed, claims, large]
    }

    /// The names of all.
    pub(crate) fn names() -> [&'static str; 5] {
        Self::all().map(|point| point.name)
    }
}
