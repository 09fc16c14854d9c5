//! RFC 6068: `mailto:`.
//!
//! Addr-specs in the path and in `to`, `cc` and `bcc` are recipients; `subject` and `body` are taken; every other
//! header field is ignored (section 4, unsafe headers). `+` is a plus and `;` separates nothing.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{
    address::Address,
    error::UriError,
    piece::Piece,
    reading::{Form, Reading},
    recipients::Recipients,
};

/// What the canonical form writes as it is: unreserved, and those of `some-delims` that separate nothing.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'\'')
    .remove(b'*')
    .remove(b'+');

/// The scheme of mailboxes: who is behind one is a person.
pub const MAIL: &str = "mailto";

/// The URI of the mailbox `address`, `local@domain`, and of nobody else.
#[must_use]
pub fn mailbox(address: &str) -> String {
    let encode = |part| utf8_percent_encode(part, ENCODED).to_string();
    match address.rsplit_once('@') {
        Some((local, domain)) => format!("{MAIL}:{}@{}", encode(local), encode(domain)),
        None => format!("{MAIL}:{}", encode(address)),
    }
}

/// A `mailto:` URI, decoded. An address stands in one of the lists, the first that names it, once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mailto {
    /// The recipients of path and `to` fields.
    pub to: Vec<Address>,
    /// The `cc` fields.
    pub cc: Vec<Address>,
    /// The `bcc` fields.
    pub bcc: Vec<Address>,
    /// The subject.
    pub subject: Option<String>,
    /// The body, lines ended by `\n`.
    pub body: Option<String>,
}

/// Reads what follows `mailto:`.
pub(super) fn read(rest: Piece<'_>) -> Result<Reading, UriError> {
    rest.without_fragment()?;
    let (path, query) = rest.until(&['?']);
    let mut lists = [vec![path], Vec::new(), Vec::new()];
    let mut mailto = Mailto::default();
    for field in
        query.strip_prefix("?").into_iter().flat_map(|query| query.split('&')).filter(|one| !one.is_empty())
    {
        let (name, value) = field.split_once('=').ok_or_else(|| {
            field
                .refuse("header fields", "a field without `=`")
                .fix("write name=value, and %26 for an ampersand in a value")
        })?;
        let name = name.decode("header fields")?.text().to_ascii_lowercase();
        match (name.as_str(), &mut lists) {
            ("to", [to, ..]) => to.push(value),
            ("cc", [_, cc, _]) => cc.push(value),
            ("bcc", [.., bcc]) => bcc.push(value),
            ("subject", _) => {
                once(&mut mailto.subject, "subject", field, value.decode("subject")?.line("subject")?)?
            }
            ("body", _) => once(&mut mailto.body, "body", field, value.decode("body")?.lines("body")?)?,
            _ => value.check("header fields")?,
        }
    }
    let mut recipients = Recipients::default();
    let [to, cc, bcc] = lists.map(|pieces| addresses(&mut recipients, &pieces));
    (mailto.to, mailto.cc, mailto.bcc) = (to?, cc?, bcc?);
    if recipients.is_empty() {
        return Err(path
            .refuse("recipients", "none")
            .fix("write at least one address: mailto:ann@example.org"));
    }
    Ok(reading(mailto))
}

/// Sets `slot`, which the URI may give once: with two values it would depend on the reader which one counts.
pub(super) fn once(
    slot: &mut Option<String>,
    part: &str,
    field: Piece<'_>,
    value: String,
) -> Result<(), UriError> {
    if slot.replace(value).is_some() {
        return Err(field.refuse(part, "given twice").fix("write it once"));
    }
    Ok(())
}

