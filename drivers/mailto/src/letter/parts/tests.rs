//! What a mail with attachments looks like, byte for byte.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use nuncio_plugin_sdk::{Content, Notice, Options, Part, SubscriberUri};
use proptest::prelude::*;

use crate::{letter::Letter, mailbox::mailbox};

fn written(content: Content<'_>, sketch: bool) -> String {
    let (uri, options) = (SubscriberUri::parse("mailto:a@x.example").unwrap(), Options::default());
    let mut notice = Notice::new("d1", &uri, &[], &options);
    notice.content = content;
    let letter = Letter::of(&notice, &mailbox("nuncio@example.org").unwrap()).unwrap();
    String::from_utf8(if sketch { letter.sketch() } else { letter.source() }.unwrap()).unwrap()
}

fn source(content: Content<'_>) -> String {
    written(content, false)
}

/// The leaves of a mail, in order: header and body of each.
fn leaves(entity: &str) -> Vec<(String, String)> {
    let (head, body) = entity.split_once("\r\n\r\n").unwrap();
    let head = head.replace("\r\n ", " ");
    let Some((_, boundary)) = head.split_once("boundary=\"") else {
        return vec![(head, body.to_owned())];
    };
    let boundary = format!("--{}", boundary.split('"').next().unwrap());
    let (inner, _) = body.split_once(&format!("{boundary}--")).unwrap();
    inner.split(&format!("{boundary}\r\n")).skip(1).flat_map(leaves).collect()
}

fn bytes(body: &str) -> Vec<u8> {
    STANDARD.decode(body.replace("\r\n", "")).unwrap()
}

/// The media types of a mail, in the order of its tree.
fn kinds(source: &str) -> Vec<&str> {
    let named = source.split("\r\n").filter_map(|line| line.strip_prefix("Content-Type: "));
    named.map(|kind| kind.split(';').next().unwrap_or_default()).collect()
}

#[test]
fn an_attachment_arrives_byte_for_byte_behind_the_text() {
    let data: Vec<u8> = (0..=255).cycle().take(3000).collect();
    let parts = [Part::new("report.pdf", "application/pdf", &data)];
    let source = source(Content::text("see there").with_parts(&parts));
    assert_eq!(kinds(&source), ["multipart/mixed", "text/plain", "application/pdf"]);
    let leaves = leaves(&source);
    assert!(leaves[0].1.starts_with("see there"));
    assert!(leaves[1].0.contains("Content-Disposition: attachment; filename=\"report.pdf\""), "{source}");
    assert!(leaves[1].0.contains("Content-Transfer-Encoding: base64"), "{source}");
    assert_eq!(bytes(&leaves[1].1), data);
}

#[test]
fn a_text_file_keeps_its_line_ends() {
    let parts = [Part::new("a.txt", "text/plain", b"one\ntwo\r\nthree\r")];
    assert_eq!(bytes(&leaves(&source(Content::text("x").with_parts(&parts)))[1].1), parts[0].data);
}

#[test]
fn what_the_html_refers_to_stands_with_it() {
    let parts =
        [Part::new("logo.png", "image/png", b"png").inline("logo"), Part::new("a.csv", "text/csv", b"1,2")];
    let content = Content::text("plain").with_html("<img src=\"cid:logo\">").with_parts(&parts);
    let source = source(content);
    let tree = ["multipart/mixed", "multipart/alternative", "text/plain", "multipart/related", "text/html"];
    assert_eq!(kinds(&source)[..5], tree);
    assert_eq!(kinds(&source)[5..], ["image/png", "text/csv"]);
    assert!(source.contains("Content-ID: <logo>\r\n") && source.contains("Content-Disposition: inline"));
    let alone = self::source(Content::default().with_html("<p>").with_parts(&parts[..1]));
    assert_eq!(kinds(&alone), ["multipart/related", "text/html", "image/png"]);
}

#[test]
fn without_html_nothing_is_inline() {
    let parts = [Part::new("logo.png", "image/png", b"png").inline("logo")];
    let source = source(Content::text("plain").with_parts(&parts));
    assert_eq!(kinds(&source), ["multipart/mixed", "text/plain", "image/png"]);
    assert!(source.contains("Content-Disposition: attachment"), "{source}");
}

#[test]
fn a_file_name_of_another_script_is_encoded_and_a_path_is_cut() {
    let named = |name: &str| source(Content::text("x").with_parts(&[Part::new(name, "text/plain", b"x")]));
    let encoded = named("Übersicht.txt");
    assert!(encoded.contains("filename*0*=utf-8''%C3%9Cbersicht.txt"), "{encoded}");
    assert!(named("../../etc/passwd").contains("filename=\"passwd\""));
    assert!(named("C:\\x\\a.txt").contains("filename=\"a.txt\""));
    assert!(named("..\r\n/").contains("filename=\"attachment\""));
}

#[test]
fn a_mail_within_a_mail_and_an_unknown_type_are_bytes() {
    for kind in ["message/rfc822", "Multipart/mixed; boundary=x", "nonsense", ""] {
        let source = source(Content::text("x").with_parts(&[Part::new("a", kind, b"x")]));
        assert_eq!(kinds(&source)[2], "application/octet-stream", "{kind}");
    }
}

#[test]
fn a_sketch_counts_what_the_mail_has() {
    let content = Content::text("x");
    let parts = [Part::new("a.pdf", "application/pdf", &[0; 70_000])];
    let sketch = written(content.with_parts(&parts), true);
    assert!(sketch.contains("filename=\"a.pdf\"") && sketch.contains("[70000 bytes]"), "{sketch}");
    assert!(sketch.len() < 2000);
}

proptest! {
    #[test]
    fn no_part_forges_a_header(
        name in "(?s).{0,40}", kind in "(?s).{0,40}", id in "(?s).{0,20}", data in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let hostile = format!("{name}\r\nBcc: eve@evil.example\r\n\r\n{id}");
        for (name, kind, id) in [(&*hostile, &*kind, &*id), (&*name, &*hostile, &*id), (&*name, &*kind, &*hostile)] {
            let parts = [Part::new(name, kind, &data).inline(id)];
            let source = source(Content::text("x").with_html("<p>").with_parts(&parts));
            prop_assert!(!source.contains("\r\nBcc:"), "{source}");
            prop_assert!(source.split("\r\n").all(|line| line.len() <= 998), "{source}");
            let all = leaves(&source);
            prop_assert_eq!(all.len(), 3, "{}", source);
            prop_assert!(all.iter().any(|(_, body)| STANDARD.decode(body.replace("\r\n", "")).is_ok_and(|read| read == data)));
        }
    }
}
