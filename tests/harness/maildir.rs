use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{wait::until, wire};

/// A folder that a mail server delivers to, a file a mail.
#[derive(Clone, Debug)]
pub struct Maildir(PathBuf);

/// A mail as it was delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// The header fields, names in lower case, unfolded, not decoded.
    pub headers: Vec<(String, String)>,
    /// All behind the header, not decoded.
    pub body: String,
}

impl Maildir {
    /// The Maildir at `path`, which need not exist yet.
    #[must_use]
    pub fn at(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// All mails that were delivered so far, in no order.
    #[must_use]
    pub fn mails(&self) -> Vec<Mail> {
        let Ok(entries) = fs::read_dir(self.0.join("new")) else { return Vec::new() };
        entries
            .flatten()
            .filter_map(|entry| fs::read(entry.path()).ok())
            .map(|raw| Mail::parse(&raw))
            .collect()
    }

    /// Waits until `n` mails were delivered, and returns all of them.
    #[track_caller]
    #[must_use]
    pub fn wait_for(&self, n: usize, limit: Duration) -> Vec<Mail> {
        until(&format!("{n} mails in {}", self.0.display()), limit, || {
            Some(self.mails()).filter(|mails| mails.len() >= n)
        })
    }
}

impl Mail {
    /// Reads a mail (RFC 5322, section 2.2: a line that begins with a space goes on with the field before it).
    #[must_use]
    pub fn parse(raw: &[u8]) -> Self {
        let text = String::from_utf8_lossy(raw).replace("\r\n", "\n");
        let (head, body) = text.split_once("\n\n").unwrap_or((text.as_str(), ""));
        let mut headers: Vec<(String, String)> = Vec::new();
        for line in head.lines() {
            match (line.starts_with([' ', '\t']), headers.last_mut(), line.split_once(':')) {
                (true, Some((_, value)), _) => value.push_str(line),
                (false, _, Some((name, value))) => {
                    headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
                }
                _ => {}
            }
        }
        Self { headers, body: body.to_owned() }
    }

    /// The value of the header field `name` (in lower case), empty when there is none.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        wire::field(&self.headers, name).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folded_field_is_one_field() {
        let mail = Mail::parse(b"Subject: one\r\n two\r\nTo: a@b.c\r\n\r\nbody\r\n\r\nmore");
        assert_eq!(mail.header("subject"), "one two");
        assert_eq!(mail.header("to"), "a@b.c");
        assert_eq!(mail.body, "body\n\nmore");
        assert_eq!(mail.header("cc"), "");
    }
}
