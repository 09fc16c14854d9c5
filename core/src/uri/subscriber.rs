//! RFC 3986: the subscriber URI, parsed once, at the door.

use std::fmt;

use super::{
    authority::masked,
    error::UriError,
    generic, http, log, mailto,
    reading::{Form, Reading},
    sms,
};

/// A subscriber URI: what the client wrote, its canonical form, and what its scheme's grammar says of it.
#[derive(Clone, PartialEq, Eq)]
pub struct SubscriberUri {
    written: String,
    scheme: String,
    reading: Reading,
}

impl fmt::Debug for SubscriberUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SubscriberUri").field(&self.reading.redacted).finish()
    }
}

impl SubscriberUri {
    /// The longest URI accepted, in bytes, as it is written and in its canonical form.
    pub const MAX_BYTES: usize = 8192;

    /// The most recipients that one URI may have: what mail servers take in one transaction (RFC 5321 section
    /// 4.5.3.1.8 has every one of them take 100).
    pub const MAX_RECIPIENTS: usize = 100;

    /// Parses what a client wrote.
    ///
    /// # Errors
    /// The first thing that is wrong, with its part and column.
    pub fn parse(text: &str) -> Result<Self, UriError> {
        if text.len() > Self::MAX_BYTES {
            let column =
                text.char_indices().take_while(|(at, c)| at + c.len_utf8() <= Self::MAX_BYTES).count() + 1;
            return Err(too_long(column));
        }
        let (scheme, rest) = generic::scheme(text)?;
        let reading = match scheme.as_str() {
            "mailto" => mailto::read(rest)?,
            "http" | "https" | "trust+http" | "trust+https" => http::read(&scheme, rest)?,
            "sms" => sms::read(rest)?,
            "log" => log::read(rest)?,
            other => generic::read(other, rest)?,
        };
        if reading.canonical.len() > Self::MAX_BYTES {
            return Err(too_long(rest.end()));
        }
        Ok(Self { written: text.to_owned(), scheme, reading })
    }

    /// What the client wrote, passwords included: for the store alone.
    #[must_use]
    pub fn written(&self) -> &str {
        &self.written
    }

    /// What the client wrote, with a password in it shown as `***`: for the API.
    #[must_use]
    pub fn shown(&self) -> String {
        masked(&self.written)
    }

    /// The scheme, lower case.
    #[must_use]
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// The one form that equal subscribers share: the key. Parsing it gives the same again.
    #[must_use]
    pub fn canonical(&self) -> &str {
        &self.reading.canonical
    }

    /// The canonical form without what may be secret: for logs, errors and listings.
    ///
    /// Userinfo and fragment are dropped, a query reads `?***`; mail and SMS lose their texts and keep their recipients.
    #[must_use]
    pub fn redacted(&self) -> &str {
        &self.reading.redacted
    }

    /// What the grammar of the scheme found.
    #[must_use]
    pub const fn form(&self) -> &Form {
        &self.reading.form
    }

    /// Whether the host is trusted to act in the subscriber's name there: `trust+http:` and `trust+https:`.
    #[must_use]
    pub const fn is_by_trust(&self) -> bool {
        matches!(&self.reading.form, Form::Http(http) if http.by_trust)
    }

    /// The recipients: for `mailto:` every one of to, cc and bcc once; for `sms:` the numbers; else the canonical form,
    /// which may hold a password.
    #[must_use]
    pub fn addresses(&self) -> Vec<String> {
        self.reading.addresses.clone()
    }

    /// An address of [`addresses`](Self::addresses) as it may be shown: one that is a URI itself in its redacted form.
    #[must_use]
    pub fn shown_address(address: &str) -> String {
        Self::parse(address).map_or_else(|_| address.to_owned(), |uri| uri.redacted().to_owned())
    }

    /// What breaks together: `https://host:port`; for other schemes `scheme://host:port`, or the scheme alone.
    #[must_use]
    pub fn destination(&self) -> String {
        self.reading.destination.clone()
    }
}

fn too_long(column: usize) -> UriError {
    let most = SubscriberUri::MAX_BYTES;
    UriError::new("uri", column, format!("longer than {most} bytes, with its text percent-encoded"))
        .fix("shorten it, or put the text into the message")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_is_limited_and_the_limit_named() {
        let fits = format!("log:{}", "é".repeat(4094));
        assert_eq!(fits.len(), SubscriberUri::MAX_BYTES);
        assert_eq!(SubscriberUri::parse(&fits).unwrap_err().part, "name");
        let error = SubscriberUri::parse(&format!("{fits}é")).unwrap_err();
        assert_eq!((error.part.as_str(), error.column), ("uri", 4 + 4094 + 1));
        assert!(error.why.contains("8192"));
    }

    #[test]
    fn the_canonical_form_has_the_same_limit() {
        let subject =
            |count: usize| SubscriberUri::parse(&format!("mailto:a@b.c?subject={}", "é".repeat(count)));
        assert!(subject(1_300).is_ok());
        assert_eq!(subject(1_400).unwrap_err().column, 21 + 1_400 + 1);
    }
}
