//! Ending subscriptions, and the trusts that were made for them.

use nuncio_core::{Options, SubscriptionId};

use super::{entrusting::made, error::CatalogError, queues::Catalog};
use crate::storage::Purge;

/// How many subscriptions are looked at at once.
const PAGE: u32 = 256;
/// A trust that was replaced lasts so many times the longest attempt.
const LATER: u32 = 2;

impl Catalog {
    /// Ends a subscription, there or not.
    ///
    /// # Errors
    /// The store's.
    pub async fn end(&self, project: &str, queue: &str, id: SubscriptionId) -> Result<(), CatalogError> {
        let row = match self.trusts {
            Some(_) => self.store.subscription(project, queue, id).await?,
            None => None,
        };
        self.store.subscription_end(project, queue, id).await?;
        self.let_go(row.iter().map(|row| &row.options));
        Ok(())
    }

    /// Deletes a queue with its messages and subscriptions, there or not.
    ///
    /// # Errors
    /// The store's.
    pub async fn delete(&self, project: &str, queue: &str) -> Result<(), CatalogError> {
        let all = self.with_trusts(project, queue).await?;
        self.store.queue_delete(project, queue).await?;
        self.let_go(all.iter());
        Ok(())
    }

    /// Empties a queue.
    ///
    /// # Errors
    /// The store's.
    pub async fn purge(&self, project: &str, queue: &str, what: Purge) -> Result<(), CatalogError> {
        let all = if what.subscriptions { self.with_trusts(project, queue).await? } else { Vec::new() };
        self.store.queue_purge(project, queue, what).await?;
        self.let_go(all.iter());
        Ok(())
    }

    /// The options of the subscriptions of a queue for which trusts were made.
    async fn with_trusts(&self, project: &str, queue: &str) -> Result<Vec<Options>, CatalogError> {
        let (mut found, mut marker) = (Vec::new(), SubscriptionId::NONE);
        while self.trusts.is_some() {
            let page = self.store.subscriptions(project, queue, marker, PAGE).await?;
            let Some(last) = page.last() else { break };
            marker = last.id;
            found.extend(page.into_iter().map(|row| row.options).filter(|options| made(options).is_some()));
        }
        Ok(found)
    }

    /// Ends the trust that was made for a subscription when it had these options. What is under way has them still.
    pub(super) fn let_go_later(&self, before: &Options) {
        if let (Some(trusts), Some(trust)) = (&self.trusts, made(before)) {
            trusts.replaced(trust.to_owned(), self.config.delivery.max_deadline.saturating_mul(LATER));
        }
    }

    /// Ends the trusts that were made for subscriptions with these options.
    pub(super) fn let_go<'a>(&self, all: impl Iterator<Item = &'a Options>) {
        if let Some(trusts) = &self.trusts {
            all.filter_map(made).for_each(|trust| trusts.release(trust.to_owned()));
        }
    }
}
