//! Subscribing, and changing a subscription.

use nuncio_core::{Kind, Options, SubscriberUri, SubscriptionId};
use serde_json::Value;

use super::{
    entrusting::{Fresh, brought, to_its_end},
    error::CatalogError,
    options::Unknown,
    queues::Catalog,
    secrets,
    targets::{Admitted, read},
};
use crate::{
    access::Bearer,
    confirmation::Queue,
    storage::{Asking, NewSubscription, NewTarget, Subscribed, SubscriptionChange, SubscriptionRow, Updated},
};

/// The shortest life of a subscription, seconds (Zaqar's `MIN_SUBSCRIPTION_TTL`).
const MIN_TTL: i64 = 60;
/// The end of the year 9999 in Unix seconds: no subscription lives longer.
const LAST_SECOND: i64 = 253_402_300_799;

/// A subscription as a client wants it.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// The URI.
    pub subscriber: String,
    /// Seconds; the configuration's default without it.
    pub ttl: Option<i64>,
    /// The options.
    pub options: Options,
    /// A connection subscribes itself: the subscription lives as long as the connection does.
    pub bound: bool,
    /// In whose name a subscriber by trust is subscribed.
    pub by: Option<Bearer>,
}

/// What a client wants changed; what is absent stays.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// The URI.
    pub subscriber: Option<String>,
    /// Seconds.
    pub ttl: Option<i64>,
    /// The options, replaced whole.
    pub options: Option<Options>,
    /// In whose name a subscriber by trust is changed.
    pub by: Option<Bearer>,
}

impl Catalog {
    /// Subscribes, making the queue if need be. Lists the options that nobody knows: they are kept.
    ///
    /// # Errors
    /// [`CatalogError::Refused`] names the place.
    pub async fn subscribe(
        &self,
        project: &str,
        queue: &str,
        wish: Wish,
        now: i64,
    ) -> Result<(Subscribed, Vec<Unknown>), CatalogError> {
        let (this, project, queue) = (self.clone(), project.to_owned(), queue.to_owned());
        to_its_end(async move { this.take_on(&project, &queue, wish, now).await }).await
    }

    async fn take_on(
        &self,
        project: &str,
        queue: &str,
        wish: Wish,
        now: i64,
    ) -> Result<(Subscribed, Vec<Unknown>), CatalogError> {
        let ttl = wish.ttl.unwrap_or(self.config.queues.default_subscription_ttl);
        lives(ttl, now)?;
        let policy = self.policy(project, queue).await?;
        let options = brought(wish.options, None);
        let mut admitted = if wish.bound {
            // Which subscribers may be named does not concern who is here already.
            self.made(&read(&wish.subscriber)?, options, policy.as_ref()).await?
        } else {
            self.admit(project, &wish.subscriber, options, policy.as_ref()).await?
        };
        let (uri, by) = (&wish.subscriber, wish.by.as_ref());
        let trust = self.entrust(uri, &mut admitted.target.options, by, ends(ttl, now)).await?;
        let asking = self.asking(Queue { project, name: queue }, &admitted, ttl);
        let (uri_key, target) = (admitted.key, in_order(admitted.target));
        let new = NewSubscription { uri_key, target, ttl, asking, bound: wish.bound };
        let subscribed = self.store.subscribe(project, queue, new).await?;
        if matches!(subscribed, Subscribed::New(_)) {
            trust.keep();
        }
        Ok((subscribed, admitted.unknown))
    }

    /// Changes a subscription. Lists the options that nobody knows: they are kept.
    ///
    /// # Errors
    /// As [`Catalog::subscribe`]; a subscription that is not there; another one with that subscriber.
    pub async fn change(
        &self,
        project: &str,
        queue: &str,
        id: SubscriptionId,
        change: Change,
        now: i64,
    ) -> Result<Vec<Unknown>, CatalogError> {
        let (this, project, queue) = (self.clone(), project.to_owned(), queue.to_owned());
        to_its_end(async move { this.alter(&project, &queue, id, change, now).await }).await
    }

