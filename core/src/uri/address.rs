//! RFC 5321 section 4.1.2 and RFC 6531: mail addresses.

use std::{
    fmt,
    net::{Ipv4Addr, Ipv6Addr},
};

use idna::AsciiDenyList;

use super::{decoded::Decoded, error::UriError};

const MAX_LOCAL_BYTES: usize = 64;
const MAX_DOMAIN_BYTES: usize = 253;
const MAX_LABEL_BYTES: usize = 63;

/// A mail address: the local part as it is, the domain in lower-case A-labels.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// Before the `@`, decoded; its case and its quotes are kept.
    pub local: String,
    /// After the `@`, lower case, A-labels; or an address literal in brackets.
    pub domain: String,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.local, self.domain)
    }
}

impl Address {
    /// Reads an addr-spec: no display name, no comment, no folding.
    pub(super) fn read(part: &str, written: Decoded) -> Result<Self, UriError> {
        written.line(part)?;
        let start = written.clone();
        let no_at = || start.refuse(part, "no `@`").fix("write local@domain, without a display name");
        let (local, domain) = written.rsplit_once('@').ok_or_else(no_at)?;
        Ok(Self { local: self::local(part, &local)?, domain: self::domain(part, &domain)? })
    }
}

fn local(part: &str, written: &Decoded) -> Result<String, UriError> {
    let text = written.text();
    if text.is_empty() {
        return Err(written.refuse(part, "nothing before the `@`"));
    }
    if text.len() > MAX_LOCAL_BYTES {
        return Err(written.refuse(part, format!("a local part of more than {MAX_LOCAL_BYTES} bytes")));
    }
    if text.starts_with('"') {
        return if is_quoted(&text) {
            Ok(text)
        } else {
            Err(written.refuse(part, "a quoted local part that is not one"))
        };
    }
    if let Some((c, column)) = written.find(|c| c != '.' && !is_atext(c)) {
        return Err(stray(part, column, c));
    }
    if text.split('.').any(str::is_empty) {
        return Err(written.refuse(part, "a dot at the edge of the local part, or two together"));
    }
    Ok(text)
}

fn stray(part: &str, column: usize, c: char) -> UriError {
    let fix = match c {
        ',' => "write a plain comma between recipients; a local part with a comma stands in %22 quotes"
            .to_owned(),
        '<' | '>' | ' ' => "write the address alone, without a display name".to_owned(),
        _ => "a local part with such a character stands in %22 quotes".to_owned(),
    };
    UriError::new(part, column, format!("`{c}` in a local part without quotes")).fix(fix)
}

/// `atext` of RFC 5322 section 3.2.3, and beyond ASCII as RFC 6531 section 3.3 has it.
fn is_atext(c: char) -> bool {
    match c {
        c if c.is_ascii() => c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c),
        c => !c.is_whitespace(),
    }
}

/// `Quoted-string` of RFC 5321 section 4.1.2, in text without control characters.
fn is_quoted(text: &str) -> bool {
    let Some(inner) = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) else { return false };
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        let ok = match c {
            '"' => false,
            '\\' => chars.next().is_some(),
            _ => true,
        };
        if !ok {
            return false;
        }
    }
    !inner.is_empty()
}

fn domain(part: &str, written: &Decoded) -> Result<String, UriError> {
    let text = written.text();
    if text.is_empty() {
        return Err(written.refuse(part, "nothing behind the `@`").fix("write the domain of the recipient"));
    }
    if let Some(literal) = text.strip_prefix('[') {
        return literal.strip_suffix(']').and_then(self::literal).ok_or_else(|| {
            written
                .refuse(part, "not an address literal")
                .fix("write [192.0.2.1] or [IPv6:2001:db8::1], or a domain")
        });
    }
    if text.parse::<Ipv4Addr>().is_ok() {
        return Err(written
            .refuse(part, "an IPv4 address in place of a domain")
            .fix(format!("write [{text}]")));
    }
    let ascii = idna::domain_to_ascii_cow(text.as_bytes(), AsciiDenyList::STD3).map_err(|_| {
        written.refuse(part, "not a domain name").fix("write letters, digits, hyphens and dots")
    })?;
    if !is_name(&ascii) {
        return Err(written
            .refuse(part, "not a domain name: a label is empty, too long, or has a hyphen at its edge"));
    }
    Ok(ascii.into_owned())
}