/// The new addresses of comma-separated lists; an empty list has none.
fn addresses(recipients: &mut Recipients, lists: &[Piece<'_>]) -> Result<Vec<Address>, UriError> {
    let mut new = Vec::new();
    for piece in lists.iter().filter(|list| !list.is_empty()).flat_map(|list| list.split(',')) {
        let part = recipients.next_part();
        let address = address(&part, piece)?;
        if recipients.admit(&part, piece.column(), address.to_string())? {
            new.push(address);
        }
    }
    Ok(new)
}

fn address(part: &str, piece: Piece<'_>) -> Result<Address, UriError> {
    if piece.is_empty() {
        return Err(piece.refuse(part, "empty").fix("write an address between commas"));
    }
    if let Some((c, column)) = piece.find(|c| "/?&;=".contains(c)) {
        let error = UriError::character(part, column, c);
        return Err(if c == ';' {
            error.fix("recipients are separated by commas; write %3B for a semicolon")
        } else {
            error
        });
    }
    Address::read(part, piece.decode(part)?)
}

fn reading(mailto: Mailto) -> Reading {
    let redacted = written(&mailto, None, None);
    Reading {
        canonical: written(&mailto, mailto.subject.as_deref(), mailto.body.as_deref()),
        redacted,
        addresses: [&mailto.to, &mailto.cc, &mailto.bcc]
            .into_iter()
            .flatten()
            .map(ToString::to_string)
            .collect(),
        destination: "mailto".to_owned(),
        form: Form::Mailto(mailto),
    }
}

fn written(mailto: &Mailto, subject: Option<&str>, body: Option<&str>) -> String {
    let fields = [
        ("cc", listed(&mailto.cc)),
        ("bcc", listed(&mailto.bcc)),
        ("subject", subject.map(encode)),
        ("body", body.map(encode_lines)),
    ];
    let fields: Vec<String> =
        fields.into_iter().filter_map(|(name, value)| value.map(|value| format!("{name}={value}"))).collect();
    let question = if fields.is_empty() { "" } else { "?" };
    format!("mailto:{}{question}{}", listed(&mailto.to).unwrap_or_default(), fields.join("&"))
}

fn listed(addresses: &[Address]) -> Option<String> {
    let encoded = |address: &Address| format!("{}@{}", encode(&address.local), encode(&address.domain));
    (!addresses.is_empty()).then(|| addresses.iter().map(encoded).collect::<Vec<_>>().join(","))
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

/// Text with its line breaks as RFC 6068 section 5 writes them.
pub(super) fn encode_lines(text: &str) -> String {
    encode(&text.replace('\n', "\r\n"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        SubscriberUri,
        uri::{Address, Form, Mailto, UriError},
    };

    fn parse(text: &str) -> SubscriberUri {
        SubscriberUri::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    fn mailto(text: &str) -> Mailto {
        match parse(text).form() {
            Form::Mailto(mailto) => mailto.clone(),
            other => panic!("{other:?}"),
        }
    }

    fn refused(text: &str) -> UriError {
        SubscriberUri::parse(text).expect_err(text)
    }

    fn strings(addresses: &[Address]) -> Vec<String> {
        addresses.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn mailto_with_two_recipients_is_two_addresses() {
        assert_eq!(parse("mailto:a@x.org,b@y.org").addresses(), ["a@x.org", "b@y.org"]);
    }

    // RFC 6068 section 2: three ways to write the same two recipients.
    #[test]
    fn recipients_of_path_and_to_are_one_list() {
        let uris = ["mailto:a@x.org,b@x.org", "mailto:?to=a@x.org,b@x.org", "mailto:a@x.org?to=b@x.org"];
        for text in uris {
            assert_eq!(parse(text).canonical(), "mailto:a@x.org,b@x.org");
        }
    }

    // Examples of RFC 6068 sections 6.1 to 6.3.
    #[test]
    fn the_examples_of_the_rfc_are_read() {
        let plain = mailto("mailto:list@example.org?In-Reply-To=%3C3469A91.D10AF4C@example.com%3E");
        assert_eq!((plain.subject, plain.body), (None, None));
        let lines = mailto("mailto:infobot@example.com?body=send%20current-issue%0D%0Asend%20index");
        assert_eq!(lines.body.as_deref(), Some("send current-issue\nsend index"));
        let quoted = mailto("mailto:%22oh%5C%5Cno%22@example.org");
        assert_eq!(quoted.to[0].local, "\"oh\\\\no\"");
        let escaped = mailto("mailto:%22%5C%5C%5C%22it's%5C%20ugly%5C%5C%5C%22%22@example.org");
        assert_eq!(escaped.to[0].local, "\"\\\\\\\"it's\\ ugly\\\\\\\"\"");
        let gorby = mailto("mailto:gorby%25kremvax@example.com");
        assert_eq!(gorby.to[0].local, "gorby%kremvax");
        let unlikely = mailto("mailto:unlikely%3Faddress@example.com?blat=foop");
        assert_eq!(unlikely.to[0].local, "unlikely?address");
        let mike = mailto("mailto:Mike%26family@example.org");
        assert_eq!(mike.to[0].local, "Mike&family");
        let utf8 = mailto("mailto:user@example.org?subject=caf%C3%A9&body=caf%C3%A9");
        assert_eq!(utf8.subject.as_deref(), Some("café"));
        let idn = mailto("mailto:user@%E7%B4%8D%E8%B1%86.example.org?subject=Test&body=NATTO");
        assert_eq!(idn.to[0].domain, "xn--99zt52a.example.org");
    }

    #[test]
    fn field_names_have_no_case_and_unsafe_fields_are_ignored() {
        let read = mailto(
            "mailto:a@x.org?SUBJECT=Hi&Cc=b@x.org&BCC=c@x.org&From=evil@x.org&Content-Type=text&keywords=k",
        );
        assert_eq!(read.subject.as_deref(), Some("Hi"));
        assert_eq!((strings(&read.cc), strings(&read.bcc)), (vec!["b@x.org".into()], vec!["c@x.org".into()]));
        let canonical = parse("mailto:a@x.org?From=evil@x.org&Date=1&X-Y=%00").canonical().to_owned();
        assert_eq!(canonical, "mailto:a@x.org");
    }

    #[test]
    fn a_plus_is_a_plus_and_a_semicolon_separates_nothing() {
        let read = mailto("mailto:a+b@x.org?subject=1+1;cc=b@x.org");
        assert_eq!((read.to[0].local.as_str(), read.subject.as_deref()), ("a+b", Some("1+1;cc=b@x.org")));
        assert!(read.cc.is_empty());
        let error = refused("mailto:a@x.org;b@x.org");
        assert_eq!((error.part.as_str(), error.column), ("recipient 1", 15));
        assert!(error.fix.contains("comma"));
    }

    #[test]
    fn an_address_counts_once_where_it_stands_first() {
        let uri = parse("mailto:a@x.org,a@X.org?cc=b@x.org,a@x.org&bcc=b@x.org&cc=A@x.org");
        assert_eq!(uri.addresses(), ["a@x.org", "b@x.org", "A@x.org"]);
        assert_eq!(uri.canonical(), "mailto:a@x.org?cc=b@x.org,A@x.org");
    }

    #[test]
    fn subject_and_body_are_canonical_but_redacted() {
        let uri = parse("MAILTO:Ann@X.org?body=a%0Ab&subject=caf%c3%a9%20au%20lait&cc=b@x.org");
        assert_eq!(
            uri.canonical(),
            "mailto:Ann@x.org?cc=b@x.org&subject=caf%C3%A9%20au%20lait&body=a%0D%0Ab"
        );
        assert_eq!(uri.redacted(), "mailto:Ann@x.org?cc=b@x.org");
        assert_eq!(uri.destination(), "mailto");
    }

    #[test]
    fn recipients_may_stand_in_bcc_alone() {
        assert_eq!(parse("mailto:?bcc=a@x.org").canonical(), "mailto:?bcc=a@x.org");
    }

    #[test]
    fn what_would_forge_or_inject_is_refused() {
        for (text, part, column) in [
            ("mailto:a@x.org?subject=Hi%0D%0ABcc:%20evil@x.org", "subject", 26),
            ("mailto:a@x.org?subject=Hi%0Ax", "subject", 26),
            ("mailto:a@x.org?subject=%00", "subject", 24),
            ("mailto:a@x.org?subject=%C2%85", "subject", 24),
            ("mailto:a%0D%0A@x.org", "recipient 1", 9),
            ("mailto:a@x.org?cc=b@x.org%0D%0ABcc:c@x.org", "recipient 2", 26),
            ("mailto:a@x.org?bcc=b@x.org%0A", "recipient 2", 27),
            ("mailto:a@x.org?body=%00", "body", 21),
        ] {
            let error = refused(text);
            assert_eq!((error.part.as_str(), error.column), (part, column), "{text}: {error}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_its_column() {
        for (text, part, column) in [
            ("mailto:", "recipients", 8),
            ("mailto:?subject=x", "recipients", 8),
            ("mailto:a@x.org,,b@x.org", "recipient 2", 16),
            ("mailto:a@x.org,", "recipient 2", 16),
            ("mailto:a@x.org, b@x.org", "recipient 2", 16),
            ("mailto:a@x.org,ann", "recipient 2", 16),
            ("mailto:a@x.org?cc=ann", "recipient 2", 19),
            ("mailto:a&cc=b@x.org", "recipient 1", 9),
            ("mailto://a@x.org", "recipient 1", 8),
            ("mailto:a@x.org#top", "fragment", 15),
            ("mailto:a@x.org?subject=a#top", "fragment", 25),
            ("mailto:a@x.org?subject=a b", "subject", 25),
            ("mailto:a@x.org?subject=100%", "subject", 27),
            ("mailto:a@x.org?subject=%2", "subject", 24),
            ("mailto:a@x.org?subject=%E9", "subject", 24),
            ("mailto:a@x.org?x=%E", "header fields", 18),
            ("mailto:a@x.org?subject", "header fields", 16),
            ("mailto:a@x.org?subject=a&Subject=b", "subject", 26),
            ("mailto:a@x.org?body=a&body=b", "body", 23),
        ] {
            let error = refused(text);
            assert_eq!((error.part.as_str(), error.column), (part, column), "{text}: {error}");
        }
    }

    #[test]
    fn the_number_of_recipients_is_limited() {
        let many = |count: usize| (0..count).map(|i| format!("a{i}@x.org")).collect::<Vec<_>>().join(",");
        assert_eq!(parse(&format!("mailto:{}", many(100))).addresses().len(), 100);
        assert_eq!(refused(&format!("mailto:{}", many(101))).part, "recipient 101");
        let same = vec!["a@x.org"; 101].join(",");
        assert_eq!(parse(&format!("mailto:{same}")).addresses(), ["a@x.org"]);
    }

    fn encode_all(text: &str) -> String {
        text.bytes().map(|byte| format!("%{byte:02x}")).collect()
    }

    proptest! {
        #[test]
        fn a_mailto_that_was_written_is_read_back(
            locals in prop::collection::hash_set("[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,12}|é[a-z]|\"[ -!#-\\[\\]-~]{1,9}\"", 1..6),
            subject in prop::option::of("[^\\p{Cc}]{0,20}"),
            body in prop::option::of("[^\\p{Cc}]{0,9}\n?[^\\p{Cc}]{0,9}"),
            split in 0_usize..6,
        ) {
            let want: Vec<String> = locals.iter().map(|local| format!("{local}@example.org")).collect();
            let encoded: Vec<String> = want.iter().map(|address| encode_all(address)).collect();
            let (to, cc) = encoded.split_at(split.min(encoded.len()));
            let mut text = format!("mailto:{}?cc={}", to.join(","), cc.join(","));
            for (name, value) in [("subject", &subject), ("body", &body)] {
                if let Some(value) = value {
                    text = format!("{text}&{name}={}", encode_all(value));
                }
            }
            let uri = SubscriberUri::parse(&text).unwrap();
            prop_assert_eq!(uri.addresses(), want);
            let Form::Mailto(read) = uri.form() else { panic!("{uri:?}") };
            prop_assert_eq!((&read.subject, &read.body), (&subject, &body));
            let again = SubscriberUri::parse(uri.canonical()).unwrap();
            prop_assert_eq!((again.form(), again.canonical()), (uri.form(), uri.canonical()));
        }
    }
}