    async fn alter(
        &self,
        project: &str,
        queue: &str,
        id: SubscriptionId,
        change: Change,
        now: i64,
    ) -> Result<Vec<Unknown>, CatalogError> {
        change.ttl.map_or(Ok(()), |ttl| lives(ttl, now))?;
        let absent = || CatalogError::Absent("There is no such subscription on this queue.".to_owned());
        let row = self.store.subscription(project, queue, id).await?.ok_or_else(absent)?;
        let (mut unknown, mut asking, mut trust) = (Vec::new(), None, Fresh::default());
        let target = if change.subscriber.is_some() || change.options.is_some() || by_trust(&row) {
            let policy = self.policy(project, queue).await?;
            let (uri, options) = self.revised(&row, &change);
            let options = brought(options, Some(&row.options));
            let mut admitted = self.admit(project, &uri, options, policy.as_ref()).await?;
            let (of, ttl) = (Queue { project, name: queue }, change.ttl.unwrap_or(row.ttl));
            let by = change.by.as_ref();
            trust = self.entrust(&uri, &mut admitted.target.options, by, ends(ttl, now)).await?;
            asking = self.asking(of, &admitted, ttl);
            unknown = admitted.unknown;
            Some((admitted.key, in_order(admitted.target)))
        } else {
            None
        };
        let change = SubscriptionChange { target, ttl: change.ttl, asking };
        match self.store.subscription_change(project, queue, id, change).await? {
            Updated::Done => {
                trust.keep();
                self.let_go_later(&row.options);
                Ok(unknown)
            }
            Updated::Absent => Err(absent()),
            Updated::Conflict => Err(CatalogError::Conflict(
                "Another subscription of this queue has that subscriber.".to_owned(),
            )),
        }
    }

    /// A subscriber and its options as they may be shown: no password, no secret.
    #[must_use]
    pub fn shown(&self, row: &SubscriptionRow) -> (String, Options) {
        let uri = SubscriberUri::parse(&row.uri);
        let drivers = self.board.now();
        let entry = uri.as_ref().ok().and_then(|uri| drivers.by_scheme(uri.scheme()));
        let options = secrets::masked(&row.options, entry.map(|entry| &*entry.manifest));
        (uri.map_or_else(|_| "***".to_owned(), |uri| uri.shown()), options)
    }

    /// The new URI and options; what was shown masked and is sent back masked stays as it was.
    fn revised(&self, row: &SubscriptionRow, change: &Change) -> (String, Options) {
        let shown = SubscriberUri::parse(&row.uri).map(|uri| uri.shown()).unwrap_or_default();
        let drivers = self.board.now();
        let uri = change.subscriber.as_ref().filter(|new| **new != shown).unwrap_or(&row.uri).clone();
        let options = change.options.as_ref().map_or_else(
            || row.options.clone(),
            |options| {
                let scheme = uri.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
                let entry = scheme.and_then(|scheme| drivers.by_scheme(&scheme));
                secrets::restored(options, &row.options, entry.map(|entry| &*entry.manifest))
            },
        );
        (uri, options)
    }

    /// Who is asked whether the subscription is wanted. Whom a connection stands for says so by attaching.
    fn asking(&self, of: Queue<'_>, admitted: &Admitted, ttl: i64) -> Option<Asking> {
        let comes_by_itself = admitted.target.destination.is_empty();
        let ask = || self.confirmation.asking(Kind::Confirmation, of, admitted.subscriber(), ttl);
        if comes_by_itself { None } else { ask() }
    }

    async fn policy(&self, project: &str, queue: &str) -> Result<Option<Value>, CatalogError> {
        let row = self.store.queue(project, queue).await?;
        Ok(row.and_then(|row| row.metadata.get("_retry_policy").cloned()))
    }
}

/// What waits for a subscription that is by itself keeps its order, however long it waits.
fn in_order(mut target: NewTarget) -> NewTarget {
    if target.destination.is_empty() {
        target.rules.ordered.get_or_insert_default();
    }
    target
}

/// Whether a token goes with what is sent to a subscriber.
fn by_trust(row: &SubscriptionRow) -> bool {
    SubscriberUri::parse(&row.uri).is_ok_and(|uri| uri.is_by_trust())
}

/// When a subscription ends, Unix milliseconds.
const fn ends(ttl: i64, now: i64) -> i64 {
    now.saturating_add(ttl.saturating_mul(1000))
}

fn lives(ttl: i64, now: i64) -> Result<(), CatalogError> {
    if ttl < MIN_TTL {
        return Err(CatalogError::Refused(format!(
            "ttl: the TTL for a subscription must be at least {MIN_TTL} seconds long."
        )));
    }
    if ttl > LAST_SECOND - now / 1000 {
        return Err(CatalogError::Refused(
            "ttl: the TTL seconds plus the current time exceed the year 9999.".to_owned(),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ttl_is_at_least_a_minute_and_ends_before_the_year_10000() {
        assert!(lives(60, 0).is_ok() && lives(LAST_SECOND, 0).is_ok());
        for bad in [0, 59, -1, 1_000_000_000_000, i64::MAX] {
            assert!(lives(bad, 1_700_000_000_000).is_err(), "{bad}");
        }
    }
}
