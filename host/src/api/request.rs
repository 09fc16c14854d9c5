//! The body of `POST /v2/notifications`.

use std::collections::BTreeMap;

use bytes::Bytes;
use nuncio_core::{Attributes, Options};
use serde_json::{Map, Value};

use super::{
    attachments, attributes,
    body::{self, Document, Limit, Members},
    members::{known, moment, value},
    problem::Problem,
};
use crate::attachments::Attachment;

const MEMBERS: [&str; 8] =
    ["to", "content", "template", "options", "attributes", "attachments", "deliver_at", "deliver_until"];
const ENTRY_MEMBERS: [&str; 2] = ["uri", "options"];
/// The message header that names the template.
pub(super) const TEMPLATE: &str = "template";

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Request {
    /// Whom for; never empty.
    pub(super) to: Vec<Entry>,
    /// The content's own text.
    pub(super) content: Bytes,
    /// What it asks of rendering.
    pub(super) headers: BTreeMap<String, String>,
    /// What is said of it beside the content.
    pub(super) attributes: Attributes,
    /// The files that go with it.
    pub(super) attachments: Vec<Attachment>,
    /// Unix milliseconds.
    pub(super) deliver_at: Option<i64>,
    /// Unix milliseconds.
    pub(super) deliver_until: Option<i64>,
}

/// One entry of `to`, with the options for all and its own.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    /// The URI.
    pub(super) uri: String,
    /// The options.
    pub(super) options: Options,
}

/// Reads the body, which without its attachments has at most `most`.
pub(super) fn parse(bytes: &Bytes, most: Limit) -> Result<Request, Problem> {
    let Document::Object(members) = body::document(bytes)? else {
        return Err(Problem::body("A notification must be a JSON object."));
    };
    known(members.keys().map(String::as_str), &MEMBERS).map_err(Problem::request)?;
    let files = members.get("attachments").map_or(0, |raw| raw.get().len());
    most.check(bytes.len() - files)?;
    let template = template(&members)?;
    let options = match value(&members, "options")? {
        None => Map::new(),
        Some(Value::Object(map)) => map,
        Some(_) => return Err(Problem::request("options: must be a JSON object.")),
    };
    let to = value(&members, "to")?.ok_or_else(|| Problem::request("to: missing: write a list of URIs."))?;
    Ok(Request {
        to: entries(to, &options)?,
        content: content(bytes, &members, template.is_some())?,
        headers: template.map(|name| (TEMPLATE.to_owned(), name)).into_iter().collect(),
        attributes: members
            .get("attributes")
            .map_or_else(|| Ok(Attributes::default()), |raw| attributes::read(raw))
            .map_err(Problem::request)?,
        attachments: value(&members, "attachments")?
            .map_or_else(|| Ok(Vec::new()), attachments::read)
            .map_err(Problem::request)?,
        deliver_at: moment(&members, "deliver_at")?,
        deliver_until: moment(&members, "deliver_until")?,
    })
}

fn content(bytes: &Bytes, members: &Members<'_>, templated: bool) -> Result<Bytes, Problem> {
    match members.get("content") {
        Some(raw) => Ok(bytes.slice_ref(raw.get().as_bytes())),
        None if templated => Ok(Bytes::from_static(b"{}")),
        None => Err(Problem::request(
            "content: missing: write a text, or an object with `subject`, `text` and `html`, or name a `template`.",
        )),
    }
}

fn template(members: &Members<'_>) -> Result<Option<String>, Problem> {
    match value(members, "template")? {
        None => Ok(None),
        Some(Value::String(name)) if !name.is_empty() => Ok(Some(name)),
        Some(_) => Err(Problem::request("template: must be the name of a template.")),
    }
}

fn entries(to: Value, options: &Map<String, Value>) -> Result<Vec<Entry>, Problem> {
    let list = match to {
        Value::Array(list) if !list.is_empty() => list,
        Value::String(_) => vec![to],
        _ => return Err(Problem::request("to: must be a URI or a list of URIs, with at least one.")),
    };
    let one =
        |(index, value)| entry(value, options).map_err(|why| Problem::request(format!("to[{index}]: {why}")));
    list.into_iter().enumerate().map(one).collect()
}

