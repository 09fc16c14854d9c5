//! RFC 5322, section 3.4: a mailbox, `ann@example.org` or `Ann <ann@example.org>`.

use lettre::{Address, message::Mailbox};

/// Reads one mailbox. The domain becomes lower-case A-labels (RFC 5890), the local part is kept as it is.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn mailbox(text: &str) -> Result<Mailbox, String> {
    if text.chars().any(char::is_control) {
        return Err("a control character (a line break, a tab) cannot stand in a mail address".to_owned());
    }
    let text = text.trim();
    let Some((name, address)) = text.strip_suffix('>').and_then(|rest| rest.rsplit_once('<')) else {
        return Ok(Mailbox::new(None, address(text)?));
    };
    let name = display_name(name.trim())?;
    Ok(Mailbox::new(Some(name).filter(|name| !name.is_empty()), self::address(address)?))
}

/// Reads one addr-spec, `local@domain`.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn address(text: &str) -> Result<Address, String> {
    let (local, domain) = text.rsplit_once('@').ok_or_else(|| format!("`{text}` has no `@`"))?;
    address_of(local, domain)
}

/// An address of its two halves.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn address_of(local: &str, domain: &str) -> Result<Address, String> {
    let refused = |why: &dyn std::fmt::Display| format!("`{local}@{domain}` is not a mail address: {why}");
    if local.chars().chain(domain.chars()).any(char::is_control) {
        return Err("a control character (a line break, a tab) cannot stand in a mail address".to_owned());
    }
    let domain = if domain.starts_with('[') {
        domain.to_ascii_lowercase()
    } else {
        idna::domain_to_ascii(domain).map_err(|_| refused(&"its domain is not a valid name"))?
    };
    Address::new(local, &domain).map_err(|error| refused(&error))
}

fn display_name(name: &str) -> Result<String, String> {
    if let Some(quoted) = name.strip_prefix('"') {
        let quoted = quoted.strip_suffix('"').ok_or("the quoted name has no closing `\"`")?;
        return unescape(quoted);
    }
    match name.chars().find(|c| "()<>[]:;@\\,\"".contains(*c)) {
        Some(special) => Err(format!("`{special}` in a name needs quotes around the name")),
        None => Ok(name.to_owned()),
    }
}

fn unescape(quoted: &str) -> Result<String, String> {
    let mut out = String::with_capacity(quoted.len());
    let mut chars = quoted.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => return Err("a `\"` inside a quoted name is written `\\\"`".to_owned()),
            '\\' => out.push(chars.next().ok_or("the quoted name ends in a lone `\\`")?),
            other => out.push(other),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_mailbox_may_have_a_name() {
        for (text, name, email) in [
            ("ann@example.org", None, "ann@example.org"),
            ("<ann@example.org>", None, "ann@example.org"),
            ("Ann Lee <ann@example.org>", Some("Ann Lee"), "ann@example.org"),
            ("\"Lee, \\\"A\\\"\" <ann@example.org>", Some("Lee, \"A\""), "ann@example.org"),
            ("Änne <änne@BÜCHER.example>", Some("Änne"), "änne@xn--bcher-kva.example"),
            ("root@localhost", None, "root@localhost"),
            ("ann@[192.0.2.1]", None, "ann@[192.0.2.1]"),
        ] {
            let mailbox = mailbox(text).unwrap();
            assert_eq!(
                (mailbox.name.as_deref(), mailbox.email.to_string().as_str()),
                (name, email),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_not_one_mailbox_is_refused() {
        for text in [
            "",
            "ann",
            "a@b.example, c@d.example",
            "Lee, Ann <ann@example.org>",
            "ann@example.org\r\nBcc: eve@example.org",
            "\"Ann <ann@example.org>",
            "a b@example.org",
            "ann@",
            "@example.org",
            "Ann <ann@example.org> x",
        ] {
            assert!(mailbox(text).is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn no_accepted_mailbox_has_a_control_character(text in "\\PC{0,20}[<@\r\n\"]\\PC{0,20}|(?s).{0,40}") {
            if let Ok(mailbox) = mailbox(&text) {
                prop_assert!(!mailbox.email.to_string().chars().any(char::is_control));
                prop_assert!(!mailbox.name.unwrap_or_default().chars().any(char::is_control));
            }
        }
    }
}
