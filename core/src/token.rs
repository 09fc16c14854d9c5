//! Tokens of those who subscribed, which the host gets for a delivery in their name.

use std::{fmt, time::Duration};

use zeroize::Zeroizing;

/// What a driver asks the host for: a token by a trust.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenCall {
    /// The project of the notice.
    pub project: String,
    /// The trust, as the option `trust_id` of the subscription names it.
    pub trust: String,
    /// The token that the far side did not take: another one is wanted, if there is one.
    pub refused: Option<Token>,
    /// How long the answer may take: a part of what the attempt may.
    pub patience: Duration,
}

impl TokenCall {
    /// Asks for a token of `project` by `trust`, for no longer than `patience`.
    #[must_use]
    pub fn new(project: impl Into<String>, trust: impl Into<String>, patience: Duration) -> Self {
        Self { project: project.into(), trust: trust.into(), refused: None, patience }
    }

    /// In the place of one that the far side did not take.
    #[must_use]
    pub fn instead_of(mut self, token: Token) -> Self {
        self.refused = Some(token);
        self
    }
}

/// A token: whoever has it acts in somebody's name. Its `Debug` form does not show it, there is no `Display`, and its
/// memory is overwritten when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(Zeroizing<String>);

impl Token {
    /// The token that is written `text`.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The token as it is written: for the far side alone.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Why there is no token.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoToken {
    /// Who could give it is away: the delivery is to be deferred, with the scope of the account.
    Away(String),
    /// It is not given as things stand: the delivery is to be rejected.
    Refused(String),
    /// The trust has ended or was withdrawn: the address is gone until there is another one.
    Gone(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_not_shown() {
        let call = TokenCall::new("p", "t", Duration::ZERO).instead_of(Token::new("gAAAA"));
        assert_eq!(call.refused.as_ref().map(Token::expose), Some("gAAAA"));
        assert!(!format!("{call:?}").contains("gAAAA"), "{call:?}");
    }
}
