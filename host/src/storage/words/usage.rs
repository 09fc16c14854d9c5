//! What projects took, and what they have.

/// What was taken in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Messages.
    pub messages: u64,
    /// Bytes of their bodies.
    pub bytes: u64,
    /// Deliveries: one for each recipient.
    pub deliveries: u64,
}

impl Usage {
    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            messages: self.messages + other.messages,
            bytes: self.bytes + other.bytes,
            deliveries: self.deliveries + other.deliveries,
        }
    }
}

/// What a project took on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageDay {
    /// The project.
    pub project: String,
    /// Days since 1970, UTC.
    pub day: i64,
    /// What it took.
    pub usage: Usage,
}

/// What the store holds of a project.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// Messages.
    pub messages: u64,
    /// Bytes of their bodies.
    pub bytes: u64,
}
