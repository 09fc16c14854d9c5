//! Files that go with a notification arrive byte for byte.

use std::{fs, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use nuncio_tests::{
    Folder, Mail, PASSWORD, Postfix, Recipe, Reply, Sink, binary,
    command::{command, run},
};
use serde_json::{Value, json};

use crate::{clock::SOON, mail::through};

/// What looks like a PDF: all bytes, lone line ends, and what ends a mail by SMTP.
fn pdf() -> Vec<u8> {
    let all = (0..=u8::MAX).cycle().take(100_000);
    [b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\r\n.\r\n".to_vec(), all.collect(), b"\r%%EOF\n".to_vec()].concat()
}

/// The bytes of the part of `mail` whose head has `mark`.
fn part(mail: &Mail, mark: &str) -> Vec<u8> {
    let whole = format!("content-type: {}\n\n{}", mail.header("content-type"), mail.body);
    let leaf = leaves(&whole).into_iter().find(|(head, _)| head.contains(mark));
    let (_, body) = leaf.unwrap_or_else(|| panic!("no part has {mark}: {}", mail.body));
    STANDARD.decode(body.split_whitespace().collect::<String>()).unwrap()
}

fn leaves(entity: &str) -> Vec<(String, String)> {
    let (head, body) = entity.split_once("\n\n").unwrap();
    let Some((_, boundary)) = head.split_once("boundary=\"") else {
        return vec![(head.to_owned(), body.to_owned())];
    };
    let line = format!("--{}", boundary.split('"').next().unwrap());
    let inner = body.split(&format!("{line}--")).next().unwrap();
    inner.split(&format!("{line}\n")).skip(1).flat_map(leaves).collect()
}

#[test]
fn a_file_and_a_picture_reach_a_mailbox_byte_for_byte() {
    let postfix = Postfix::start();
    let host = through(&postfix, PASSWORD).start();
    let picture: Vec<u8> = (0..=u8::MAX).rev().collect();
    host.notify(&json!({
        "to": ["mailto:ann@example.test"],
        "content": {"subject": "Report", "text": "see there", "html": "<img src=\"cid:logo\">"},
        "attachments": [
            {"name": "report.pdf", "data": STANDARD.encode(pdf())},
            {"name": "Gr\u{fc}\u{df}e.png", "data": STANDARD.encode(&picture), "content_id": "logo"},
        ],
    }));
    let mail = &postfix.mailbox("ann").wait_for(1, SOON)[0];
    assert!(mail.header("content-type").starts_with("multipart/mixed"), "{mail:?}");
    assert_eq!(part(mail, "filename=\"report.pdf\""), pdf());
    assert_eq!(part(mail, "Content-ID: <logo>"), picture);
    assert!(mail.body.contains("multipart/related") && mail.body.contains("see there"));
}

#[test]
fn a_file_survives_that_the_host_is_killed() {
    let sink = Sink::start();
    sink.on("/file", [Reply::Status(503), Reply::Status(204)]);
    let mut host = Recipe::new().delivery("retry = { schedule = [\"3s\"] }").start();
    let ids = host.notify(&json!({
        "to": [sink.url("/file")], "content": "see there",
        "attachments": [{"name": "report.pdf", "data": STANDARD.encode(pdf())}],
    }));
    sink.wait_for("/file", 1, SOON);
    host.kill();
    host.start();
    let received = sink.wait_for("/file", 2, SOON);
    host.settled(&ids[0], "delivered", SOON);
    for one in received {
        let body = one.json();
        assert_eq!(body["text"], "see there");
        let file = &body["attachments"][0];
        assert_eq!((&file["name"], &file["content_type"]), (&json!("report.pdf"), &json!("application/pdf")));
        assert_eq!(STANDARD.decode(file["data"].as_str().unwrap()).unwrap(), pdf());
    }
}

#[test]
fn send_attaches_files_and_a_dry_run_lists_them() {
    let (sink, folder) = (Sink::start(), Folder::new("attach"));
    let path = folder.path().join("report.pdf");
    fs::write(&path, pdf()).unwrap();
    let send = |arguments: &[&str]| {
        let mut nuncio = command(binary(), Duration::from_secs(60));
        nuncio.arg("--config").arg(Recipe::new().write(&folder)).arg("send").args(arguments);
        run(nuncio.arg("--attach").arg(&path))
    };
    let output = send(&[&sink.url("/file"), "--body", "see there"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let file = &sink.received("/file")[0].json()["attachments"][0];
    assert_eq!(STANDARD.decode(file["data"].as_str().unwrap()).unwrap(), pdf());

    let output = send(&["mailto:ann@example.test", "--dry-run"]);
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    let listed = format!("# with report.pdf (application/pdf, {} bytes)", pdf().len());
    assert!(shown.contains(&listed) && shown.contains("multipart/mixed"), "{output:?}");
    let output = send(&["mailto:ann@example.test", "--dry-run", "--json"]);
    let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(shown["attachments"][0]["bytes"], pdf().len(), "{shown}");

    let output = send(&["log:", "--body", "x"]);
    assert_eq!(output.status.code(), Some(65), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("carries no attachments"), "{output:?}");
}
