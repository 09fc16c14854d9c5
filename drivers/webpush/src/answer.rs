//! What the answer of a push service means (RFC 8030, sections 5 and 8).
//!
//! A project's browsers use many services and share one lane, so nothing that one service says may stop the others: what
//! is the matter with a service is reported of the recipient, which waits by itself. The one exception is the word on our
//! key, and only of services that are believed: anybody can register an endpoint of his own, which refuses the key to stop
//! all the rest.

use nuncio_plugin_sdk::{Outcome, Report, Scope};

use crate::{browser::Browser, services::Services};

/// What an answer of 400 says when it is about the token and not the message: FCM, Apple, autopush.
const ABOUT_TOKEN: [&str; 6] =
    ["vapid", "jwt", "crypto-key", "unauthorizedregistration", "authoriz", "authentication token"];
/// What services say when the token is good, and the browser subscribed with another key: autopush, Apple, FCM.
const OTHER_KEY: [&str; 3] =
    ["vapid public key mismatch", "vapidpkhashmismatch", "credentials used to create the subscription"];

impl Services {
    /// What `report`, the usual reading of an answer over HTTP, is of a push for `browser` by the key of `account`.
    pub(crate) fn judged(&self, mut report: Report, browser: &Browser, account: &str) -> Report {
        let service = browser.url.host_str().unwrap_or_default();
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
                    if self.believe(&browser.url) {
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
        let rest = if host.contains('/') { "" } else { "/send/capability-1?token=capability-2" };
        let browser = browser(&format!("https://{host}{rest}"));
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
        assert_eq!(refused("web.push.apple.com/capability-1", 403, "{\"reason\":\"BadJwtToken\"}"), HELD);
        let mozilla = "updates.push.services.mozilla.com/wpush/v2/capability-1";
        assert_eq!(refused(mozilla, 401, "{\"errno\": 109}"), HELD);
        let google = "fcm.googleapis.com/fcm/send/capability-1";
        assert_eq!(refused(google, 400, "<TITLE>UnauthorizedRegistration</TITLE>"), HELD);
        assert_eq!(refused("push.example.net", 400, "Invalid authentication token supplied"), HELD);
    }

    #[test]
    fn nobody_stops_the_others_by_an_endpoint_of_his_own() {
        for host in [
            "evil.example",
            "fcm.googleapis.com.evil.example",
            "xpush.apple.com.example",
            "notify.windows.com.e",
            "wns2-par02p.notify.windows.com/w/?token=a",
            "fcm.googleapis.com/v1/projects/x/messages:send",
            "api.push.apple.com/3/device/00",
            "web.push.apple.com/3/device/00",
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
            (
                "updates.push.services.mozilla.com/wpush/v2/a",
                401,
                "{\"message\": \"VAPID public key mismatch\"}",
            ),
            ("web.push.apple.com/a", 400, "{\"reason\":\"VapidPkHashMismatch\"}"),
            (
                "fcm.googleapis.com/wp/a",
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

    proptest! {
        #[test]
        fn no_answer_is_a_success_that_was_none_or_holds_for_a_stranger(
            code in 100_u32..700, excerpt in "\\PC{0,40}(vapid|jwt|mismatch)?\\PC{0,20}",
        ) {
            let report = said("a.example", code, Outcome::Rejected, Scope::Destination, &excerpt);
            prop_assert!(report.outcome != Outcome::Delivered && report.scope == Scope::Recipient);
        }
    }
}
