//! Small pages for people: plain HTML that works without a script, on a phone and read aloud.

use axum::http::{HeaderName, HeaderValue, header};
use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

const STYLE: &str = "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:0 auto;padding:2rem 1rem;\
    color:#1a1a1a;background:#fff;overflow-wrap:anywhere}h1{font-size:1.5rem;line-height:1.25}\
    button{font:inherit;padding:.75rem 1.5rem;border:0;border-radius:.4rem;color:#fff;background:#1a4f8b}\
    button:focus-visible{outline:3px solid #e08000;outline-offset:2px}\
    @media(prefers-color-scheme:dark){body{color:#eee;background:#161616}button{background:#2f6fb5}}";

/// How it stands with what a page is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is there.
    Here,
    /// The link is not one of this host's.
    Wrong,
    /// It is there no more.
    Over,
    /// The form is not the page's.
    Unreadable,
    /// The host cannot tell now.
    Later,
}

/// A page.
#[derive(Clone, Debug)]
pub(super) struct Page {
    standing: Standing,
    title: &'static str,
    paragraphs: Vec<String>,
    button: String,
}

impl Page {
    /// A page of this heading.
    pub(super) const fn new(title: &'static str) -> Self {
        Self { standing: Standing::Here, title, paragraphs: Vec::new(), button: String::new() }
    }

    /// With one more paragraph, which is HTML.
    pub(super) fn says(mut self, paragraph: impl Into<String>) -> Self {
        self.paragraphs.push(paragraph.into());
        self
    }

    /// With a button that posts `name`=`value` to where the page is.
    pub(super) fn button(mut self, name: &str, value: &str, label: &str) -> Self {
        self.button = format!(
            "<form method=\"post\"><button name=\"{}\" value=\"{}\">{}</button></form>",
            escaped(name),
            escaped(value),
            escaped(label)
        );
        self
    }

    fn of(standing: Standing, title: &'static str) -> Self {
        Self { standing, ..Self::new(title) }
    }

    /// The link is not one that this host made.
    pub(super) fn wrong() -> Self {
        Self::of(Standing::Wrong, "This link does not work")
            .says("It is not complete, or was not made here. Copy the whole link from the mail.")
    }

    /// The link was one.
    pub(super) fn expired() -> Self {
        Self::of(Standing::Over, "This link has expired")
            .says("It is too old to be used. Whoever subscribed you can have a new one sent to you.")
    }

    /// What the link is about has ended.
    pub(super) fn ended() -> Self {
        Self::of(Standing::Over, "This subscription has ended")
            .says("It was deleted, or leads elsewhere now: nothing is sent to you by it.")
    }

    /// The form was not understood.
    pub(super) fn unreadable() -> Self {
        Self::of(Standing::Unreadable, "Your answer was not understood")
            .says("Open the link from the mail once more and press the button.")
    }

    /// It could not be done.
    pub(super) fn later() -> Self {
        Self::of(Standing::Later, "Your answer could not be noted").says("Please try again in a few minutes.")
    }

    /// How it stands with what it is about.
    pub(super) const fn standing(&self) -> Standing {
        self.standing
    }

    /// The page as HTML.
    pub(super) fn text(&self) -> String {
        let title = escaped(self.title);
        let paragraphs: String = self.paragraphs.iter().map(|one| format!("<p>{one}</p>\n")).collect();
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
             <style>{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n{paragraphs}{}\n</main>\n</body>\n</html>\n",
            self.button
        )
    }
}

/// What goes with every page: it is shown nowhere else, kept nowhere, loads nothing, and does not pass its address on,
/// which is a capability.
pub(super) fn headers() -> [(HeaderName, HeaderValue); 7] {
    let style = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    );
    let policy = HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"));
    let fixed = |name, value| (name, HeaderValue::from_static(value));
    [
        fixed(header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, policy),
        fixed(header::CACHE_CONTROL, "no-store"),
        fixed(header::REFERRER_POLICY, "no-referrer"),
        fixed(header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        fixed(header::X_FRAME_OPTIONS, "DENY"),
        fixed(HeaderName::from_static("x-robots-tag"), "noindex"),
    ]
}

/// `text` in bold, as HTML.
pub(super) fn strong(text: &str) -> String {
    format!("<strong>{}</strong>", escaped(text))
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_page_has_a_language_a_title_and_no_script() {
        let text = Page::new("Title").says(strong("<q>")).button("answer", "yes", "Yes").text();
        assert!(text.contains("<html lang=\"en\">") && text.contains("<title>Title</title>"), "{text}");
        assert!(
            text.contains("<p><strong>&lt;q&gt;</strong></p>") && text.contains("<form method=\"post\">")
        );
        assert!(!text.contains("<script") && !text.contains("http"), "{text}");
    }

    #[test]
    fn its_own_style_is_allowed_and_nothing_else() {
        let all = headers();
        let policy = all[1].1.to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-") && !policy.contains("unsafe"));
    }

    proptest! {
        #[test]
        fn nothing_that_is_shown_is_markup(text in "\\PC{0,60}") {
            let shown = strong(&text);
            let inner = shown.strip_prefix("<strong>").unwrap().strip_suffix("</strong>").unwrap();
            prop_assert!(!inner.contains(['<', '>', '"', '\'']));
        }
    }
}
