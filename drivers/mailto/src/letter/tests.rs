//! What a mail looks like, and that nobody forges a header.

use nuncio_plugin_sdk::{
    Content, Meta, Options, SubscriberUri,
    serde_json::{self, Value, json},
};
use proptest::prelude::*;

use super::*;
use crate::mailbox::mailbox;

fn options(value: Value) -> Options {
    serde_json::from_value(value).unwrap()
}

/// The sender of a letter and its source.
fn letter(uri: &str, options: &Options, content: Content<'_>) -> Result<(String, String), Refusal> {
    let (uri, meta) = (SubscriberUri::parse(uri).unwrap(), Meta::default());
    let mut notice = Notice::new("d1", &uri, &[], options);
    notice.created_ms = 784_887_151_999;
    notice.deadline_ms = 1000;
    notice.content_type = "text/plain";
    notice.content = content;
    notice.meta = meta;
    let letter = Letter::of(&notice, &mailbox("Nuncio <nuncio@example.org>").unwrap())?;
    Ok((letter.sender().to_string(), String::from_utf8(letter.source()?).unwrap()))
}

fn source(uri: &str, options: Value, content: Content<'_>) -> String {
    letter(uri, &self::options(options), content).unwrap().1
}

/// The header fields, unfolded.
fn header(source: &str) -> Vec<(String, String)> {
    let head =
        source.split("\r\n\r\n").next().unwrap_or_default().replace("\r\n ", " ").replace("\r\n\t", " ");
    let field = |line: &str| line.split_once(": ").map(|(name, value)| (name.to_owned(), value.to_owned()));
    head.split("\r\n").map(|line| field(line).unwrap_or_else(|| panic!("not a field: {line}"))).collect()
}

#[test]
fn a_text_is_a_plain_mail() {
    let source = source(
        "mailto:a@x.example",
        json!({"reply_to": "Ops <ops@x.example>"}),
        Content::text("one\ntwo\r\n"),
    );
    let expected = [
        ("Date", "Tue, 15 Nov 1994 08:12:31 +0000"),
        ("From", "Nuncio <nuncio@example.org>"),
        ("Message-ID", "<d1@example.org>"),
        ("Subject", "(no subject)"),
        ("Auto-Submitted", "auto-generated"),
        ("Reply-To", "Ops <ops@x.example>"),
        ("To", "a@x.example"),
        ("MIME-Version", "1.0"),
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Transfer-Encoding", "7bit"),
    ];
    assert_eq!(header(&source), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert!(source.contains("\r\n\r\none\r\ntwo\r\n"));
}

#[test]
fn ascii_stands_as_it_is_up_to_the_longest_line() {
    let sent = |length: usize| source("mailto:a@x.example", json!({}), Content::text(&"=".repeat(length)));
    assert!(sent(998).contains(&format!("\r\n\r\n{}\r\n", "=".repeat(998))));
    assert!(!sent(999).contains("Content-Transfer-Encoding: 7bit"));
}

#[test]
fn html_comes_last_beside_its_text() {
    let content = Content::text("plain").with_html("<p>rich</p>");
    let both = source("mailto:a@x.example", json!({}), content);
    assert!(both.contains("Content-Type: multipart/alternative;"));
    assert!(both.find("plain\r\n").unwrap() < both.find("<p>rich</p>").unwrap());
    let alone = source("mailto:a@x.example", json!({}), Content::default().with_html("<p>rich</p>"));
    assert!(alone.contains("Content-Type: text/html"));
}

#[test]
fn the_uris_subject_wins_over_the_options_and_that_over_the_contents() {
    let content = Content::text("x").with_subject("content");
    for (uri, options, expected) in [
        ("mailto:a@x.example?subject=uri", json!({"subject": "option"}), "uri"),
        ("mailto:a@x.example", json!({"subject": "option"}), "option"),
        ("mailto:a@x.example", json!({}), "content"),
        ("mailto:a@x.example?subject=J%C3%BCrgen", json!({}), "=?utf-8?b?SsO8cmdlbg==?="),
    ] {
        let source = source(uri, options, content);
        assert!(source.contains(&format!("\r\nSubject: {expected}\r\n")), "{source}");
    }
}

#[test]
fn the_uris_body_is_sent_when_there_is_no_content() {
    let uri = "mailto:a@x.example?body=from%20the%20URI";
    assert!(source(uri, json!({}), Content::default()).contains("\r\n\r\nfrom the URI"));
    assert!(!source(uri, json!({}), Content::text("content")).contains("from the URI"));
}

#[test]
fn a_blind_copy_is_in_no_header() {
    let source = source("mailto:?bcc=b@x.example", json!({"bcc": ["c@x.example"]}), Content::text("x"));
    assert!(
        !source.contains("x.example") && source.contains("\r\nTo: undisclosed-recipients:;\r\n"),
        "{source}"
    );
}

#[test]
fn an_option_names_the_sender() {
    let letter =
        letter("mailto:a@x.example", &options(json!({"from": "Ann <ann@shop.example>"})), Content::text("x"));
    let (sender, source) = letter.unwrap();
    assert_eq!(sender, "ann@shop.example");
    assert!(source.contains("From: Ann <ann@shop.example>\r\n") && source.contains("<d1@shop.example>"));
}

/// Text that somebody might try to smuggle a header with.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "\\PC{0,12}",
        Just("\r\n".to_owned()),
        Just("\n".to_owned()),
        Just("\r".to_owned()),
        Just("\0".to_owned()),
        Just("\u{85}\u{2028}".to_owned()),
        Just("X-Forged: yes".to_owned()),
        Just("Bcc: eve@evil.example".to_owned()),
        Just("=?utf-8?q?=0D=0ABcc:_eve@evil.example?=".to_owned()),
        Just("ann@example.org".to_owned()),
        Just("<ann@example.org>".to_owned()),
        Just("\"".to_owned()),
        "[a-z]{60,200}",
    ];
    proptest::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn nobody_forges_a_header(subject in hostile(), from in hostile(), cc in hostile(), rendered in hostile()) {
        for options in [json!({"subject": subject}), json!({"from": from}), json!({"reply_to": from}), json!({"cc": cc})] {
            let content = Content::text("x").with_subject(&rendered);
            let Ok((_, source)) = letter("mailto:a@x.example", &self::options(options), content) else { continue };
            let known = ["Date", "From", "Message-ID", "Subject", "Auto-Submitted", "Reply-To", "To", "Cc",
                "MIME-Version", "Content-Type", "Content-Transfer-Encoding"];
            let fields = header(&source);
            for (at, (name, value)) in fields.iter().enumerate() {
                prop_assert!(known.contains(&name.as_str()), "{source}");
                prop_assert!(!value.chars().any(char::is_control), "{source:?}");
                prop_assert!(!fields.iter().skip(at + 1).any(|(other, _)| other == name), "{source}");
            }
            prop_assert!(source.split("\r\n").all(|line| line.len() <= 998), "{source}");
        }
    }

    #[test]
    fn a_body_has_no_bare_line_end_and_no_long_line(text in "(?s).{0,200}", line in "x{0,1200}") {
        let source = source("mailto:a@x.example", json!({}), Content::text(&format!("{text}{line}")));
        let rest = source.replace("\r\n", "");
        prop_assert!(!rest.contains(['\r', '\n', '\0']));
        prop_assert!(source.split("\r\n").all(|line| line.len() <= 998));
    }
}
