//! What is kept out of all that comes back from a process: its secrets, and those of one notice.

use nuncio_core::{Notice, Refusal, Report, wire::ReportJson};
use serde_json::Value;

use crate::{
    flight::{hidden_in, texts_at},
    redact::Redactor,
    text::clean,
};

/// The longest reason that is kept, in bytes; so long may a part of a refusal be.
const REASON: usize = 1_024;
/// The longest excerpt of the far side's answer that is kept, in bytes.
const EXCERPT: usize = 2_048;
/// The longest id of the far side that is kept, in bytes: that of a message in a hundred parts.
const PROVIDER_ID: usize = 8 << 10;

/// The secrets of a driver's settings.
#[derive(Debug, Default)]
pub(super) struct Masks(Redactor);

impl Masks {
    /// Those at `pointers` in `settings`.
    pub(super) fn of(settings: &Value, pointers: &[String]) -> Self {
        let secrets = texts_at(settings, pointers).into_iter();
        Self(Redactor::new(secrets.flat_map(|secret| [escaped(&secret), in_ascii(&secret), secret])))
    }

    /// `text` without them, on one line of at most `most` bytes. `cut` says that it is the beginning of a longer one.
    pub(super) fn line(&self, text: &str, cut: bool, most: usize) -> String {
        clean(text, cut, most, &[&self.0])
    }

    /// `text` without them and without those of a notice, all of it.
    pub(super) fn whole(&self, text: &str, own: &Redactor) -> String {
        own.redact(&self.0.redact(text)).into_owned()
    }

    /// A refusal without them.
    pub(super) fn refusal(&self, refusal: &Refusal) -> Refusal {
        let shown = |text: &str| self.line(text, false, REASON);
        Refusal::new(shown(&refusal.at), shown(&refusal.why)).fix(shown(&refusal.fix))
    }

    /// A report without them and without those of its notice.
    pub(super) fn report(&self, json: ReportJson, own: &Redactor) -> Report {
        let shown = |text: &str, most| clean(text, false, most, &[&self.0, own]);
        let mut report = Report::from(json);
        report.reason = shown(&report.reason, REASON);
        report.excerpt = shown(&report.excerpt, EXCERPT);
        report.provider_id = shown(&report.provider_id, PROVIDER_ID);
        report
    }
}

/// What `notice` holds that may not be shown: in its options, and what its URI hides when it is shown.
pub(super) fn of_notice(notice: &Notice<'_>, option_secrets: &[String]) -> Redactor {
    let mut hidden = Vec::new();
    if notice.uri.canonical() != notice.uri.redacted() {
        hidden_in(notice.uri.canonical(), &mut hidden);
    }
    if !option_secrets.is_empty() && !notice.options.is_empty() {
        hidden.extend(texts_at(&Value::Object(notice.options.0.clone()), option_secrets));
    }
    Redactor::new(hidden)
}

/// As it stands in a line of JSON.
fn escaped(secret: &str) -> String {
    let quoted = Value::from(secret).to_string();
    quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(&quoted).to_owned()
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
    use nuncio_core::{Options, Outcome, Recipient, SubscriberUri};
    use serde_json::json;

    #[test]
    fn a_secret_is_masked_plain_and_as_json_writes_it() {
        let settings = json!({"keys": {"a": "grün\"tee\""}, "open": "shown"});
        let masks = Masks::of(&settings, &["/keys".to_owned(), "/absent".to_owned()]);
        for text in ["grün\"tee\"", "grün\\\"tee\\\"", "gr\\u00fcn\\\"tee\\\""] {
            assert_eq!(masks.line(&format!("<{text}> shown"), false, 99), "<***> shown");
        }
    }

    #[test]
    fn a_report_shows_no_secret_of_its_notice_and_is_one_line() {
        let uri = SubscriberUri::parse("x://ann:pa55word@h/a").unwrap();
        let options = Options(json!({"secret": "hush-hush"}).as_object().unwrap().clone());
        let recipients = [Recipient::new(0, "x")];
        let notice = Notice::new("d", &uri, &recipients, &options);
        let own = of_notice(&notice, &["/secret".to_owned()]);
        let reason = format!("{}\n pa55word hush-hush", uri.canonical());
        let json = serde_json::from_value(json!({"outcome": "rejected", "reason": reason})).unwrap();
        let report = Masks::default().report(json, &own);
        assert_eq!(report.outcome, Outcome::Rejected);
        assert_eq!(report.reason, "x://***@h/a  *** ***");
    }
}