fn entry(value: Value, shared: &Map<String, Value>) -> Result<Entry, String> {
    let mut options = shared.clone();
    let mut members = match value {
        Value::String(uri) => return Ok(Entry { uri, options: Options(options) }),
        Value::Object(members) => members,
        _ => return Err("must be a URI, or an object with `uri` and `options`".to_owned()),
    };
    known(members.keys().map(String::as_str), &ENTRY_MEMBERS)?;
    match members.remove("options") {
        None => {}
        Some(Value::Object(own)) => options.extend(own),
        Some(_) => return Err("options: must be a JSON object".to_owned()),
    }
    match members.remove("uri") {
        Some(Value::String(uri)) => Ok(Entry { uri, options: Options(options) }),
        _ => Err("uri: missing, or not a string".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use proptest::prelude::*;
    use serde_json::json;

    fn read(document: &Value) -> Result<Request, String> {
        let most = Limit::post(&Config::default());
        parse(&Bytes::from(document.to_string()), most).map_err(|problem| format!("{problem:?}"))
    }

    #[test]
    fn options_for_all_are_under_those_of_one() {
        let request = read(&json!({
            "to": ["log:", {"uri": "mailto:a@b.example", "options": {"subject": "mine"}}],
            "options": {"subject": "all", "from": "x@y.example"}, "content": "hi",
        }))
        .unwrap();
        assert_eq!(request.to[0].options.text("subject"), Some("all"));
        assert_eq!(request.to[1].options.text("subject"), Some("mine"));
        assert_eq!(request.to[1].options.text("from"), Some("x@y.example"));
        assert_eq!(request.content, "\"hi\"");
    }

    #[test]
    fn one_uri_needs_no_list_and_a_template_no_content() {
        let request = read(&json!({"to": "log:", "template": "welcome"})).unwrap();
        assert_eq!((request.to.len(), &*request.content), (1, &b"{}"[..]));
        assert_eq!(request.headers["template"], "welcome");
    }

    #[test]
    fn times_are_rfc_3339_or_seconds() {
        for time in [json!("2033-05-18T05:33:20.5+02:00"), json!(2_000_000_000)] {
            let request = read(&json!({"to": "log:", "content": 1, "deliver_at": time})).unwrap();
            assert_eq!(request.deliver_at.map(|ms| ms / 1000), Some(2_000_000_000));
        }
        for time in [json!("tomorrow"), json!(1.5), json!(-1), json!(true), json!(i64::MAX)] {
            assert!(read(&json!({"to": "log:", "content": 1, "deliver_at": time})).is_err(), "{time}");
        }
    }

    #[test]
    fn errors_name_the_place() {
        for (document, place) in [
            (json!({"content": 1}), "to: missing"),
            (json!({"to": [], "content": 1}), "to: must be"),
            (json!({"to": ["log:"]}), "content: missing"),
            (json!({"to": ["log:", 1], "content": 1}), "to[1]: must be"),
            (
                json!({"to": [{"url": "log:"}], "content": 1}),
                "to[0]: unknown member `url`: did you mean `uri`?",
            ),
            (json!({"to": "log:", "contnt": 1}), "unknown member `contnt`: did you mean `content`?"),
            (json!({"to": "log:", "content": 1, "template": 1}), "template: must be"),
            (json!({"to": "log:", "content": 1, "options": []}), "options: must be"),
            (json!({"to": "log:", "content": 1, "attachments": [{}]}), "attachments[0].name: missing"),
            (json!({"to": "log:", "content": 1, "attributes": []}), "attributes: must be"),
            (json!({"to": "log:", "content": 1, "attributes": {"a": {}}}), "attributes.a: must be"),
        ] {
            let problem = read(&document).unwrap_err();
            assert!(problem.contains(place), "{problem}");
        }
    }

    #[test]
    fn attachments_do_not_count_as_content() {
        let large = "A".repeat(300_000);
        let request =
            read(&json!({"to": "log:", "content": 1, "attachments": [{"name": "a", "data": large}]}));
        assert_eq!(request.unwrap().attachments[0].data.len(), 225_000);
        let problem = read(&json!({"to": "log:", "content": large})).unwrap_err();
        assert!(problem.contains("262144 bytes (max_messages_post_size)"), "{problem}");
    }

    proptest! {
        #[test]
        fn any_body_is_read_or_refused(text in "\\PC{0,60}", time in "\\PC{0,30}") {
            drop(parse(&Bytes::from(text.clone()), Limit::post(&Config::default())));
            drop(read(&json!({"to": [text.clone(), {"uri": text.clone()}], "content": text, "deliver_at": time})));
        }
    }
}
