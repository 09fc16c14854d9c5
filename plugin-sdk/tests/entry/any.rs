//! Whatever goes in on the C side comes out in the driver.

use nuncio_plugin_sdk::{
    Kind, Options,
    core::{
        abi,
        notice_json::{NoticeJson, PartJson, RecipientJson},
    },
    serde_json::Value,
};
use proptest::{collection, option, prelude::*};

use crate::{
    drivers::given,
    made::Made,
    notice::{Raw, json as plain},
};

fn any_part() -> impl Strategy<Value = PartJson> {
    (".{0,8}", ".{0,8}", ".{0,8}", any::<bool>(), collection::vec(any::<u8>(), 0..40)).prop_map(
        |(name, content_type, content_id, inline, data)| PartJson {
            name,
            content_type,
            content_id,
            inline,
            data,
        },
    )
}

fn any_texts() -> impl Strategy<Value = NoticeJson> {
    let texts = collection::vec(".{0,40}", 10);
    (texts, "[a-z0-9/]{0,20}").prop_map(|(mut texts, path)| {
        let mut json = plain("");
        let mut text = || texts.pop().unwrap_or_default();
        json.uri = format!("test://somewhere/{path}");
        (json.id, json.content_type, json.text, json.html) = (text(), text(), text(), text());
        (json.project, json.queue, json.message) = (text(), text(), text());
        json.subscription = text();
        // Not what tells the driver to do something else.
        json.subject = format!("={}", text());
        json
    })
}

fn any_notice() -> impl Strategy<Value = NoticeJson> {
    let numbers = (any::<u32>(), any::<[i64; 4]>(), option::of(0_i64..), 0_i64..6);
    let recipients = collection::vec((any::<u32>(), ".{0,20}"), 0..4);
    let map = || collection::btree_map(".{0,8}", ".{0,8}", 0..3);
    let body = collection::vec(any::<u8>(), 0..600);
    (any_texts(), numbers, recipients, collection::vec(any_part(), 0..3), (map(), map()), body).prop_map(
        |(mut json, (attempt, [now, created, deadline, ttl], delay, kind), recipients, parts, maps, body)| {
            (json.attempt, json.now_ms, json.created_ms) = (attempt, now, created);
            (json.deadline_ms, json.ttl, json.delay) = (deadline, ttl, delay);
            json.kind = Kind::from_code(kind).unwrap();
            let recipient = |(index, address)| RecipientJson { index, address };
            json.recipients = recipients.into_iter().map(recipient).collect();
            let options = maps.0.into_iter().map(|(key, value)| (key, Value::String(value)));
            json.options = Options(options.collect());
            (json.parts, json.headers, json.body) = (parts, maps.1, body);
            json
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_notice_comes_out_as_it_went_in(notices in collection::vec(any_notice(), 1..6), batch: bool) {
        let account = format!("any {notices:?} {batch}");
        let name = if batch { "together" } else { "single" };
        let made = Made::new(name, &account);
        let lot: Vec<Raw> = (0..).zip(notices.clone()).map(|(token, json)| Raw::of(token, json)).collect();
        prop_assert_eq!(made.submit(&lot), (abi::OK, lot.len()));
        prop_assert_eq!(made.host.completed(lot.len()).len(), lot.len());
        prop_assert_eq!(given(&account), notices);
    }
}
