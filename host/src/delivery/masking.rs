//! What a driver says of an attempt is kept and shown: without the secrets that the attempt knew.

use std::borrow::Cow;

use nuncio_core::{Options, Outcome, Outcomes, Report, SubscriberUri};
use nuncio_plugin_loader::Redactor;
use serde_json::Value;
use url::Url;

/// Masks in `outcomes` what is secret in `options`, at the pointers `secrets`, and the password of `uri`.
///
/// Nothing is looked for where nothing was said.
pub(super) fn masked<'a>(
    outcomes: &'a Outcomes,
    uri: &SubscriberUri,
    options: &Options,
    secrets: &[String],
) -> Cow<'a, Outcomes> {
    let (all, each) = outcomes.parts();
    if all.into_iter().chain(each.iter().map(|(_, report)| report)).all(is_silent) {
        return Cow::Borrowed(outcomes);
    }
    let redactor = redactor(uri, options, secrets);
    let mask = |report: &Report| {
        let mut report = report.clone();
        report.reason = redactor.redact(&report.reason).into_owned();
        report.excerpt = redactor.redact(&report.excerpt).into_owned();
        report
    };
    Cow::Owned(match all {
        Some(report) => Outcomes::all(mask(report)),
        None => Outcomes::each(each.iter().map(|(index, report)| (*index, mask(report))).collect()),
    })
}

/// Of what was delivered the excerpt is neither kept nor shown.
fn is_silent(report: &Report) -> bool {
    report.reason.is_empty() && (report.excerpt.is_empty() || report.outcome == Outcome::Delivered)
}

fn redactor(uri: &SubscriberUri, options: &Options, secrets: &[String]) -> Redactor {
    let mut known = Vec::new();
    for pointer in secrets {
        let mut parts = pointer.splitn(3, '/').skip(1);
        let Some(member) = parts.next().and_then(|name| options.get(name)) else { continue };
        let value = parts.next().map_or(Some(member), |rest| member.pointer(&format!("/{rest}")));
        value.into_iter().for_each(|value| texts(value, &mut known));
    }
    known.extend(password(uri));
    Redactor::new(known)
}

fn texts(value: &Value, known: &mut Vec<String>) {
    match value {
        Value::String(text) => known.push(text.clone()),
        Value::Array(list) => list.iter().for_each(|one| texts(one, known)),
        Value::Object(map) => map.values().for_each(|one| texts(one, known)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The password of a URI with an authority, as it is written and decoded.
fn password(uri: &SubscriberUri) -> Vec<String> {
    let url = Url::parse(uri.canonical()).ok();
    let Some(written) = url.as_ref().and_then(Url::password) else { return Vec::new() };
    let pair = format!("x={}", written.replace('+', "%2B"));
    let decoded = url::form_urlencoded::parse(pair.as_bytes()).map(|(_, value)| value.into_owned());
    std::iter::once(written.to_owned()).chain(decoded).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use nuncio_core::Scope;
    use serde_json::json;

    fn options() -> Options {
        serde_json::from_value(json!({
            "secret": ["whsec_abcd", "whsec_efgh"], "post_headers": {"Authorization": "Bearer t0ken"}, "subject": "open",
        }))
        .unwrap()
    }

    #[test]
    fn secrets_of_options_and_the_password_of_the_uri_are_masked() {
        let uri = SubscriberUri::parse("https://ann:p%40ss+word@example.org/").unwrap();
        let secrets = ["/secret", "/post_headers/Authorization", "/absent"].map(str::to_owned);
        let said = "whsec_efgh, Bearer t0ken, p%40ss+word, p@ss+word, open";
        let report = Report::deferred(Scope::Recipient, said).excerpt(said);
        let masked = masked(&Outcomes::each(vec![(3, report)]), &uri, &options(), &secrets).of(3);
        assert_eq!(masked.reason, "***, ***, ***, ***, open");
        assert_eq!(masked.excerpt, masked.reason);
    }

    #[test]
    fn one_report_for_all_stays_one_and_the_rest_of_it_stays() {
        let uri = SubscriberUri::parse("log:x").unwrap();
        let report = Report::rejected(Scope::Message, "no whsec_abcd").code(7).provider_id("whsec_abcd");
        let (said, secrets) = (report.into(), ["/secret".to_owned()]);
        let told = masked(&said, &uri, &options(), &secrets);
        let report = told.parts().0.unwrap();
        assert_eq!(
            (report.reason.as_str(), report.code, report.provider_id.as_str()),
            ("no ***", 7, "whsec_abcd")
        );
    }
}
