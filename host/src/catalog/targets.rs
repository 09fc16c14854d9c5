//! From what a client wrote to a target: parse, the driver's word, the table of options.

use nuncio_core::{ContentForm, LaneRules, Options, Refusal, SubscriberUri, retry};
use serde_json::Value;

use super::{
    entrusting,
    options::{self, Unknown},
    queues::Catalog,
};
use crate::{confirmation::Subscriber, storage::NewTarget};

/// The lane of targets whose retries follow Zaqar's times: a breaker that others opened does not delay them.
const ZAQAR_LANE: &str = "zaqar";

/// A target that may be stored.
#[derive(Clone, Debug)]
pub struct Admitted {
    /// The canonical URI.
    pub key: String,
    /// The target.
    pub target: NewTarget,
    /// Options that nobody knows.
    pub unknown: Vec<Unknown>,
    /// The scheme of the URI, lower case.
    scheme: String,
    /// What its driver sends.
    form: ContentForm,
}

impl Admitted {
    /// As it is asked whether it wants to be one.
    pub(super) fn subscriber(&self) -> Subscriber<'_> {
        Subscriber { scheme: &self.scheme, key: &self.key, target: &self.target, form: self.form }
    }
}

impl Catalog {
    /// Looks at a URI and its options for `project`; `queue_policy` is the queue's `_retry_policy`.
    ///
    /// # Errors
    /// A [`Refusal`] that points at the offending part of the URI or the option.
    pub async fn admit(
        &self,
        project: &str,
        uri: &str,
        options: Options,
        queue_policy: Option<&Value>,
    ) -> Result<Admitted, Refusal> {
        let uri = read(uri)?;
        self.allowed(uri.scheme())?;
        let admitted = self.made(&uri, options, queue_policy).await?;
        self.registered(project, &uri).await?;
        Ok(admitted)
    }

    /// As [`admit`](Self::admit), of one that is written to once, without a subscription.
    ///
    /// # Errors
    /// As those of [`admit`](Self::admit), and a subscriber by trust.
    pub async fn admit_once(&self, project: &str, uri: &str, options: Options) -> Result<Admitted, Refusal> {
        entrusting::subscribed(&read(uri)?)?;
        self.admit(project, uri, options, None).await
    }

    /// As [`admit`](Self::admit), of a scheme that need not be among those that clients may name.
    pub(super) async fn made(
        &self,
        uri: &SubscriberUri,
        options: Options,
        queue_policy: Option<&Value>,
    ) -> Result<Admitted, Refusal> {
        let drivers = self.board.now();
        let (entry, checked) = drivers.check(uri, &options).await.map_err(placed)?;
        let unknown = options::check(&options, &entry.manifest, &self.config)?;
        self.renderer.check(&options).map_err(placed)?;
        let zaqar = retry::effective(queue_policy, options.get("_retry_policy")).is_some();
        let rules = LaneRules::parse(&options.0)
            .map_err(|refusal| placed(Refusal { at: format!("/options{}", refusal.at), ..refusal }))?;
        let target = NewTarget {
            driver: entry.manifest.name.clone(),
            destination: checked.destination,
            lane_key: if zaqar { ZAQAR_LANE.to_owned() } else { String::new() },
            rules,
            uri: uri.written().to_owned(),
            redacted: checked.redacted,
            addresses: checked.addresses,
            options,
        };
        let (scheme, form) = (uri.scheme().to_owned(), entry.manifest.content);
        Ok(Admitted { key: checked.canonical, target, unknown, scheme, form })
    }

    fn allowed(&self, scheme: &str) -> Result<(), Refusal> {
        match &self.config.notification.subscriber_types {
            Some(types) if !types.iter().any(|one| one == scheme) => Err(Refusal::new(
                "subscriber: scheme, column 1",
                format!(
                    "The subscriber type of subscription must be supported in the list {} \
                     (notification.subscriber_types)",
                    types.join(", ")
                ),
            )),
            _ => Ok(()),
        }
    }
}

/// Drivers point into `/options/...` or name a part of the URI.
/// Parses a subscriber.
pub(super) fn read(uri: &str) -> Result<SubscriberUri, Refusal> {
    SubscriberUri::parse(uri).map_err(|error| Refusal {
        at: format!("subscriber: {}, column {}", error.part, error.column),
        why: error.why,
        fix: error.fix,
    })
}

fn placed(refusal: Refusal) -> Refusal {
    let at = match refusal.at.strip_prefix('/') {
        Some(pointer) => pointer.replace('/', "."),
        None => format!("subscriber: {}", refusal.at),
    };
    Refusal { at, ..refusal }
}
