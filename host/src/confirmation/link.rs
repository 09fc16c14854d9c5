//! Links to the pages where people answer, and what stands in them.

use nuncio_core::{PublicIds, SubscriptionId};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::{
    place::{Place, plain},
    signed::{Grant, Presented, Signer},
};

/// What is encoded in a value of a query. Slashes and colons stand, as in the links that Zaqar sends.
const VALUE: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'&')
    .add(b'\'')
    .add(b'+')
    .add(b'<')
    .add(b'=')
    .add(b'>')
    .add(b'?')
    .add(b'\\');

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// One who was asked says yes or no.
    Confirm,
    /// One who is sent mails wants no more.
    Unsubscribe,
}

impl Purpose {
    /// The last part of its paths: of the page, and of what is signed.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Confirm => "confirm",
            Self::Unsubscribe => "unsubscribe",
        }
    }

    const fn method(self) -> &'static str {
        match self {
            Self::Confirm => "PUT",
            Self::Unsubscribe => "POST",
        }
    }
}

/// What a link says: for which subscription, and until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The project.
    pub project: String,
    /// The queue or topic, as the store calls it.
    pub queue: String,
    /// The public id of the subscription.
    pub subscription: String,
    /// Until when it works, Unix milliseconds.
    pub expires: i64,
}

impl Link {
    /// For `subscription` of a queue, until `expires`.
    #[must_use]
    pub fn new(
        project: &str,
        queue: &str,
        ids: &PublicIds,
        subscription: SubscriptionId,
        expires: i64,
    ) -> Self {
        let (project, queue) = (project.to_owned(), queue.to_owned());
        Self { project, queue, subscription: ids.subscription(subscription).to_string(), expires }
    }

    /// The name of the queue or topic, as clients know it.
    #[must_use]
    pub fn name(&self) -> &str {
        plain(&self.queue)
    }

    /// What is signed.
    #[must_use]
    pub fn grant(&self, purpose: Purpose) -> Option<Grant> {
        let Self { project, queue, subscription, expires } = self;
        let place = Place::of_stored(queue.clone()).path();
        let path = format!("{place}/subscriptions/{subscription}/{}", purpose.name());
        Grant::new(project, [path], [purpose.method().to_owned()], *expires).ok()
    }

    /// The link's query; `url` is where an external page is to send the answer.
    #[must_use]
    pub fn query(&self, purpose: Purpose, signer: &Signer, url: Option<&str>) -> Option<String> {
        let grant = self.grant(purpose)?;
        let path = grant.paths().first()?;
        let mut pairs = vec![
            ("Signature", signer.sign(&grant)),
            ("Methods", purpose.method().to_owned()),
            ("Paths", path.clone()),
            ("Project", self.project.clone()),
            ("Expires", grant.expires().to_owned()),
        ];
        pairs.extend(url.map(|url| ("Url", format!("{url}{path}"))));
        pairs.push(("Queue", self.name().to_owned()));
        let pair = |(name, value): (&str, String)| format!("{name}={}", utf8_percent_encode(&value, VALUE));
        Some(pairs.into_iter().map(pair).collect::<Vec<_>>().join("&"))
    }

    /// What was signed here for this purpose, also when it has expired.
    #[must_use]
    pub fn read(purpose: Purpose, signer: &Signer, shown: &Presented<'_>) -> Option<Self> {
        let grant = signer.read(shown)?;
        let [path] = grant.paths() else { return None };
        let mut parts = path.strip_prefix("/v2/")?.split('/');
        let (kind, name) = (parts.next()?, parts.next()?);
        let place = match kind {
            "queues" => Place::queue(name),
            "topics" => Place::topic(name),
            _ => return None,
        };
        let (below, subscription) = (parts.next()?, parts.next()?);
        let sound = below == "subscriptions"
            && parts.next() == Some(purpose.name())
            && parts.next().is_none()
            && grant.methods() == [purpose.method()];
        sound.then(|| Self {
            project: grant.project().to_owned(),
            queue: place.into_stored(),
            subscription: subscription.to_owned(),
            expires: grant.expires_ms(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LATE: i64 = 2_145_916_800_000;

    fn link(project: &str) -> Link {
        Link::new(project, "q", &PublicIds::new(&[1; 32]), SubscriptionId(7), LATE)
    }

    fn shown(query: &str) -> Vec<(String, String)> {
        url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
    }

    fn presented(pairs: &[(String, String)]) -> Presented<'_> {
        let get = |name: &str| pairs.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value);
        Presented {
            signature: get("Signature"),
            methods: get("Methods"),
            paths: get("Paths"),
            expires: get("Expires"),
            project: get("Project"),
        }
    }

    #[test]
    fn a_link_is_read_back_for_its_purpose_only() {
        let (signer, link) = (Signer::new(b"key"), link("p & <q>=+%"));
        let query = link.query(Purpose::Confirm, &signer, None).unwrap();
        let pairs = shown(&query);
        assert_eq!(Link::read(Purpose::Confirm, &signer, &presented(&pairs)), Some(link.clone()));
        assert_eq!(Link::read(Purpose::Unsubscribe, &signer, &presented(&pairs)), None);
        assert_eq!(Link::read(Purpose::Confirm, &Signer::new(b"other"), &presented(&pairs)), None);
        assert!(query.contains(&format!("&Paths=/v2/queues/q/subscriptions/{}/confirm&", link.subscription)));
        let with_url = link.query(Purpose::Confirm, &signer, Some("https://h")).unwrap();
        assert!(with_url.contains("&Url=https://h/v2/queues/q/subscriptions/"), "{with_url}");
    }

    #[test]
    fn a_topic_is_not_taken_for_a_queue() {
        let (signer, link) =
            (Signer::new(b"key"), Link { queue: Place::topic("q").into_stored(), ..link("p") });
        let query = link.query(Purpose::Confirm, &signer, None).unwrap();
        assert!(
            query.contains("&Paths=/v2/topics/q/subscriptions/") && query.ends_with("&Queue=q"),
            "{query}"
        );
        assert_eq!(Link::read(Purpose::Confirm, &signer, &presented(&shown(&query))), Some(link));
    }

    #[test]
    fn a_signature_for_more_than_a_subscription_is_no_link() {
        let signer = Signer::new(b"key");
        for path in [
            "/v2/queues/q/subscriptions",
            "/v2/queues/q/subscriptions/1",
            "/v2/queues/q/subscriptions/1/confirm/x",
        ] {
            let grant = Grant::new("p", [path.to_owned()], ["PUT".to_owned()], LATE).unwrap();
            let signature = signer.sign(&grant);
            let shown = Presented {
                signature: &signature,
                methods: "PUT",
                paths: path,
                expires: grant.expires(),
                project: "p",
            };
            assert!(signer.read(&shown).is_some());
            assert_eq!(Link::read(Purpose::Confirm, &signer, &shown), None, "{path}");
        }
    }

    proptest! {
        #[test]
        fn any_project_travels_in_a_link(project in "[ -\\[\\]-~]{1,40}") {
            let (signer, link) = (Signer::new(b"key"), link(&project));
            let pairs = shown(&link.query(Purpose::Unsubscribe, &signer, Some("https://h/x")).unwrap());
            prop_assert_eq!(Link::read(Purpose::Unsubscribe, &signer, &presented(&pairs)), Some(link));
        }
    }
}
