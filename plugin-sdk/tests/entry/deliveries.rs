//! Deliveries one by one.

use std::collections::BTreeMap;

use nuncio_plugin_sdk::{
    Kind,
    core::{
        abi,
        notice_json::{NoticeJson, PartJson, RecipientJson},
    },
    serde_json::json,
};

use crate::{
    drivers::{PANIC_LINE, given},
    host::{Said, Told},
    made::Made,
    notice::{Raw, json as plain, lot},
};

fn said(status: i32) -> Said {
    Said {
        index: abi::ALL,
        status,
        scope: abi::SCOPE_RECIPIENT,
        code: 0,
        flags: 0,
        retry_after_ms: 0,
        cost: 0,
        reason: String::new(),
        provider_id: String::new(),
        excerpt: String::new(),
    }
}

fn whole() -> NoticeJson {
    let mut json = plain("ok");
    json.id = "0190-é".to_owned();
    (json.attempt, json.now_ms, json.created_ms, json.deadline_ms) = (7, 1_000, -5, 31_000);
    json.uri = "test://ann:pw@somewhere/a?b".to_owned();
    json.recipients = ["a@b.c", "d@e.f"]
        .iter()
        .zip(4..)
        .map(|(one, index)| RecipientJson { index, address: (*one).to_owned() })
        .collect();
    (json.content_type, json.body) = ("application/json".to_owned(), b"\xff\0{".to_vec());
    (json.text, json.html) = ("text \u{1f426}".to_owned(), "<p>html".to_owned());
    let part = |name: &str, inline, data: &[u8]| PartJson {
        name: name.to_owned(),
        content_type: "image/png".to_owned(),
        content_id: "c1".to_owned(),
        inline,
        data: data.to_owned(),
    };
    json.parts = vec![part("a.png", true, b"\x89PNG\0"), part("", false, b"")];
    json.options.0.insert("cc".to_owned(), json!(["x@y.z", {"deep": null}]));
    (json.project, json.queue, json.message) = ("p".to_owned(), "q".to_owned(), "m".to_owned());
    (json.subscription, json.kind) = ("s".to_owned(), Kind::Test);
    (json.ttl, json.delay) = (3600, Some(0));
    json.headers = BTreeMap::from([("traceparent".to_owned(), "00-ü".to_owned())]);
    json
}

#[test]
fn every_field_of_a_notice_arrives() {
    let made = Made::new("single", "whole");
    assert_eq!(made.submit(&[Raw::of(1, whole())]), (abi::OK, 1));
    assert_eq!(made.host.completed(1), [(1, vec![said(abi::DELIVERED)])]);
    assert_eq!(given("whole"), [whole()]);
}

#[test]
fn every_field_of_a_report_arrives() {
    let notices = lot(["retry", "each", "none"]);
    let made = Made::new("single", "reports");
    made.submit(&notices[..1]);
    made.submit(&notices[1..]);
    let retry = Said {
        scope: abi::SCOPE_DESTINATION,
        code: 451,
        flags: abi::MAYBE_SENT,
        retry_after_ms: 1500,
        reason: "busy".to_owned(),
        excerpt: "4.3.2 busy".to_owned(),
        ..said(abi::DEFERRED)
    };
    let rejected =
        Said { index: 3, scope: abi::SCOPE_ACCOUNT, cost: 2, reason: "no".to_owned(), ..said(abi::REJECTED) };
    let gone = Said { index: 5, reason: "moved".to_owned(), provider_id: "p".to_owned(), ..said(abi::GONE) };
    let told: Vec<_> = made.host.completed(3).into_iter().map(|(_, said)| said).collect();
    assert_eq!(told, [vec![retry], vec![rejected, gone], vec![]]);
}

