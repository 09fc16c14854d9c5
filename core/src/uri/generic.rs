//! RFC 3986: any other scheme. Its driver reads more into it.

use super::{
    authority::Authority,
    error::UriError,
    piece::Piece,
    reading::{Form, Reading},
};

/// The scheme in lower case (section 3.1), and what follows its colon.
pub(super) fn scheme(text: &str) -> Result<(String, Piece<'_>), UriError> {
    let whole = Piece::whole(text);
    let missing = || whole.refuse("scheme", "none").fix("write one, like mailto: or https:");
    let (scheme, rest) = whole.split_once(':').ok_or_else(missing)?;
    if scheme.is_empty() {
        return Err(missing());
    }
    let stray = scheme.find(|c| !(c.is_ascii_alphanumeric() || "+-.".contains(c)));
    if let Some((_, column)) =
        stray.or_else(|| scheme.find(|_| true).filter(|(c, _)| !c.is_ascii_alphabetic()))
    {
        return Err(UriError::new("scheme", column, "a character that a scheme cannot have here")
            .fix("write a letter, then letters, digits and + - ."));
    }
    Ok((scheme.text().to_ascii_lowercase(), rest))
}

/// Reads what follows `scheme:`.
pub(super) fn read(scheme: &str, rest: Piece<'_>) -> Result<Reading, UriError> {
    const PART: &str = "uri";
    rest.check(PART)?;
    if let Some((c, column)) = rest.find(|c| !c.is_ascii()) {
        return Err(UriError::character(PART, column, c));
    }
    if let Some((_, fragment)) = rest.split_once('#')
        && let Some((c, column)) = fragment.find(|c| c == '#')
    {
        return Err(UriError::character("fragment", column, c));
    }
    let authority = Authority::of(rest);
    let after = authority.map_or(rest, |authority| authority.after);
    if let Some(authority) = authority {
        check_authority(&authority)?;
    }
    if let Some((c, column)) = after.find(|c| matches!(c, '[' | ']')) {
        return Err(UriError::character(PART, column, c));
    }
    let canonical = format!("{scheme}:{}", rest.text());
    let place = authority.map_or_else(String::new, |authority| format!("//{}", authority.place()));
    Ok(Reading {
        redacted: format!("{scheme}:{place}{}", without_query(after)),
        addresses: vec![canonical.clone()],
        canonical,
        destination: if place.is_empty() { scheme.to_owned() } else { format!("{scheme}:{place}") },
        form: Form::Other,
    })
}

fn without_query(after: Piece<'_>) -> String {
    let (path, rest) = after.until(&['?', '#']);
    format!("{}{}", path.text(), if rest.text().starts_with('?') { "?***" } else { "" })
}

fn check_authority(authority: &Authority<'_>) -> Result<(), UriError> {
    let stray = |piece: Piece<'_>| piece.find(|c| matches!(c, '@' | '[' | ']'));
    if let Some((c, column)) = authority.userinfo.and_then(stray) {
        return Err(UriError::character("userinfo", column, c));
    }
    let host = authority.host;
    let literal = host.text().strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    if let Some(literal) = literal {
        if literal.is_empty() || !literal.chars().all(|c| c.is_ascii_alphanumeric() || ":.".contains(c)) {
            return Err(host.refuse("host", "not an IP literal").fix("write an IPv6 address in brackets"));
        }
    } else if let Some((c, column)) = host.find(|c| matches!(c, '[' | ']' | ':')) {
        return Err(UriError::character("host", column, c));
    }
    match authority.port.filter(|port| !port.is_empty() && port.text().parse::<u16>().is_err()) {
        Some(port) => Err(port.refuse("port", "not a port").fix("write a number up to 65535")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use crate::{SubscriberUri, uri::Form};

    #[test]
    fn any_scheme_is_read_by_its_form() {
        for (text, canonical, redacted, destination) in [
            (
                "Git+HTTP://ann:pw@h:80/p?t=1",
                "git+http://ann:pw@h:80/p?t=1",
                "git+http://h:80/p?***",
                "git+http://h:80",
            ),
            (
                "slack://workspace/C123",
                "slack://workspace/C123",
                "slack://workspace/C123",
                "slack://workspace",
            ),
            ("user:ann", "user:ann", "user:ann", "user"),
            ("matrix:r/room:server#f", "matrix:r/room:server#f", "matrix:r/room:server", "matrix"),
            ("nats://[::1]:4222/a", "nats://[::1]:4222/a", "nats://[::1]:4222/a", "nats://[::1]:4222"),
        ] {
            let uri = SubscriberUri::parse(text).unwrap();
            assert_eq!((uri.canonical(), uri.redacted()), (canonical, redacted));
            assert_eq!((uri.destination().as_str(), uri.form()), (destination, &Form::Other));
            assert_eq!(uri.addresses(), [canonical]);
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_its_column() {
        for (text, part, column) in [
            ("", "scheme", 1),
            ("no scheme", "scheme", 1),
            (":x", "scheme", 1),
            ("1a:x", "scheme", 1),
            ("a_b:x", "scheme", 2),
            (" mailto:a@b.c", "scheme", 1),
            ("é:x", "scheme", 1),
            ("x:a b", "uri", 4),
            ("x:é", "uri", 3),
            ("x:a%2", "uri", 4),
            ("x:{a}", "uri", 3),
            ("x:[a]", "uri", 3),
            ("x:a#b#c", "fragment", 6),
            ("x://h:p/", "port", 7),
            ("x://h:65536/", "port", 7),
            ("x://[]/", "host", 5),
            ("x://[::1/", "host", 5),
            ("x://a:b:1/", "host", 6),
            ("x://a@b@h/", "userinfo", 6),
        ] {
            let error = SubscriberUri::parse(text).expect_err(text);
            assert_eq!((error.part.as_str(), error.column), (part, column), "{text}: {error}");
        }
    }
}
