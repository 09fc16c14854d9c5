//! RFC 2369 section 3.2 and RFC 8058: how the recipients of a mail leave.

use nuncio_plugin_sdk::Notice;

/// The message header with the addresses, as RFC 2369 has them: each in angle brackets.
const ADDRESSES: &str = "list-unsubscribe";
/// The message header of RFC 8058.
const POST: &str = "list-unsubscribe-post";
/// The only value that RFC 8058 knows.
const ONE_CLICK: &str = "List-Unsubscribe=One-Click";
/// The longest header in bytes: with its name it is one line (RFC 5322, section 2.1.1).
const LONGEST: usize = 960;

/// Where the recipients of a mail leave, if its message says so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Leaving<'a> {
    addresses: Option<&'a str>,
    one_click: bool,
}

impl<'a> Leaving<'a> {
    /// What the headers of the message say. What does not look like it is left out: a header must not end another one.
    pub(super) fn of(notice: &Notice<'a>) -> Self {
        let headers = notice.meta.headers;
        let addresses = headers.get(ADDRESSES).map(String::as_str).filter(|text| is_list(text));
        let one_click = addresses.is_some_and(|text| text.starts_with("<https:"))
            && headers.get(POST).is_some_and(|text| text == ONE_CLICK);
        Self { addresses, one_click }
    }

    /// The header fields.
    pub(super) fn headers(self) -> impl Iterator<Item = (&'static str, &'a str)> {
        let addresses = self.addresses.map(|text| ("List-Unsubscribe", text));
        addresses.into_iter().chain(self.one_click.then_some(("List-Unsubscribe-Post", ONE_CLICK)))
    }
}

fn is_list(text: &str) -> bool {
    let one = |part: &str| {
        let inner = part.trim_matches(' ').strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
        inner.is_some_and(|uri| {
            ["https:", "http:", "mailto:"].iter().any(|scheme| uri.starts_with(scheme))
                && uri.bytes().all(|b| b.is_ascii_graphic() && b != b'<' && b != b'>')
        })
    };
    text.len() <= LONGEST && text.split(',').all(one)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use nuncio_plugin_sdk::{Options, SubscriberUri};
    use proptest::prelude::*;

    use super::*;

    fn fields(headers: &[(&str, &str)]) -> Vec<(String, String)> {
        let headers: BTreeMap<_, _> =
            headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let (uri, options) = (SubscriberUri::parse("mailto:a@x.example").unwrap(), Options::default());
        let mut notice = Notice::new("id", &uri, &[], &options);
        notice.meta.headers = &headers;
        Leaving::of(&notice).headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    #[test]
    fn one_click_goes_with_a_safe_address_alone() {
        let post = ("list-unsubscribe-post", ONE_CLICK);
        let safe = fields(&[("list-unsubscribe", "<https://h/u?a=b>"), post]);
        assert_eq!(
            safe.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
            ["List-Unsubscribe", "List-Unsubscribe-Post"]
        );
        assert_eq!(fields(&[("list-unsubscribe", "<http://h/u>"), post]).len(), 1);
        assert_eq!(fields(&[post]), []);
        assert_eq!(fields(&[("list-unsubscribe", "<https://h/u>"), ("list-unsubscribe-post", "x")]).len(), 1);
    }

    #[test]
    fn what_is_no_list_of_addresses_is_left_out() {
        for bad in [
            "",
            "https://h/u",
            "<ftp://h>",
            "<https://h/\r\nBcc: x>",
            "<https://h/a b>",
            "<https://h>, x",
            "<https://é>",
        ] {
            assert_eq!(fields(&[("list-unsubscribe", bad)]), [], "{bad}");
        }
        assert_eq!(fields(&[("list-unsubscribe", "<mailto:u@h>, <https://h/u>")]).len(), 1);
    }

    proptest! {
        #[test]
        fn a_field_is_one_line(text in "<https:[ -~\\r\\n]{0,30}>|\\PC{0,40}") {
            for (_, value) in fields(&[("list-unsubscribe", &text)]) {
                prop_assert!(value.bytes().all(|b| b.is_ascii_graphic() || b == b' '));
            }
        }
    }
}
