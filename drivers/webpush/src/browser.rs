//! A device of this driver: a browser's subscription, as `PushSubscription.toJSON()` gives it to a page.

use std::net::{IpAddr, Ipv4Addr};

use aws_lc_rs::agreement::{ECDH_P256, ParsedPublicKey, UnparsedPublicKey};
use nuncio_plugin_sdk::{
    Device, Refusal,
    http::{Answer, Endpoint, Uri},
    net::Policy,
};
use url::{Host, Url};
use zeroize::Zeroizing;

use crate::base64url;

/// What a right one looks like; the values are those of RFC 8291.
const ENDPOINT: &str =
    "give the subscription's endpoint, as https://push.example.net/push/JzLQ3raZJfFBR0aqvOMsLrt54w4";
const P256DH: &str = "give keys.p256dh of the subscription, as \
    BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
const AUTH: &str = "give keys.auth of the subscription, as BTBZMqHH6r4Tts7J_aSIgg";
/// The longest endpoint, in bytes. Those of the services have some hundreds.
const LONGEST: usize = 4096;

/// A browser: where its push service takes messages, and what they are encrypted with.
pub(crate) struct Browser {
    /// The subscription's resource: whoever knows it may push, so it is shown nowhere.
    pub(crate) url: Url,
    /// The same, taken apart for the client.
    pub(crate) endpoint: Endpoint,
    /// Its keys.
    pub(crate) keys: Keys,
}

/// The keys of a browser (RFC 8291, section 2).
pub(crate) struct Keys {
    /// Its public key, a point on P-256, uncompressed.
    pub(crate) public: [u8; 65],
    /// The secret that it shares with the page's server.
    pub(crate) auth: Zeroizing<[u8; 16]>,
}

impl Browser {
    /// Reads a device. Plain `http` is for addresses alone that the operator opened by `policy`.
    ///
    /// # Errors
    /// What is wrong with it, by its member and without its value.
    pub(crate) fn of(device: &Device, policy: &Policy) -> Result<Self, Refusal> {
        let url = url(&device.address, policy)?;
        let uri: Uri = url.as_str().parse().map_err(|_| address("not a URL that can be sent to"))?;
        let endpoint = Endpoint::of(&uri).map_err(|_| address("not a URL that can be sent to"))?;
        let strange = device.keys.keys().find(|name| !matches!(name.as_str(), "p256dh" | "auth"));
        if strange.is_some() {
            // Its name may be anything, a secret too.
            return Err(Refusal::new("/keys", "a browser has no other keys than p256dh and auth")
                .fix("give `keys` as PushSubscription.toJSON() has it"));
        }
        Ok(Self { url, endpoint, keys: Keys::of(device)? })
    }

    /// The origin of the push service (RFC 6454), which its tokens are for.
    pub(crate) fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    /// Takes out of `answer` what makes the endpoint a capability, which a service may repeat.
    pub(crate) fn strike(&self, answer: &mut Answer) {
        let long = |part: &String| part.len() >= 8;
        let mut parts: Vec<_> = self.url.path().split('/').map(str::to_owned).filter(long).collect();
        // The last one whatever it is: no word of it may be taken for the service's.
        parts.extend(self.url.path().rsplit('/').next().filter(|part| part.len() >= 3).map(str::to_owned));
        let query = self.url.query().unwrap_or_default();
        parts.extend(query.split(['&', '=']).map(str::to_owned).filter(long));
        parts.extend(self.url.query_pairs().map(|(_, value)| value.into_owned()).filter(long));
        // A part may be within another.
        parts.sort_unstable_by_key(|part| std::cmp::Reverse(part.len()));
        parts.iter().for_each(|part| answer.strike(part));
    }

    /// The device with its members in the one form that is kept.
    pub(crate) fn kept(&self, mut device: Device) -> Device {
        device.address = self.url.to_string();
        device.keys.insert("p256dh".to_owned(), base64url::write(self.keys.public));
        device.keys.insert("auth".to_owned(), base64url::write(self.keys.auth.as_slice()));
        device
    }
}

