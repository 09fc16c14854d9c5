//! What is kept out of all that comes back from a process: its secrets, and those of one notice.

use nuncio_core::{Notice, Refusal, Report, SubscriberUri, wire::ReportJson};
use serde_json::Value;

use crate::redact::Redactor;

/// The secrets of a driver's settings.
#[derive(Debug, Default)]
pub(super) struct Masks(Redactor);

impl Masks {
    /// Those at `pointers` in `settings`.
    pub(super) fn of(settings: &Value, pointers: &[String]) -> Self {
        let secrets = secrets(settings, pointers).into_iter();
        Self(Redactor::new(secrets.flat_map(|secret| [escaped(&secret), in_ascii(&secret), secret])))
    }

    /// `text` without them.
    pub(super) fn text(&self, text: &str) -> String {
        self.0.redact(text).into_owned()
    }

    /// A refusal without them.
    pub(super) fn refusal(&self, refusal: &Refusal) -> Refusal {
        Refusal::new(self.text(&refusal.at), self.text(&refusal.why)).fix(self.text(&refusal.fix))
    }

    /// A report without them and without those of its notice.
    pub(super) fn report(&self, json: ReportJson, own: Option<&NoticeMask>) -> Report {
        let mut report = Report::from(json);
        for text in [&mut report.reason, &mut report.excerpt, &mut report.provider_id] {
            if !text.is_empty() {
                let shown = self.0.redact(text);
                *text = own.map_or_else(|| shown.clone().into_owned(), |own| own.text(&shown));
            }
        }
        report
    }
}

/// The secrets of one notice: in its options and its URI.
pub(super) struct NoticeMask {
    secrets: Redactor,
    uri: Option<(String, String)>,
}

impl NoticeMask {
    /// What `notice` holds that may not be shown, if anything.
    pub(super) fn of(notice: &Notice<'_>, option_secrets: &[String]) -> Option<Self> {
        let (canonical, redacted) = (notice.uri.canonical(), notice.uri.redacted());
        if canonical == redacted && option_secrets.is_empty() {
            return None;
        }
        let options = Value::Object(notice.options.0.clone());
        let mut hidden = secrets(&options, option_secrets);
        hidden.extend(password(notice.uri));
        let uri = (canonical != redacted).then(|| (canonical.to_owned(), redacted.to_owned()));
        Some(Self { secrets: Redactor::new(hidden), uri })
    }

    /// `text` without it.
    pub(super) fn text(&self, text: &str) -> String {
        let shown = self.uri.as_ref().map(|(canonical, redacted)| text.replace(canonical, redacted));
        self.secrets.redact(shown.as_deref().unwrap_or(text)).into_owned()
    }
}

/// The password in the userinfo of a URI.
fn password(uri: &SubscriberUri) -> Option<String> {
    let (_, rest) = uri.canonical().split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let (userinfo, _) = authority.rsplit_once('@')?;
    Some(userinfo.split_once(':')?.1.to_owned())
}

/// The texts at `pointers`, and those within what stands there.
fn secrets(value: &Value, pointers: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    let mut open: Vec<&Value> = pointers.iter().filter_map(|pointer| value.pointer(pointer)).collect();
    while let Some(value) = open.pop() {
        match value {
            Value::String(text) => found.push(text.clone()),
            Value::Array(list) => open.extend(list),
            Value::Object(map) => open.extend(map.values()),
            Value::Number(number) => found.push(number.to_string()),
            Value::Null | Value::Bool(_) => {}
        }
    }
    found
}

/// As it stands in a line of JSON.
fn escaped(secret: &str) -> String {
    Value::from(secret).to_string().trim_matches('"').to_owned()
}

/// As it stands in a line of JSON that is ASCII alone, which many languages write.
fn in_ascii(secret: &str) -> String {
    let mut text = String::new();
    for c in escaped(secret).chars() {
        if c.is_ascii() {
            text.push(c);
        } else {
            let mut units = [0; 2];
            text.extend(c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use nuncio_core::{Options, Outcome, Recipient};
    use serde_json::json;

    #[test]
    fn a_secret_is_masked_plain_and_as_json_writes_it() {
        let settings = json!({"keys": {"a": "grün\"tee", "b": [123_456]}, "open": "shown"});
        let masks = Masks::of(&settings, &["/keys".to_owned(), "/absent".to_owned()]);
        for text in ["grün\"tee", "grün\\\"tee", "gr\\u00fcn\\\"tee", "123456"] {
            assert_eq!(masks.text(&format!("<{text}> shown")), "<***> shown");
        }
    }

    #[test]
    fn a_report_shows_no_secret_of_its_notice() {
        let uri = SubscriberUri::parse("x://ann:pa55word@h/a").unwrap();
        let options = Options(json!({"secret": "hush-hush"}).as_object().unwrap().clone());
        let recipients = [Recipient::new(0, "x")];
        let notice = Notice::new("d", &uri, &recipients, &options);
        let own = NoticeMask::of(&notice, &["/secret".to_owned()]);
        let reason = format!("{} pa55word hush-hush", uri.canonical());
        let json = serde_json::from_value(json!({"outcome": "rejected", "reason": reason})).unwrap();
        let report = Masks::default().report(json, own.as_ref());
        assert_eq!(report.outcome, Outcome::Rejected);
        assert_eq!(report.reason, format!("{} *** ***", uri.redacted()));
    }
}
