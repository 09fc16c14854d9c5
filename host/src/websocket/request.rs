//! A request and its reply as they stand in frames: `{"action", "headers", "body"}`, and the same with an answer.

use bytes::Bytes;
use serde_json::{Map, Value, value::RawValue};

use crate::api::{Members, Problem, object};

/// Zaqar's words.
const NOT_AN_OBJECT: &str = "Unexpected body type. Expected dict or dict like.";

/// What a client asks for.
#[derive(Clone, Debug)]
pub(super) struct Request {
    /// What to do.
    pub(super) action: String,
    /// Who asks.
    pub(super) headers: Map<String, Value>,
    /// With what: the text of a JSON object.
    pub(super) body: Bytes,
    /// The headers as they are repeated in the reply.
    told: Bytes,
}

impl Request {
    /// Reads the text of a request.
    ///
    /// # Errors
    /// The request as far as it was understood, to be repeated, with what is wrong.
    pub(super) fn read(text: &Bytes, form: &str) -> Result<Self, Box<(Self, Reply)>> {
        let members = object(text).map_err(|problem| {
            let is_other = serde_json::from_slice::<&RawValue>(text).is_ok();
            let other = is_other && !text.trim_ascii_start().starts_with(b"{");
            let why = if other { NOT_AN_OBJECT.to_owned() } else { undecoded(form, problem.description()) };
            Box::new((Self::nothing(), Reply::error(400, &why)))
        })?;
        let part = |name: &str| members.get(name).map(|raw| text.slice_ref(raw.get().as_bytes()));
        let action = members.get("action").and_then(|raw| serde_json::from_str(raw.get()).ok());
        let headers: Option<Map<_, _>> = members
            .get("headers")
            .map_or_else(|| Some(Map::new()), |raw| serde_json::from_str(raw.get()).ok());
        let empty = || Bytes::from_static(b"{}");
        let request = Self {
            action: match action {
                Some(Value::String(action)) => action,
                other => other.unwrap_or_default().to_string(),
            },
            headers: headers.clone().unwrap_or_default(),
            body: part("body").unwrap_or_else(empty),
            told: part("headers").unwrap_or_else(empty),
        };
        let sound = headers.is_some() && request.body.starts_with(b"{");
        if sound { Ok(request) } else { Err(Box::new((request, Reply::schema()))) }
    }

    /// The members of its body.
    pub(super) fn members(&self) -> Result<Members<'_>, Problem> {
        object(&self.body)
    }

    /// A header that is a string.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let own = |key: &str| key.eq_ignore_ascii_case(name);
        self.headers.iter().find(|(key, _)| own(key)).and_then(|(_, value)| value.as_str())
    }

    /// The same without its headers in the reply: they hold a token.
    pub(super) fn discreet(&self) -> Self {
        Self { told: Bytes::from_static(b"{}"), ..self.clone() }
    }

    /// What is repeated where nothing was understood.
    pub(super) fn nothing() -> Self {
        let (body, told) = (Bytes::from_static(b"{}"), Bytes::from_static(b"{}"));
        Self { action: String::new(), headers: Map::new(), body, told }
    }
}

/// What is wrong with a frame that cannot be read.
pub(super) fn undecoded(form: &str, why: &str) -> String {
    format!("Can't decode {form} request. {why}")
}

/// What a client is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reply {
    /// As in HTTP.
    pub(super) status: u16,
    /// JSON.
    body: Vec<u8>,
}

impl Reply {
    /// An answer with this body.
    pub(super) fn new(status: u16, body: &impl serde::Serialize) -> Self {
        serde_json::to_vec(body).map_or_else(|error| Self::of(&error.into()), |body| Self { status, body })
    }

    /// Something is wrong, in Zaqar's words for what it finds before it asks its store.
    pub(super) fn error(status: u16, why: &str) -> Self {
        Self::new(status, &serde_json::json!({"error": why}))
    }

    /// Something is missing, or of another type than it should be.
    pub(super) fn schema() -> Self {
        Self::error(400, "Schema validation failed.")
    }

    /// The client is not known.
    pub(super) fn unknown_client() -> Self {
        Self::error(403, "Not authentified.")
    }

    /// What HTTP would answer, in the shape of this protocol.
    pub(super) fn of(problem: &Problem) -> Self {
        let body = serde_json::json!({"exception": problem.title(), "error": problem.description()});
        Self { status: problem.status(), body: body.to_string().into_bytes() }
    }

    /// The text of the frame that answers `request`.
    pub(super) fn text(&self, request: &Request) -> Vec<u8> {
        let action = Value::from(request.action.as_str()).to_string();
        let status = self.status.to_string();
        let parts: [&[u8]; 11] = [
            b"{\"request\": {\"action\": ",
            action.as_bytes(),
            b", \"body\": ",
            &request.body,
            b", \"headers\": ",
            &request.told,
            b", \"api\": \"v2\"}, \"body\": ",
            &self.body,
            b", \"headers\": {\"status\": ",
            status.as_bytes(),
            b"}}",
        ];
        parts.concat()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Result<Request, Box<(Request, Reply)>> {
        Request::read(&Bytes::from(text.to_owned()), "text (JSON)")
    }

    #[test]
    fn a_reply_repeats_its_request_as_it_was_written() {
        let request =
            read(r#" {"headers": {"Client-ID": "c"}, "body": {"a":  1.10}, "action": "x"}"#).unwrap();
        assert_eq!((request.action.as_str(), request.header("client-id")), ("x", Some("c")));
        let text = String::from_utf8(Reply::new(200, &"done").text(&request)).unwrap();
        assert!(text.contains(r#""body": {"a":  1.10}"#), "{text}");
        let want = json!({
            "request": {"action": "x", "body": {"a": 1.1}, "headers": {"Client-ID": "c"}, "api": "v2"},
            "body": "done", "headers": {"status": 200},
        });
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), want);
    }

    #[test]
    fn what_is_no_request_is_told_in_zaqars_words() {
        for (text, why) in [
            ("{bad", "Can't decode text (JSON) request. "),
            ("", "Can't decode text (JSON) request. "),
            ("[1]", NOT_AN_OBJECT),
            ("1", NOT_AN_OBJECT),
            (r#"{"action": "x", "body": [1]}"#, "Schema validation failed."),
            (r#"{"action": "x", "headers": 1}"#, "Schema validation failed."),
        ] {
            let (_, reply) = *read(text).unwrap_err();
            let body: Value = serde_json::from_slice(&reply.body).unwrap();
            assert!(
                reply.status == 400 && body["error"].as_str().unwrap().starts_with(why),
                "{text}: {body}"
            );
        }
        let request = read(r#"{"action": 5}"#).unwrap();
        assert_eq!((request.action.as_str(), &*request.body), ("5", &b"{}"[..]));
    }

    proptest! {
        #[test]
        fn every_reply_is_json_whatever_is_asked(text in "\\PC{0,60}", action in "\\PC*", body in "\\PC{0,20}") {
            let made = json!({"action": action, "body": {&body: 1}, "headers": {&body: [body]}}).to_string();
            for text in [text, made] {
                let (request, reply) =
                    read(&text).map_or_else(|wrong| *wrong, |request| (request, Reply::schema()));
                prop_assert!(serde_json::from_slice::<Value>(&reply.text(&request)).is_ok(), "{}", text);
            }
        }
    }
}
