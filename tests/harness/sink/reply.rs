use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// Where in its answer the sink ends the connection with RST.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// In the middle of the status line.
    Status,
    /// In the middle of the header fields.
    Head,
    /// After the head, before the first byte of the body.
    Body,
    /// In the middle of the body.
    Within,
}

/// What the sink does with a request that it has read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Answers this status with a short body.
    Status(u16),
    /// Answers this status and closes the connection.
    Parting(u16),
    /// Answers this status after a while.
    Late(u16, Duration),
    /// Answers this status with `Retry-After` in seconds.
    RetryAfter(u16, u64),
    /// Answers 302 to this address.
    Redirect(String),
    /// Answers 200 with a body of this many bytes.
    Long(usize),
    /// Answers 200, one byte each time this long has passed, and never comes to an end.
    Drip(Duration),
    /// Never answers.
    Hang,
    /// Ends the connection with RST.
    Reset,
    /// Begins to answer this status and ends the connection with RST.
    Broken(u16, Cut),
    /// Closes the connection without a word.
    Close,
}

impl Reply {
    /// The status of an answer whose head is whole.
    pub(super) const fn status(&self) -> Option<u16> {
        match self {
            Self::Status(code) | Self::Parting(code) | Self::Late(code, _) | Self::RetryAfter(code, _) => {
                Some(*code)
            }
            Self::Redirect(_) => Some(302),
            Self::Long(_) => Some(200),
            // What a status means is known once the head is there.
            Self::Broken(code, Cut::Body | Cut::Within) => Some(*code),
            Self::Drip(_) | Self::Hang | Self::Reset | Self::Broken(..) | Self::Close => None,
        }
    }
}

/// What is answered where: for each path the replies to its 1st, 2nd, ... request; the last one stays.
#[derive(Debug, Default)]
pub(crate) struct Rules(Mutex<HashMap<String, Rule>>);

#[derive(Debug)]
struct Rule {
    replies: Vec<Reply>,
    hits: usize,
}

impl Rules {
    pub(crate) fn set(&self, path: &str, replies: Vec<Reply>) {
        let mut rules = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rules.insert(path.to_owned(), Rule { replies, hits: 0 });
    }

    /// The reply to the next request for `path`: 204 where nothing else was asked for.
    pub(crate) fn next(&self, path: &str) -> Reply {
        let mut rules = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(rule) = rules.get_mut(path) else { return Reply::Status(204) };
        rule.hits += 1;
        rule.replies.get(rule.hits - 1).or(rule.replies.last()).cloned().unwrap_or(Reply::Status(204))
    }
}
