//! What the answer of a push service means (RFC 8030, sections 5 and 8).
//!
//! A project's browsers use many services and share one lane, so nothing that one service says may stop the others: what
//! is the matter with a service is reported of the recipient, which waits by itself. The one exception is the word on our
//! key, and only of services that are known: anybody can register an endpoint of his own, which refuses the key to stop
//! all the rest.

use nuncio_plugin_sdk::{Outcome, Report, Scope};

use crate::browser::Browser;

/// The hosts of the browsers' own services: Google, Mozilla, Apple, Microsoft. With a dot: all below.
const KNOWN: [&str; 5] = [
    "fcm.googleapis.com",
    "android.googleapis.com",
    ".push.services.mozilla.com",
    ".push.apple.com",
    ".notify.windows.com",
];
/// What an answer of 400 says when it is about the token and not the message: FCM, Apple, autopush.
const ABOUT_TOKEN: [&str; 6] =
    ["vapid", "jwt", "crypto-key", "unauthorizedregistration", "authoriz", "authentication token"];
/// What services say when the token is good, and the browser subscribed with another key: autopush, Apple, FCM.
const OTHER_KEY: [&str; 3] =
    ["vapid public key mismatch", "vapidpkhashmismatch", "credentials used to create the subscription"];

/// Whose word on our key counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Services(Vec<String>);

impl Services {
    /// The browsers' services, and those of these hosts.
    pub(crate) fn with(own: &[String]) -> Self {
        Self(own.iter().map(|host| host.to_ascii_lowercase()).collect())
    }

    fn know(&self, host: &str) -> bool {
        let fits = |one: &str| if one.starts_with('.') { host.ends_with(one) } else { host == one };
        KNOWN.iter().any(|one| fits(one)) || self.0.iter().any(|one| one == host)
    }

    /// What `report`, the usual reading of an answer over HTTP, is of a push for `browser` by the key of `account`.
    pub(crate) fn judged(&self, mut report: Report, browser: &Browser, account: &str) -> Report {
        let service = browser.url.host_str().unwrap_or_default();
        report.excerpt = struck(&report.excerpt, browser);
        if report.scope == Scope::Destination {
            report.scope = Scope::Recipient;
        }
        match report.code {
            404 | 410 => {
                report.outcome = Outcome::Gone;
                report.reason = format!("{}: {service} has no such subscription any more", report.reason);
            }
            code if is_about_key(code, &report.excerpt) => {
                report.outcome = Outcome::Deferred;
                report.reason = if says(&report.excerpt, &OTHER_KEY) {
                    format!(
                        "{}: the browser subscribed with another key than that of the account `{account}`",
                        report.reason
                    )
                } else {
                    if self.know(service) {
                        report.scope = Scope::Account;
                    }
                    format!(
                        "{}: {service} refuses the key or subject of the account `{account}`",
                        report.reason
                    )
                };
            }
            _ => {}
        }
        report
    }
}

fn is_about_key(code: u32, excerpt: &str) -> bool {
    match code {
        401 | 403 => true,
        400 => says(excerpt, &ABOUT_TOKEN) || says(excerpt, &OTHER_KEY),
        _ => false,
    }
}

fn says(text: &str, words: &[&str]) -> bool {
    let text = text.to_ascii_lowercase();
    words.iter().any(|word| text.contains(word))
}

