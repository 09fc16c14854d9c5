//! A message rendered.

use nuncio_core::{Content, Part};

use crate::attachments::Attachment;

/// A message rendered: what a driver's content borrows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rendered {
    /// The subject or title: one line.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The HTML form.
    pub html: String,
    /// The attachments, in order.
    pub attachments: Vec<Attachment>,
}

impl Rendered {
    /// A text alone.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// With a subject.
    #[must_use]
    pub fn with_subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = subject.into();
        self
    }

    /// With an HTML form.
    #[must_use]
    pub fn with_html(mut self, html: impl Into<String>) -> Self {
        self.html = html.into();
        self
    }

    /// The attachments as a driver's content borrows them.
    #[must_use]
    pub fn parts(&self) -> Vec<Part<'_>> {
        self.attachments.iter().map(Attachment::part).collect()
    }

    /// What a driver is given, with [`parts`](Self::parts).
    #[must_use]
    pub fn content<'a>(&'a self, parts: &'a [Part<'a>]) -> Content<'a> {
        Content::text(&self.text).with_subject(&self.subject).with_html(&self.html).with_parts(parts)
    }
}