impl Keys {
    fn of(device: &Device) -> Result<Self, Refusal> {
        let key = |name: &str, fix: &str| {
            let missing = || Refusal::new(format!("/keys/{name}"), "not set").fix(fix);
            device.keys.get(name).filter(|text| !text.is_empty()).ok_or_else(missing)
        };
        let (public, auth) = (key("p256dh", P256DH)?, key("auth", AUTH)?);
        let public = base64url::read(public).filter(is_on_the_curve).ok_or_else(|| {
            Refusal::new("/keys/p256dh", "not the 65 bytes of a point on the curve P-256 in base64url")
                .fix(P256DH)
        })?;
        let auth = base64url::read(auth)
            .ok_or_else(|| Refusal::new("/keys/auth", "not 16 bytes in base64url").fix(AUTH))?;
        Ok(Self { public, auth: Zeroizing::new(auth) })
    }
}

/// A key that is on another curve would tell who chose it something of ours (RFC 8291, section 7).
fn is_on_the_curve(public: &[u8; 65]) -> bool {
    public.first() == Some(&4)
        && ParsedPublicKey::try_from(&UnparsedPublicKey::new(&ECDH_P256, public.as_slice())).is_ok()
}

fn address(why: &str) -> Refusal {
    Refusal::new("/address", why).fix(ENDPOINT)
}

