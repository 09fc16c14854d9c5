//! The member `attachments` of `POST /v2/notifications`.

use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use bytes::Bytes;
use nuncio_core::Refusal;
use serde_json::{Map, Value};

use super::members::known;
use crate::attachments::Attachment;

const MEMBERS: [&str; 5] = ["name", "content_type", "data", "content_id", "inline"];
/// The most attachments of one notification.
const MAX_ATTACHMENTS: usize = 100;
/// The alphabet of RFC 4648, section 4; the `=` at the end may be left out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The attachments that `value` lists, or the first thing that is wrong with them and where.
pub(super) fn read(value: Value) -> Result<Vec<Attachment>, String> {
    let Value::Array(list) = value else { return Err("attachments: must be a list of objects".to_owned()) };
    if list.len() > MAX_ATTACHMENTS {
        return Err(format!("attachments: {} of them, and the most is {MAX_ATTACHMENTS}", list.len()));
    }
    let all: Result<Vec<_>, _> = list
        .into_iter()
        .enumerate()
        .map(|(index, one)| attachment(one).map_err(|why| format!("attachments[{index}]{why}")))
        .collect();
    let all = all?;
    for (index, one) in all.iter().enumerate() {
        let same = |other: &Attachment| other.content_id == one.content_id;
        if !one.content_id.is_empty() && all.iter().take(index).any(same) {
            return Err(format!(
                "attachments[{index}].content_id: another attachment has `{}` too",
                one.content_id
            ));
        }
    }
    Ok(all)
}

fn attachment(value: Value) -> Result<Attachment, String> {
    let Value::Object(mut members) = value else {
        return Err(": must be an object with `name` and `data`".to_owned());
    };
    known(members.keys().map(String::as_str), &MEMBERS).map_err(|why| format!(": {why}"))?;
    let name = text(&mut members, "name")?.ok_or(".name: missing: write a file name, like \"report.pdf\"")?;
    let content_type = text(&mut members, "content_type")?;
    let data = text(&mut members, "data")?.ok_or(".data: missing: write the file as base64")?;
    let placed = |refusal: Refusal| format!(".{refusal}");
    let attachment = Attachment::new(name, content_type, decoded(&data)?).map_err(placed)?;
    let inline = match members.remove("inline") {
        None | Some(Value::Null) => None,
        Some(Value::Bool(inline)) => Some(inline),
        Some(_) => return Err(".inline: must be true or false".to_owned()),
    };
    match (text(&mut members, "content_id")?, inline) {
        (Some(id), inline) => attachment.called(id, inline.unwrap_or(true)).map_err(placed),
        (None, Some(true)) => {
            Err(".inline: needs a `content_id`, by which the HTML refers to it (`cid:...`)".to_owned())
        }
        (None, _) => Ok(attachment),
    }
}

fn text(members: &mut Map<String, Value>, name: &str) -> Result<Option<String>, String> {
    match members.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(format!(".{name}: must be a string")),
    }
}

fn decoded(data: &str) -> Result<Bytes, String> {
    let bytes = BASE64.decode(data);
    bytes.map(Bytes::from).map_err(|error| {
        format!(".data: not base64 (RFC 4648, section 4, in one line): {}", error.to_string().to_lowercase())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn a_file_is_its_bytes_with_or_without_padding() {
        for data in ["AP8=", "AP8"] {
            let read = read(json!([{"name": "a.pdf", "data": data}])).unwrap();
            assert_eq!((&*read[0].data, &*read[0].content_type), (&b"\x00\xff"[..], "application/pdf"));
            assert!(!read[0].inline);
        }
        assert!(read(json!([{"name": "empty", "data": ""}])).unwrap()[0].data.is_empty());
    }

    #[test]
    fn what_has_a_content_id_is_inline_unless_it_says_otherwise() {
        let inline = |more: Value| {
            let mut one = json!({"name": "a", "data": "", "content_id": "logo"});
            one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            read(json!([one])).unwrap()[0].inline
        };
        assert!(inline(json!({})) && inline(json!({"inline": true})) && !inline(json!({"inline": false})));
    }

    #[test]
    fn errors_name_the_place() {
        let good = json!({"name": "a", "data": ""});
        for (list, place) in [
            (json!({}), "attachments: must be a list"),
            (json!(["a"]), "attachments[0]: must be an object"),
            (json!([good, {"data": ""}]), "attachments[1].name: missing"),
            (json!([{"name": "a"}]), "attachments[0].data: missing"),
            (json!([{"name": "a", "data": "AP8=\n"}]), "attachments[0].data: not base64"),
            (json!([{"name": "a", "data": "ü"}]), "attachments[0].data: not base64"),
            (json!([{"name": "a/b", "data": ""}]), "attachments[0].name: must be a file name without a path"),
            (json!([{"name": "a", "data": "", "content_type": "x"}]), "attachments[0].content_type: must be"),
            (json!([{"name": "a", "data": "", "content_id": "<a>"}]), "attachments[0].content_id: must be"),
            (json!([{"name": "a", "data": "", "inline": true}]), "attachments[0].inline: needs"),
            (json!([{"name": "a", "data": "", "type": "x"}]), "attachments[0]: unknown member `type`"),
            (json!(vec![good.clone(); 101]), "attachments: 101 of them, and the most is 100"),
        ] {
            let why = read(list).unwrap_err();
            assert!(why.starts_with(place), "{why}");
        }
        let twice = json!({"name": "a", "data": "", "content_id": "logo"});
        let why = read(json!([twice, twice])).unwrap_err();
        assert!(why.starts_with("attachments[1].content_id: another attachment has `logo`"), "{why}");
    }

    proptest! {
        #[test]
        fn any_list_is_read_or_refused(name in "\\PC{0,20}", data in "\\PC{0,40}", id in "\\PC{0,20}") {
            drop(read(json!([{"name": name, "data": data, "content_id": id}, name])));
        }
    }
}
