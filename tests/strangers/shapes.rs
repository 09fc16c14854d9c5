//! The JSON that the page shows is the JSON that is spoken.

use nuncio_core::{Checked, Manifest, Refusal, notice_json::NoticeJson, wire};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, from_str, to_value};

use crate::page::{Block, Kind, PAGE, blocks};

/// What `T` makes of `text`; `null` members may be left out.
fn again<T: DeserializeOwned + Serialize>(text: &str) -> Value {
    let read: T = from_str(text).unwrap_or_else(|error| panic!("{error}:\n{text}"));
    to_value(read).expect("it was JSON")
}

fn read(block: &Block, name: &str) -> Value {
    let text = &block.text;
    match name {
        "Answer" => again::<wire::Answer>(text),
        "CheckCall" => again::<wire::CheckCall>(text),
        "Checked" => again::<Checked>(text),
        "DeviceAnswer" => again::<wire::DeviceAnswer>(text),
        "DeviceCall" => again::<wire::DeviceCall>(text),
        "DisabledAnswer" => again::<wire::DisabledAnswer>(text),
        "Envelope" => again::<wire::Envelope>(text),
        "Inbound" => again::<wire::Inbound>(text),
        "Manifest" => again::<Manifest>(text),
        "Metric" => again::<wire::Metric>(text),
        "NoticeJson" => again::<NoticeJson>(text),
        "Receipt" => again::<wire::Receipt>(text),
        "Refusal" => again::<Refusal>(text),
        "RenderAnswer" => again::<wire::RenderAnswer>(text),
        other => panic!("{PAGE}:{}: give `{other}` its line here", block.line),
    }
}

#[test]
fn every_member_shown_is_one_that_is_read_and_none_is_missing() {
    let mut names = Vec::new();
    for block in blocks() {
        if let Kind::Shape(name) = &block.kind {
            let shown: Value =
                from_str(&block.text).unwrap_or_else(|error| panic!("{PAGE}:{}: {error}", block.line));
            assert_eq!(read(&block, name), shown, "{PAGE}:{}", block.line);
            names.push(name.clone());
        }
    }
    assert_eq!(names.len(), 14, "{names:?}");
}