/// Whether every label has 1 to 63 letters, digits and inner hyphens (RFC 1123 section 2.1).
fn is_name(ascii: &str) -> bool {
    ascii.len() <= MAX_DOMAIN_BYTES
        && ascii.split('.').all(|label| {
            (1..=MAX_LABEL_BYTES).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
        })
}

/// `address-literal` of RFC 5321 section 4.1.3, without general ones.
fn literal(text: &str) -> Option<String> {
    let tag = text.get(..5).filter(|tag| tag.eq_ignore_ascii_case("IPv6:"));
    match tag {
        Some(_) => text.get(5..)?.parse::<Ipv6Addr>().ok().map(|v6| format!("[IPv6:{v6}]")),
        None => text.parse::<Ipv4Addr>().ok().map(|v4| format!("[{v4}]")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::uri::piece::Piece;

    fn read(text: &str) -> Result<String, UriError> {
        Address::read("recipient 1", Decoded::read(Piece::whole(text).text(), 1).unwrap())
            .map(|one| one.to_string())
    }

    #[test]
    fn the_domain_is_normalised_and_the_local_part_is_kept() {
        for (text, want) in [
            ("Ann.B+x@Example.ORG", "Ann.B+x@example.org"),
            ("root@localhost", "root@localhost"),
            ("a@bücher.example", "a@xn--bcher-kva.example"),
            ("a@B%C3%9CCHER.example", "a@xn--bcher-kva.example"),
            ("jürgen@example.org", "jürgen@example.org"),
            ("a%40example.org", "a@example.org"),
            ("%22not%40me%22@example.org", "\"not@me\"@example.org"),
            ("%22a%20b%5C%22%2C%22@example.org", "\"a b\\\",\"@example.org"),
            ("a@[192.0.2.1]", "a@[192.0.2.1]"),
            ("a@[ipv6:2001:DB8::1]", "a@[IPv6:2001:db8::1]"),
        ] {
            assert_eq!(read(text).unwrap(), want, "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_at_its_column() {
        for (text, column) in [
            ("ann", 1),
            ("@example.org", 1),
            ("ann@", 5),
            ("a@b@c.d", 2),
            ("a..b@c.d", 1),
            (".a@c.d", 1),
            ("ann%20b@c.d", 4),
            ("Ann%20%3Ca@c.d%3E", 4),
            ("a@b%2Cc@d.e", 2),
            ("a%00@c.d", 2),
            ("%22a@c.d", 1),
            ("%22%22@c.d", 1),
            ("%22a%0D%22@c.d", 5),
            ("a@-b.c", 3),
            ("a@b..c", 3),
            ("a@b.c.", 3),
            ("a@b_c.d", 3),
            ("a@192.0.2.1", 3),
            ("a@[192.0.2]", 3),
            ("a@[IPv6:x]", 3),
            ("a@[é]", 3),
            ("a@b%0Ac.d", 4),
        ] {
            let error = read(text).unwrap_err();
            assert_eq!(error.column, column, "{text}: {error}");
        }
    }

    #[test]
    fn the_lengths_are_limited() {
        assert!(
            read(&format!("{}@b.c", "a".repeat(64))).is_ok()
                && read(&format!("{}@b.c", "a".repeat(65))).is_err()
        );
        assert!(
            read(&format!("a@{}.c", "b".repeat(63))).is_ok()
                && read(&format!("a@{}.c", "b".repeat(64))).is_err()
        );
        assert!(read(&format!("a@{}c", "b.".repeat(130))).is_err());
    }
}
