//! RFC 3986 section 3.2: the authority behind `//`.

use super::piece::Piece;

/// `//userinfo@host:port` and what follows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Authority<'a> {
    pub(super) userinfo: Option<Piece<'a>>,
    /// With its brackets, where it is an IP literal.
    pub(super) host: Piece<'a>,
    pub(super) port: Option<Piece<'a>>,
    /// Path, query and fragment.
    pub(super) after: Piece<'a>,
}

impl<'a> Authority<'a> {
    /// The authority at the front of what follows the scheme.
    pub(super) fn of(rest: Piece<'a>) -> Option<Self> {
        let (authority, after) = rest.strip_prefix("//")?.until(&['/', '?', '#']);
        // The last `@` counts, as WHATWG has it: a password with an `@` in it is masked whole.
        let (userinfo, place) = match authority.rsplit_once('@') {
            Some((userinfo, place)) => (Some(userinfo), place),
            None => (None, authority),
        };
        let (host, port) = match place.rsplit_once(':') {
            Some((host, port)) if !port.text().contains(']') => (host, Some(port)),
            _ => (place, None),
        };
        Some(Self { userinfo, host, port, after })
    }

    /// `host:port` as it was written.
    pub(super) fn place(self) -> String {
        let port = self.port.map_or_else(String::new, |port| format!(":{}", port.text()));
        format!("{}{port}", self.host.text())
    }
}

/// `text` with the password of its userinfo shown as `***`.
pub(super) fn masked(text: &str) -> String {
    let unmasked = || text.to_owned();
    let Some((scheme, rest)) = Piece::whole(text).split_once(':') else { return unmasked() };
    let Some(authority) = Authority::of(rest) else { return unmasked() };
    match authority.userinfo.and_then(|userinfo| userinfo.split_once(':')) {
        Some((user, password)) if !password.is_empty() => {
            let (place, after) = (authority.place(), authority.after.text());
            format!("{}://{}:***@{place}{after}", scheme.text(), user.text())
        }
        _ => unmasked(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_password_is_masked() {
        for (text, want) in [
            ("http://ann:s3cret@h:80/p?q#f", "http://ann:***@h:80/p?q#f"),
            ("trust+http://ann:a@b:c@[::1]:80/p", "trust+http://ann:***@[::1]:80/p"),
            ("http://:x@h", "http://:***@h"),
            ("http://ann:@h/", "http://ann:@h/"),
            ("http://ann@h/a:b@c", "http://ann@h/a:b@c"),
            ("http://h/?u=a:b@c", "http://h/?u=a:b@c"),
            ("mailto:a@b.c", "mailto:a@b.c"),
        ] {
            assert_eq!(masked(text), want);
        }
    }
}