/// `text` without the parts of the endpoint that make it a capability, which a service may repeat.
fn struck(text: &str, browser: &Browser) -> String {
    let url = &browser.url;
    let path = url.path().split('/').chain(url.query()).filter(|part| part.len() >= 8);
    path.fold(text.to_owned(), |text, part| text.replace(part, "***"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::tests as example;
    use nuncio_plugin_sdk::{Device, net::Policy};
    use proptest::prelude::*;

    fn browser(url: &str) -> Browser {
        let mut device = Device::new("webpush", url);
        device.keys.insert("p256dh".to_owned(), example::BROWSER_PUBLIC.to_owned());
        device.keys.insert("auth".to_owned(), example::AUTH.to_owned());
        Browser::of(&device, &Policy::default()).ok().unwrap()
    }

    /// What is made of an answer that HTTP's table read as `outcome` and `scope`.
    fn said(host: &str, code: u32, outcome: Outcome, scope: Scope, excerpt: &str) -> Report {
        let mut report = Report::new(outcome).code(code).excerpt(excerpt);
        (report.scope, report.reason) = (scope, code.to_string());
        let browser = browser(&format!("https://{host}/send/capability-1?token=capability-2"));
        Services::with(&["Push.example.net".to_owned()]).judged(report, &browser, "shop")
    }

    fn refused(host: &str, code: u32, excerpt: &str) -> (Outcome, Scope) {
        let report = said(host, code, Outcome::Rejected, Scope::Recipient, excerpt);
        (report.outcome, report.scope)
    }

    const HELD: (Outcome, Scope) = (Outcome::Deferred, Scope::Account);
    const LATER: (Outcome, Scope) = (Outcome::Deferred, Scope::Recipient);
    const NEVER: (Outcome, Scope) = (Outcome::Rejected, Scope::Recipient);

    #[test]
    fn a_subscription_that_is_not_there_is_gone() {
        for code in [404, 410] {
            let report = said("a.example", code, Outcome::Rejected, Scope::Recipient, "");
            assert_eq!(report.outcome, Outcome::Gone);
            assert_eq!(report.reason, format!("{code}: a.example has no such subscription any more"));
        }
    }

    #[test]
    fn a_known_services_word_on_the_key_holds_everything() {
        assert_eq!(refused("web.push.apple.com", 403, "{\"reason\":\"BadJwtToken\"}"), HELD);
        assert_eq!(refused("updates.push.services.mozilla.com", 401, "{\"errno\": 109}"), HELD);
        assert_eq!(refused("wns2-par02p.notify.windows.com", 401, ""), HELD);
        assert_eq!(refused("fcm.googleapis.com", 400, "<TITLE>UnauthorizedRegistration</TITLE>"), HELD);
        assert_eq!(refused("push.example.net", 400, "Invalid authentication token supplied"), HELD);
    }

    #[test]
    fn nobody_stops_the_others_by_an_endpoint_of_his_own() {
        for host in [
            "evil.example",
            "fcm.googleapis.com.evil.example",
            "xpush.apple.com.example",
            "notify.windows.com.e",
        ] {
            for code in [401, 403] {
                assert_eq!(refused(host, code, "BadJwtToken"), LATER, "{host}");
            }
        }
        let busy = said("a.example", 503, Outcome::Deferred, Scope::Destination, "");
        assert_eq!((busy.outcome, busy.scope), LATER);
        let down = said("a.example", 0, Outcome::Deferred, Scope::Destination, "");
        assert_eq!((down.outcome, down.scope), LATER);
    }

    #[test]
    fn a_browser_of_another_key_waits_alone() {
        for (host, code, words) in [
            ("updates.push.services.mozilla.com", 401, "{\"message\": \"VAPID public key mismatch\"}"),
            ("web.push.apple.com", 400, "{\"reason\":\"VapidPkHashMismatch\"}"),
            (
                "fcm.googleapis.com",
                403,
                "do not correspond to the credentials used to create the subscriptions.",
            ),
        ] {
            let report = said(host, code, Outcome::Rejected, Scope::Recipient, words);
            assert_eq!((report.outcome, report.scope), LATER, "{host}");
            assert!(report.reason.contains("another key than that of the account `shop`"), "{report:?}");
        }
    }

    #[test]
    fn what_is_about_the_message_is_left_as_it_is() {
        assert_eq!(refused("fcm.googleapis.com", 400, "InvalidTtl"), NEVER);
        let large = said("fcm.googleapis.com", 413, Outcome::Rejected, Scope::Message, "");
        assert_eq!((large.outcome, large.scope), (Outcome::Rejected, Scope::Message));
        let taken = said("fcm.googleapis.com", 201, Outcome::Delivered, Scope::Recipient, "");
        assert_eq!(taken.outcome, Outcome::Delivered);
    }

    #[test]
    fn an_endpoint_that_the_answer_repeats_is_struck_out() {
        let report = said(
            "a.example",
            500,
            Outcome::Deferred,
            Scope::Recipient,
            "no /send/capability-1?token=capability-2",
        );
        assert_eq!(report.excerpt, "no /send/***?***");
    }

    proptest! {
        #[test]
        fn no_answer_is_a_success_that_was_none_or_holds_for_a_stranger(
            code in 100_u32..700, excerpt in "\\PC{0,40}(vapid|jwt|mismatch|capability-1)?\\PC{0,20}",
        ) {
            let report = said("a.example", code, Outcome::Rejected, Scope::Destination, &excerpt);
            prop_assert!(report.outcome != Outcome::Delivered && report.scope == Scope::Recipient);
            prop_assert!(!report.excerpt.contains("capability-1"));
        }
    }
}
