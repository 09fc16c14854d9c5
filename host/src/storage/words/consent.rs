//! The yes of those to whom a subscription leads.

use std::{fmt, sync::Arc};

use nuncio_core::SubscriptionId;

use super::post::{Draft, NewTarget, Post};

/// Whom to ask, and how.
#[derive(Clone, Debug)]
pub struct Asking {
    /// Everybody whose yes it needs; whoever has given it is not asked.
    pub of: Vec<Addressee>,
    /// What is written to them; nothing, where there is no way for them to answer.
    pub wording: Option<Wording>,
    /// How long an answer is taken, seconds.
    pub ttl: i64,
    /// In which time an addressee is not asked more often than that, milliseconds.
    pub period_ms: i64,
}

/// One whose yes is needed.
#[derive(Clone, Debug)]
pub struct Addressee {
    /// Under which the yes is kept: an address, or the canonical URI where that is one recipient.
    pub address: String,
    /// Under which asking is counted, over all projects.
    pub counted: String,
    /// How often it may be asked in a period, and the key of the configuration that says so.
    pub most: (u64, &'static str),
    /// Where the question goes; to the subscriber itself without it.
    pub target: Option<NewTarget>,
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The subscription.
    pub subscription: SubscriptionId,
    /// Who is asked.
    pub address: &'a str,
    /// Until when an answer is taken, Unix milliseconds at a whole second. Of one subscription it names who was asked.
    pub expires: i64,
}

type Written = dyn Fn(Question<'_>) -> Option<Draft> + Send + Sync;

/// Writes questions, in the commit that makes them.
#[derive(Clone)]
pub struct Wording(Arc<Written>);

impl Wording {
    /// As `written`; `None` for a question that cannot be written.
    pub fn new(written: impl Fn(Question<'_>) -> Option<Draft> + Send + Sync + 'static) -> Self {
        Self(Arc::new(written))
    }

    /// The message that asks `question`.
    #[must_use]
    pub fn of(&self, question: Question<'_>) -> Option<Draft> {
        (self.0)(question)
    }
}

impl fmt::Debug for Wording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wording")
    }
}

/// Somebody's word on a subscription.
#[derive(Clone, Debug)]
pub struct Word {
    /// Whether it is wanted.
    pub yes: bool,
    /// Whose word it is.
    pub by: By,
    /// Who is told of a no; without it nobody is, and nothing is held back until there is a yes.
    pub asking: Option<Asking>,
    /// Writes the event that is told when something changes.
    pub tell: Option<Telling>,
}

/// Writes an event. It is asked within the commit, and only when there is something to tell.
#[derive(Clone)]
pub struct Telling(Arc<dyn Fn() -> Option<Post> + Send + Sync>);

impl Telling {
    /// Writes with `write`; `None` where nobody is told.
    #[must_use]
    pub fn new(write: impl Fn() -> Option<Post> + Send + Sync + 'static) -> Self {
        Self(Arc::new(write))
    }

    /// The event.
    #[must_use]
    pub fn post(&self) -> Option<Post> {
        (self.0)()
    }
}

impl fmt::Debug for Telling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Telling")
    }
}

/// Whose word it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Of everybody at once: the project's, or one for all.
    All,
    /// Of the one who was asked until `expires`, Unix milliseconds.
    Asked {
        /// What the question said.
        expires: i64,
    },
}

/// How a subscription stands with those to whom it leads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Consent {
    /// They have said yes, or need not.
    #[default]
    Given,
    /// They were asked, and what is for them is held.
    Awaited,
    /// They have said no: nothing goes to them.
    Refused,
}

impl Consent {
    /// As it is stored.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Given => 0,
            Self::Awaited => 1,
            Self::Refused => 2,
        }
    }

    /// What is stored as `code`.
    #[must_use]
    pub const fn from_code(code: u8) -> Self {
        match code {
            0 => Self::Given,
            1 => Self::Awaited,
            _ => Self::Refused,
        }
    }
}
