use bytes::Bytes;
use nuncio_core::{Part, Refusal};

use super::media_type::media_type;

/// The longest file name in bytes: what file systems take.
const MAX_NAME: usize = 255;
/// The longest media type in bytes: two names of 127 (RFC 6838, section 4.2), the slash, and room for parameters.
const MAX_TYPE: usize = 400;
/// The longest content id in bytes.
const MAX_CONTENT_ID: usize = 255;

/// A file that goes with a message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attachment {
    /// Its file name, without a path.
    pub name: String,
    /// Its media type.
    pub content_type: String,
    /// By what the HTML refers to it (`cid:`), without angle brackets; may be empty.
    pub content_id: String,
    /// Whether it is shown within the HTML rather than beside it.
    pub inline: bool,
    /// Its bytes.
    pub data: Bytes,
}

impl Attachment {
    /// The file `data` called `name`; without a media type the one that its name stands for.
    ///
    /// # Errors
    /// A [`Refusal`] of `name` or `content_type`.
    pub fn new(
        name: impl Into<String>,
        content_type: Option<String>,
        data: impl Into<Bytes>,
    ) -> Result<Self, Refusal> {
        let name = name.into();
        check_name(&name).map_err(|why| Refusal::new("name", why))?;
        let content_type = content_type.unwrap_or_else(|| media_type(&name).to_owned());
        check_type(&content_type).map_err(|why| Refusal::new("content_type", why))?;
        Ok(Self { name, content_type, content_id: String::new(), inline: false, data: data.into() })
    }

    /// With what the HTML calls it.
    ///
    /// # Errors
    /// A [`Refusal`] of `content_id`.
    pub fn called(mut self, content_id: String, inline: bool) -> Result<Self, Refusal> {
        let sound = |b: u8| b.is_ascii_graphic() && !b"<>\"()\\".contains(&b);
        if !(1..=MAX_CONTENT_ID).contains(&content_id.len()) || !content_id.bytes().all(sound) {
            let why = format!(
                "must be 1 to {MAX_CONTENT_ID} visible ASCII characters without angle brackets, like \"logo@shop\""
            );
            return Err(Refusal::new("content_id", why));
        }
        self.content_id = content_id;
        self.inline = inline;
        Ok(self)
    }

    /// What a driver is given.
    #[must_use]
    pub fn part(&self) -> Part<'_> {
        let mut part = Part::new(&self.name, &self.content_type, &self.data);
        part.content_id = &self.content_id;
        part.inline = self.inline;
        part
    }
}

fn check_name(name: &str) -> Result<(), String> {
    if !(1..=MAX_NAME).contains(&name.len()) {
        return Err(format!("has {} bytes: a file name has 1 to {MAX_NAME}", name.len()));
    }
    if name.contains(['/', '\\']) || name == "." || name == ".." {
        return Err("must be a file name without a path, like \"report.pdf\"".to_owned());
    }
    if name.chars().any(|c| c.is_control() || turns(c)) {
        return Err("has a control character, or one that turns the direction of text".to_owned());
    }
    Ok(())
}

/// Characters that show `gpj.exe` as `exe.jpg` (Unicode Standard Annex 9, section 2).
const fn turns(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// `type/subtype` with parameters of visible ASCII (RFC 2045, section 5.1).
fn check_type(written: &str) -> Result<(), String> {
    let essence = written.split(';').next().unwrap_or_default().trim_end();
    let named = |name: &str| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b))
    };
    let sound = written.len() <= MAX_TYPE
        && written.bytes().all(|b| b == b' ' || b.is_ascii_graphic())
        && essence.split_once('/').is_some_and(|(kind, subtype)| named(kind) && named(subtype));
    if sound { Ok(()) } else { Err("must be a media type, like \"application/pdf\"".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> Result<Attachment, Refusal> {
        Attachment::new(name, None, "x")
    }

    #[test]
    fn a_name_has_no_path_and_no_disguise() {
        for good in ["report.pdf", "Übersicht 2026.txt", "..x", &"n".repeat(255)] {
            assert!(named(good).is_ok(), "{good}");
        }
        for bad in ["", ".", "..", "a/b", "a\\b", "a\r\nb", "a\0", "\u{202e}gpj.exe", &"n".repeat(256)] {
            assert_eq!(named(bad).unwrap_err().at, "name", "{bad}");
        }
    }

    #[test]
    fn a_media_type_is_the_writers_or_the_names() {
        assert_eq!(named("a.PDF").unwrap().content_type, "application/pdf");
        let typed = |kind: &str| Attachment::new("a.pdf", Some(kind.to_owned()), "x");
        assert_eq!(typed("text/csv; charset=utf-8").unwrap().content_type, "text/csv; charset=utf-8");
        for bad in ["", "pdf", "a/", "/b", "a b/c", "a/b\r\nBcc: x", "a/b; x=ü"] {
            assert_eq!(typed(bad).unwrap_err().at, "content_type", "{bad}");
        }
    }

    #[test]
    fn a_content_id_stands_between_angle_brackets() {
        let called = |id: &str| named("a").unwrap().called(id.to_owned(), true);
        let part = called("logo@shop").unwrap();
        assert!(part.part().content_id == "logo@shop" && part.part().inline);
        for bad in ["", "<a>", "a b", "a\r\n", "é", &"i".repeat(256)] {
            assert_eq!(called(bad).unwrap_err().at, "content_id", "{bad}");
        }
    }
}
