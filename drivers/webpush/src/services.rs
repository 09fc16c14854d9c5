//! The push services that are known: those of the browsers, and the operator's own.

use url::Url;

/// A browser's push service.
struct Service {
    host: &'static str,
    /// Where subscriptions are: below these, each one part of a path.
    paths: &'static [&'static str],
}

/// Google, Mozilla, Apple, whose word on our key can be believed of these paths: the hosts of Google and Apple serve APIs
/// besides Web Push, which refuse any key of VAPID. Google's `/gcm/send/` is not among them: it knows no VAPID.
const BELIEVED: [Service; 3] = [
    Service { host: "fcm.googleapis.com", paths: &["/fcm/send/", "/wp/"] },
    Service { host: "updates.push.services.mozilla.com", paths: &["/wpush/v1/", "/wpush/v2/"] },
    Service { host: "web.push.apple.com", paths: &["/"] },
];
/// Microsoft's, which says 401 also of an endpoint that is spoilt, and not that a browser subscribed with another key. So it
/// is known, and its word on our key is not believed.
const MICROSOFT: &str = ".notify.windows.com";

/// The browsers' services, and the operator's own.
#[derive(Clone, Debug, Default)]
pub(crate) struct Services(Vec<String>);

impl Services {
    /// The browsers' services, and those of these hosts.
    pub(crate) fn with(own: &[String]) -> Self {
        Self(own.iter().map(|host| host.to_ascii_lowercase()).collect())
    }

    /// Whether what is said at `endpoint` of our key is true of the key: nobody can choose an endpoint that has it refused.
    pub(crate) fn believe(&self, endpoint: &Url) -> bool {
        self.own(endpoint) || BELIEVED.iter().any(|service| service.has(endpoint))
    }

    /// Whether `endpoint` is of a service that answers soon, and has many browsers.
    pub(crate) fn know(&self, endpoint: &Url) -> bool {
        self.believe(endpoint) || endpoint.host_str().is_some_and(|host| host.ends_with(MICROSOFT))
    }

    fn own(&self, endpoint: &Url) -> bool {
        endpoint.host_str().is_some_and(|host| self.0.iter().any(|one| one == host))
    }
}

impl Service {
    /// A query may hold what an API takes for a key.
    fn has(&self, endpoint: &Url) -> bool {
        let id = self.paths.iter().find_map(|path| endpoint.path().strip_prefix(path));
        endpoint.scheme() == "https"
            && endpoint.host_str() == Some(self.host)
            && endpoint.port().is_none()
            && endpoint.query().is_none()
            && id.is_some_and(|id| !id.is_empty() && !id.contains('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn told(endpoint: &str) -> (bool, bool) {
        let (services, url) =
            (Services::with(&["Push.example.net".to_owned()]), Url::parse(endpoint).unwrap());
        (services.believe(&url), services.know(&url))
    }

    #[test]
    fn endpoints_as_browsers_have_them_are_known() {
        for endpoint in [
            "https://fcm.googleapis.com/fcm/send/dQw4w9WgXcQ:APA91bHun4MxP5egoKMwt2KZFBaFUH-1RYqx",
            "https://fcm.googleapis.com/wp/dQw4w9WgXcQ:APA91bHun4MxP5egoKMwt2KZFBaFUH-1RYqx",
            "https://updates.push.services.mozilla.com/wpush/v1/gAAAAABm",
            "https://updates.push.services.mozilla.com/wpush/v2/gAAAAABm",
            "https://web.push.apple.com/QGuQyavXutnMH9wRnX",
            "https://push.example.net:8443/anything/at/all",
        ] {
            assert_eq!(told(endpoint), (true, true), "{endpoint}");
        }
        assert_eq!(told("https://wns2-par02p.notify.windows.com/w/?token=BQYAAABPS6P"), (false, true));
    }

    #[test]
    fn what_else_is_at_their_hosts_and_what_looks_like_them_is_not() {
        for endpoint in [
            "https://fcm.googleapis.com/v1/projects/x/messages:send",
            "https://fcm.googleapis.com/fcm/send",
            "https://fcm.googleapis.com/fcm/send/",
            "https://fcm.googleapis.com/fcm/send/?abc",
            "https://fcm.googleapis.com/fcm/send/abc?access_token=x",
            "https://fcm.googleapis.com/fcm/send/../../v1/projects/x/messages:send",
            "https://fcm.googleapis.com/fcm/send/%2e%2e/%2E%2E/batch",
            "https://fcm.googleapis.com/fcm/sender/abc",
            "https://fcm.googleapis.com/batch",
            "https://fcm.googleapis.com:8443/fcm/send/abc",
            "http://fcm.googleapis.com/fcm/send/abc",
            "https://fcm.googleapis.com.evil.example/fcm/send/abc",
            "https://android.googleapis.com/gcm/send/abc",
            "https://updates.push.services.mozilla.com/v1/fcm/app/registration",
            "https://push.services.mozilla.com/wpush/v2/abc",
            "https://api.push.apple.com/3/device/00",
            "https://web.push.apple.com/3/device/00",
            "https://web.push.apple.com/",
            "https://evil.push.apple.com/abc",
            "https://notify.windows.com.evil.example/w/?token=abc",
            "https://evil.example/fcm/send/abc",
        ] {
            assert_eq!(told(endpoint), (false, false), "{endpoint}");
        }
    }

    proptest! {
        #[test]
        fn no_path_leads_from_a_subscription_to_another_api(rest in "[a-z.%2e/\\\\:?#]{0,24}") {
            let url = Url::parse(&format!("https://fcm.googleapis.com/fcm/send/{rest}")).unwrap();
            if Services::default().believe(&url) {
                prop_assert!(url.path().starts_with("/fcm/send/") && url.path().matches('/').count() == 3);
            }
        }
    }
}
