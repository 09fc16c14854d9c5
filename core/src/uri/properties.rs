//! What holds for every URI, whatever somebody sends.

use proptest::prelude::*;

use super::subscriber::SubscriberUri;

/// Any text is read or refused; what is read has a canonical form that is read as the same.
fn check_any(text: &str) {
    match SubscriberUri::parse(text) {
        Err(error) => {
            assert!((1..=text.chars().count() + 1).contains(&error.column), "{text:?}: {error}");
            assert!(!error.part.is_empty() && !error.why.is_empty(), "{text:?}: {error}");
        }
        Ok(uri) => {
            assert_eq!(uri.written(), text);
            assert!(!uri.addresses().is_empty() && !uri.destination().is_empty(), "{text:?}");
            let again = SubscriberUri::parse(uri.canonical())
                .unwrap_or_else(|error| panic!("{text:?} became {:?}: {error}", uri.canonical()));
            assert_eq!(again.canonical(), uri.canonical(), "{text:?}");
            assert_eq!(again.form(), uri.form(), "{text:?}");
            assert_eq!((again.redacted(), again.addresses()), (uri.redacted(), uri.addresses()), "{text:?}");
            assert_eq!(again.destination(), uri.destination(), "{text:?}");
        }
    }
}

/// A password in `text` stays where it is: in what was written, the canonical form, and the address made of it.
fn check_secret(text: &str, password: &str) {
    match SubscriberUri::parse(text) {
        Err(error) => assert!(!error.to_string().contains(password), "{error}"),
        Ok(uri) => {
            let seen =
                format!("{} {} {} {uri:?} {:?}", uri.shown(), uri.redacted(), uri.destination(), uri.form());
            assert!(!seen.contains(password), "{seen}");
        }
    }
}

/// Texts near the grammars: how they begin, their delimiters, and what is put between them.
fn near() -> impl Strategy<Value = String> {
    let begun = prop::sample::select(vec![
        "",
        "mailto:",
        "mailto:a@b.c",
        "mailto:a@b.c?subject=",
        "mailto:a@",
        "http://",
        "https://h/",
        "trust+http://",
        "Trust+HTTPS://h/",
        "sms:",
        "sms:+1555",
        "sms:1;phone-context=+1",
        "sms:+1?body=",
        "log:",
        "slack://",
        "x:",
    ]);
    let token = prop_oneof![
        "[a-zA-Z0-9._+-]{0,6}",
        "[@:/?#&=,;%\\[\\]()\"\\\\ .]{1,2}",
        "%[0-9A-Fa-f]{2}",
        prop::sample::select(vec![
            "?subject=",
            "&body=",
            "&cc=a@b.c",
            ",a@d.e",
            ";phone-context=+1",
            ",+1-555",
            "%0D%0A"
        ])
        .prop_map(str::to_owned),
        "(%C3%A9|%E3%80%82|%F0%9F%98%80|%C2%AD|%E2%80%8D){1,2}",
        "\\PC{0,3}",
        ".{0,2}",
    ];
    (begun, prop::collection::vec(token, 0..6))
        .prop_map(|(begun, tokens)| format!("{begun}{}", tokens.concat()))
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        check_any(&text);
    }

    #[test]
    fn anything_near_a_uri_is_read_or_refused(text in near()) {
        check_any(&text);
    }

    #[test]
    fn trust_changes_nothing_but_the_scheme(https: bool, rest in "//.{0,12}|//[a-z0-9.:@/?#%\\[\\]]{0,20}|.{0,8}") {
        let plain = format!("{}:{rest}", if https { "https" } else { "http" });
        let (one, other) = (SubscriberUri::parse(&plain), SubscriberUri::parse(&format!("trust+{plain}")));
        match (one, other) {
            (Ok(one), Ok(other)) => {
                prop_assert_eq!(format!("trust+{}", one.canonical()), other.canonical());
                prop_assert_eq!(format!("trust+{}", one.redacted()), other.redacted());
                prop_assert_eq!(format!("trust+{}", one.destination()), other.destination());
                prop_assert!(other.is_by_trust() && !one.is_by_trust());
            }
            (Err(one), Err(other)) => {
                prop_assert_eq!((one.part, one.column + "trust+".len(), one.why), (other.part, other.column, other.why));
            }
            (one, other) => prop_assert!(false, "{:?} but {:?}", one, other),
        }
    }

    #[test]
    fn a_password_is_never_shown(
        scheme in prop::sample::select(vec!["http", "https", "trust+http", "trust+https", "nats", "mailto", "sms", "log"]),
        password in "[a-z@:%]{0,3}s3cr3t[a-z@:]{0,3}",
        after in "[a-z0-9.:@/?#%\\\\]{0,12}",
    ) {
        check_secret(&format!("{scheme}://ann:{password}@{after}"), "s3cr3t");
    }
}