#[test]
fn what_ends_at_once_is_completed_within_submit_in_one_call() {
    let notices = lot(["ok", "late", "retry", "panic", "sleep"]);
    let made = Made::new("single", "inline");
    assert_eq!(made.submit(&notices), (abi::OK, 5));
    let told = made.host.told();
    let call = |told: &[Told], wanted: u64| {
        told.iter().find_map(|one| match one {
            Told::Completed { token, call, .. } if *token == wanted => Some(*call),
            _ => None,
        })
    };
    let at_once = [1, 3, 4].map(|token| call(&told, token));
    assert!(at_once[0].is_some() && at_once == [at_once[0]; 3], "{told:#?}");
    made.host.completed(4);
    assert_ne!(call(&made.host.told(), 2), at_once[0], "what came later has a call of its own");
}

#[test]
fn each_of_a_mixed_lot_is_completed_once_and_a_panic_names_its_place() {
    let notices = lot(["ok", "sleep", "panic", "retry", "late panic", "late"]);
    let made = Made::new("single", "mixed");
    made.submit(&notices);
    assert_eq!(made.host.completed(5).len(), 5);
    made.cancel(&[2, 99]);
    let told = made.host.completed(6);
    let statuses: Vec<_> = told.iter().map(|(token, said)| (*token, said[0].status)).collect();
    let (delivered, deferred) = (abi::DELIVERED, abi::DEFERRED);
    assert_eq!(
        statuses,
        [(1, delivered), (2, abi::CANCELLED), (3, deferred), (4, deferred), (5, deferred), (6, delivered)]
    );
    for panicked in [2, 4] {
        let said = &told[panicked].1[0];
        let place = format!("drivers.rs:{PANIC_LINE}: of paper");
        assert!(said.reason.starts_with("panicked at ") && said.reason.ends_with(&place), "{}", said.reason);
        assert_eq!(said.flags, abi::MAYBE_SENT);
    }
    made.shutdown(1_000);
    assert_eq!(made.host.completed(6).len(), 6, "each once");
}

#[test]
fn the_work_is_dropped_before_its_token_is_completed() {
    let subjects = ["ok", "panic", "late panic", "sleep"];
    let notices = lot(subjects);
    let made = Made::new("single", "order");
    made.submit(&notices);
    made.host.completed(3);
    made.cancel(&[4]);
    made.host.completed(4);
    let told = made.host.told();
    for (wanted, subject) in (1..).zip(subjects) {
        let dropped = told.iter().position(
            |one| matches!(one, Told::Called { json, .. } if json.contains(&format!("dropped id-{subject}\""))),
        );
        let completed =
            told.iter().position(|one| matches!(one, Told::Completed { token, .. } if *token == wanted));
        assert!(dropped.unwrap() < completed.unwrap(), "{subject}: {told:#?}");
    }
}

#[test]
fn what_cannot_be_read_is_rejected_with_its_reason() {
    let made = Made::new("single", "unreadable");
    let mut bad = lot(["ok"; 6]);
    bad[0].notice.uri = abi::Bytes::of(b"no uri");
    bad[1].notice.text = abi::Bytes::of(b"ab\xff");
    bad[2].notice.options_json = abi::Bytes::of(br#"["hunter2"]"#);
    bad[3].notice.headers_json = abi::Bytes::of(br#"{"a": 4711}"#);
    bad[4].notice.uri = abi::Bytes::of(b"\xff");
    assert_eq!(made.submit(&bad), (abi::OK, 6));
    let told = made.host.completed(6);
    let reasons = [
        "uri cannot be read: ",
        "text is not UTF-8 behind its byte 2",
        "options_json is not a JSON object (",
        "headers_json is not a JSON object of strings (",
        "uri is not UTF-8 behind its byte 0",
    ];
    for ((_, said), reason) in told.iter().zip(reasons) {
        let [said] = said.as_slice() else { panic!("one report for all: {said:?}") };
        assert_eq!((said.status, said.scope), (abi::REJECTED, abi::SCOPE_MESSAGE));
        assert!(said.reason.starts_with(reason), "{}", said.reason);
        assert!(!said.reason.contains("hunter2") && !said.reason.contains("4711"), "{}", said.reason);
    }
    assert_eq!(told[5].1, [said(abi::DELIVERED)], "the others go on");
}
