//! Subscribers by trust (`trust+http:`): whoever subscribes trusts this host to act in its name, by a trust in Keystone.
//!
//! Whoever makes such a subscription, or changes anything in it, is who trusts from then on: an address or a body that
//! somebody else chose must not be sent a token of the one who subscribed.

use std::sync::Arc;

use nuncio_core::{Options, Refusal, SubscriberUri};
use serde_json::Value;
use tracing::Instrument;

use super::{error::CatalogError, queues::Catalog};
use crate::access::{Bearer, Trusts};

/// The option that names the trust, as in Zaqar.
const TRUST: &str = "trust_id";
/// Beside it, where this host had the trust made: it ends with the subscription. Only the host writes it.
const MADE: &str = "trust_made";
/// A trust lasts so much longer than its subscription, milliseconds: what was matched before is still being delivered.
const GRACE_MS: i64 = 24 * 60 * 60 * 1000;

/// A trust that was made for a subscription which is not stored yet. Dropped before that, the trust is ended.
#[derive(Default)]
pub(super) struct Fresh(Option<(Arc<Trusts>, String)>);

impl Fresh {
    /// The subscription stands: its trust stays.
    pub(super) fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        if let Some((trusts, trust)) = self.0.take() {
            trusts.release(trust);
        }
    }
}

/// Has `work` run to its end though whoever waits for it hangs up: a subscription that is stored keeps its trust.
pub(super) async fn to_its_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, CatalogError>> + Send + 'static,
) -> Result<T, CatalogError> {
    let done = tokio::spawn(work.in_current_span()).await;
    done.unwrap_or_else(|_| {
        Err(CatalogError::Away("This host could not finish it. Please try again.".to_owned()))
    })
}

/// The trust that this host had made for a subscription with these options.
pub(super) fn made(options: &Options) -> Option<&str> {
    options.get(MADE).filter(|made| **made == true)?;
    options.get(TRUST).and_then(Value::as_str)
}

/// What a client wants: the host's own mark is not for it to set. A trust that was made for the subscription is sent
/// back by a client that shows what it was shown: it is not one that the client brings.
pub(super) fn brought(mut options: Options, before: Option<&Options>) -> Options {
    options.0.remove(MADE);
    let old = before.and_then(made);
    if old.is_some() && options.get(TRUST).and_then(Value::as_str) == old {
        options.0.remove(TRUST);
    }
    options
}

/// Refuses a subscriber by trust where there is no subscription.
pub(super) fn subscribed(uri: &SubscriberUri) -> Result<(), Refusal> {
    if !uri.is_by_trust() {
        return Ok(());
    }
    Err(Refusal::new("subscriber: scheme", "only a subscription can have a trust")
        .fix("subscribe it to a queue and post there"))
}

impl Catalog {
    /// Sees to the trust of a subscriber by trust that lives until `end` (Unix milliseconds): the one that the client
    /// brings, or a new one, which `options` then name.
    pub(super) async fn entrust(
        &self,
        uri: &str,
        options: &mut Options,
        by: Option<&Bearer>,
        end: i64,
    ) -> Result<Fresh, CatalogError> {
        if !SubscriberUri::parse(uri).is_ok_and(|uri| uri.is_by_trust()) {
            return Ok(Fresh::default());
        }
        let brought = options.get(TRUST).and_then(Value::as_str);
        match (&self.trusts, by, brought) {
            // As Zaqar without Keystone: it is kept, and what is delivered finds no token.
            (None, _, Some(_)) => Ok(Fresh::default()),
            (None, _, None) => Err(CatalogError::Refused(
                "subscriber: a trust is made by Keystone, which this host does not ask (auth.strategy): subscribe \
                 without `trust+`, or give the option `trust_id`."
                    .to_owned(),
            )),
            (Some(_), None, _) => Err(CatalogError::Forbidden(
                "subscriber: whoever subscribes with `trust+` must show a token of Keystone (X-Auth-Token): a signed \
                 URL is nobody's."
                    .to_owned(),
            )),
            (Some(trusts), Some(by), Some(trust)) => {
                trusts.vouch(by, trust).await?;
                Ok(Fresh::default())
            }
            (Some(trusts), Some(by), None) => {
                let trust = trusts.grant(by, end.saturating_add(GRACE_MS)).await?;
                options.0.insert(TRUST.to_owned(), trust.clone().into());
                options.0.insert(MADE.to_owned(), true.into());
                Ok(Fresh(Some((Arc::clone(trusts), trust))))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use serde_json::json;

    fn options(value: Value) -> Options {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn the_mark_of_a_trust_that_was_made_is_the_hosts_alone() {
        let of_host = options(json!({"trust_id": "t", "trust_made": true, "x": 1}));
        assert_eq!(made(&of_host), Some("t"));
        assert_eq!(made(&options(json!({"trust_id": "t"}))), None);
        // A client that claims it, and one that sends back what it was shown.
        assert_eq!(brought(of_host.clone(), None), options(json!({"trust_id": "t", "x": 1})));
        assert_eq!(brought(of_host.clone(), Some(&of_host)), options(json!({"x": 1})));
        let others = options(json!({"trust_id": "u", "trust_made": true}));
        assert_eq!(brought(others, Some(&of_host)), options(json!({"trust_id": "u"})));
        let own = options(json!({"trust_id": "t"}));
        assert_eq!(brought(own.clone(), Some(&own)), own);
    }

    #[tokio::test]
    async fn who_hangs_up_does_not_stop_what_was_begun() {
        let (go_on, waits) = tokio::sync::oneshot::channel::<()>();
        let (kept, is_kept) = tokio::sync::oneshot::channel();
        let work = async move {
            waits.await.unwrap();
            kept.send(()).unwrap();
            Ok(())
        };
        let mut client = Box::pin(to_its_end(work));
        assert!((&mut client).now_or_never().is_none());
        drop(client);
        go_on.send(()).unwrap();
        is_kept.await.unwrap();
    }

    #[test]
    fn only_a_subscription_has_a_trust() {
        for (uri, is_refused) in [("trust+https://h.example/", true), ("https://h.example/", false)] {
            assert_eq!(subscribed(&SubscriberUri::parse(uri).unwrap()).is_err(), is_refused, "{uri}");
        }
    }
}
