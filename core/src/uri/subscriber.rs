//! RFC 3986: the subscriber URI, parsed once, at the door.

use url::Url;

/// A subscriber URI: what the client wrote, its canonical form, and what its scheme's grammar says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriberUri {
    written: String,
    scheme: String,
    canonical: String,
    redacted: String,
    form: Form,
}

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

/// A mail address: the local part as it is, the domain in lower-case A-labels.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// Before the `@`, decoded; its case is kept.
    pub local: String,
    /// After the `@`, lower case, A-labels.
    pub domain: String,
}

/// A `mailto:` URI, decoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mailto {
    /// The recipients of path and `to` fields.
    pub to: Vec<Address>,
    /// The `cc` fields.
    pub cc: Vec<Address>,
    /// The `bcc` fields.
    pub bcc: Vec<Address>,
    /// The subject.
    pub subject: Option<String>,
    /// The body, lines ended by `\n`.
    pub body: Option<String>,
}

/// An `http:` or `https:` URI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Http {
    /// The URL, normalised.
    pub url: Url,
}

/// An `sms:` URI, decoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sms {
    /// The numbers without visual separators: `+15551230101`, or a local number with `;phone-context=`.
    pub numbers: Vec<String>,
    /// The body.
    pub body: Option<String>,
}

/// A `log:` URI.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    /// The target name in the log, may be empty.
    pub target: String,
}

/// Why a URI is refused: the part, its column, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{part}, column {column}: {why}{}", if fix.is_empty() { String::new() } else { format!("; {fix}") })]
pub struct UriError {
    /// The part of the URI.
    pub part: &'static str,
    /// Where it begins to be wrong, in characters from 1.
    pub column: usize,
    /// What is wrong.
    pub why: String,
    /// What to write instead; may be empty.
    pub fix: String,
}

impl SubscriberUri {
    /// The longest URI accepted, in bytes.
    pub const MAX_BYTES: usize = 8192;

    /// Parses what a client wrote.
    ///
    /// # Errors
    /// The first thing that is wrong, with its part and column.
    pub fn parse(text: &str) -> Result<Self, UriError> {
        let (scheme, _) = text.split_once(':').ok_or(UriError {
            part: "scheme",
            column: 1,
            why: "no scheme".into(),
            fix: String::new(),
        })?;
        Ok(Self {
            written: text.into(),
            scheme: scheme.to_ascii_lowercase(),
            canonical: text.into(),
            redacted: text.into(),
            form: match Url::parse(text) {
                Ok(url) if scheme.starts_with("http") => Form::Http(Http { url }),
                _ => Form::Other,
            },
        })
    }

    /// What the client wrote, passwords included: for the store alone.
    #[must_use]
    pub fn written(&self) -> &str {
        &self.written
    }

    /// What the client wrote, with a password in it shown as `***`: for the API.
    #[must_use]
    pub fn shown(&self) -> String {
        self.written.clone()
    }

    /// The scheme, lower case.
    #[must_use]
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// The one form that equal subscribers share: the key.
    #[must_use]
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// The canonical form without what may be secret: for logs, errors and listings.
    #[must_use]
    pub fn redacted(&self) -> &str {
        &self.redacted
    }

    /// What the grammar of the scheme found.
    #[must_use]
    pub const fn form(&self) -> &Form {
        &self.form
    }

    /// The recipients: for `mailto:` every one of to, cc and bcc once; for `sms:` the numbers; else the canonical form.
    #[must_use]
    pub fn addresses(&self) -> Vec<String> {
        vec![self.canonical.clone()]
    }

    /// What breaks together: `https://host:port`; for other schemes the scheme.
    #[must_use]
    pub fn destination(&self) -> String {
        self.scheme.clone()
    }
}