fn url(text: &str, policy: &Policy) -> Result<Url, Refusal> {
    if text.is_empty() {
        return Err(address("not set"));
    }
    if text.len() > LONGEST {
        return Err(address("longer than 4096 bytes"));
    }
    let mut url = Url::parse(text).map_err(|_| address("not a URL"))?;
    url.set_fragment(None);
    if !url.username().is_empty() || url.password().is_some() {
        return Err(address("an endpoint has no user or password in it"));
    }
    let host = url.host().ok_or_else(|| address("a URL without a host"))?;
    let literal = match host {
        Host::Ipv4(ip) => Some(IpAddr::V4(ip)),
        Host::Ipv6(ip) => Some(IpAddr::V6(ip)),
        // It leads nowhere else (RFC 6761, section 6.3).
        Host::Domain("localhost") => Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        Host::Domain(_) => None,
    };
    let named = policy.permits_host(&host.to_string());
    if literal.is_some_and(|ip| !named && !policy.permits(ip)) {
        return Err(Refusal::new("/address", "this server may not reach this address")
            .fix("allow it by [delivery] allow_networks or allow_hosts"));
    }
    let opened = named || literal.is_some_and(|ip| !Policy::default().permits(ip));
    match url.scheme() {
        "https" => Ok(url),
        "http" if opened => Ok(url),
        "http" => Err(address("a push service is reached by https")),
        _ => Err(address("not an https URL")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::tests as example;
    use nuncio_plugin_sdk::http::{HeaderMap, StatusCode, report};
    use proptest::prelude::*;

    pub(crate) fn device(address: &str) -> Device {
        let mut device = Device::new("webpush", address);
        device.keys.insert("p256dh".to_owned(), example::BROWSER_PUBLIC.to_owned());
        device.keys.insert("auth".to_owned(), example::AUTH.to_owned());
        device
    }

    fn policy(networks: &[&str], hosts: &[&str]) -> Policy {
        let owned = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
        Policy::new(&owned(networks), &owned(hosts)).unwrap()
    }

    fn refused(device: &Device, policy: &Policy) -> String {
        Browser::of(device, policy).err().map(|refusal| refusal.to_string()).unwrap_or_default()
    }

    #[test]
    fn a_browser_is_kept_in_one_form() {
        let mut given = device("HTTPS://Push.Example.net:443/push/a#x");
        given.keys.insert("auth".to_owned(), format!("{}==", example::AUTH));
        let browser = Browser::of(&given, &Policy::default()).unwrap();
        let kept = browser.kept(given);
        assert_eq!(kept.address, "https://push.example.net/push/a");
        assert_eq!(kept.keys, device("").keys);
        assert_eq!(browser.origin(), "https://push.example.net");
        let elsewhere = Browser::of(&device("https://push.example.net:8443/a"), &Policy::default()).unwrap();
        assert_eq!(elsewhere.origin(), "https://push.example.net:8443");
    }

    #[test]
    fn a_wrong_member_is_named_and_shown_right_without_its_value() {
        let fine = || device("https://push.example.net/push/a");
        let with = |name: &str, value: &str| {
            let mut device = fine();
            device.keys.insert(name.to_owned(), value.to_owned());
            device
        };
        let off_the_curve = base64url::write([4; 65]);
        let compressed = base64url::write([&[2], &[7; 32][..]].concat());
        for (device, want) in [
            (device(""), "/address: not set; give the subscription's endpoint, as https://"),
            (device("push.example.net/secret"), "/address: not a URL; "),
            (device("ftp://push.example.net/secret"), "/address: not an https URL; "),
            (device("http://push.example.net/secret"), "/address: a push service is reached by https; "),
            (device("https://ann:secret@push.example.net/"), "/address: an endpoint has no user"),
            (
                device("https://127.0.0.1/secret"),
                "/address: this server may not reach this address; allow it",
            ),
            (device("https://localhost/secret"), "/address: this server may not reach"),
            (with("p256dh", ""), "/keys/p256dh: not set; "),
            (with("p256dh", "secret"), "/keys/p256dh: not the 65 bytes of a point"),
            (with("p256dh", &off_the_curve), "/keys/p256dh: not the 65 bytes of a point"),
            (with("p256dh", &compressed), "/keys/p256dh: not the 65 bytes of a point"),
            (with("auth", "secret"), "/keys/auth: not 16 bytes in base64url; give keys.auth"),
            (with("secret", "secret"), "/keys: a browser has no other keys"),
        ] {
            let refusal = refused(&device, &Policy::default());
            assert!(refusal.starts_with(want) && !refusal.contains("secret"), "{want}: {refusal}");
        }
    }

    #[test]
    fn plain_http_is_for_what_the_operator_opened() {
        let open = policy(&["127.0.0.0/8"], &["push.internal"]);
        for address in ["http://127.0.0.1:8090/a", "http://localhost:8090/a", "http://push.internal/a"] {
            assert_eq!(refused(&device(address), &open), "", "{address}");
        }
        for address in ["http://8.8.8.8/a", "http://push.example.net/a", "http://10.0.0.1/a"] {
            assert_ne!(refused(&device(address), &open), "", "{address}");
        }
    }

    #[test]
    fn an_endpoint_that_the_answer_repeats_is_struck_out() {
        let told = |endpoint: &str, body: String| {
            let browser = Browser::of(&device(endpoint), &Policy::default()).ok().unwrap();
            let mut answer = Answer::new(StatusCode::BAD_GATEWAY, HeaderMap::new(), body.into_bytes());
            browser.strike(&mut answer);
            report(&Ok(answer), 0).excerpt
        };
        let endpoint = "https://a.example/send/capability-1?token=capability%2f2&n=1";
        let repeated = "no /send/capability-1?token=capability%2f2&n=1, that is capability/2";
        assert_eq!(told(endpoint, repeated.to_owned()), "no /send/***?token=***&n=1, that is ***");
        let cut = told(endpoint, format!("{}capability-1", "x".repeat(1018)));
        assert!(!cut.contains("cap"), "{cut}");
        assert_eq!(told("https://a.example/send/jwt", "no jwt".to_owned()), "no ***");
    }

    /// Any device is a browser, whose kept form is one too and the same, or is refused at one of its members.
    fn check_any(address: &str, public: &str, auth: &str, policy: &Policy) {
        let mut device = device(address);
        device.keys.insert("p256dh".to_owned(), public.to_owned());
        device.keys.insert("auth".to_owned(), auth.to_owned());
        match Browser::of(&device, policy) {
            Ok(browser) => {
                let kept = browser.kept(device);
                let again = Browser::of(&kept, policy).ok().unwrap().kept(kept.clone());
                assert!(again == kept && !browser.origin().is_empty());
            }
            Err(refusal) => {
                assert!(
                    ["/address", "/keys/p256dh", "/keys/auth"].contains(&refusal.at.as_str()),
                    "{refusal}"
                );
            }
        }
    }

    proptest! {
        #[test]
        fn any_device_is_read_or_refused(
            address in "(https?|HTTPS|wss|)(://|:)?(\\[::1\\]|127\\.1|localhost|[a-zé%.]{0,8}|\\PC{0,8})(:[0-9]{0,6})?(/\\PC{0,8})?(#.{0,3})?",
            public in prop_oneof![Just(example::BROWSER_PUBLIC.to_owned()), "B[A-Za-z0-9_-]{85,87}=?", "\\PC{0,90}"],
            auth in prop_oneof![Just(example::AUTH.to_owned()), "[A-Za-z0-9_-]{21,23}={0,2}", "\\PC{0,30}"],
            open in any::<bool>(),
        ) {
            let policy = if open { policy(&["127.0.0.0/8"], &[]) } else { Policy::default() };
            check_any(&address, &public, &auth, &policy);
        }
    }
}
