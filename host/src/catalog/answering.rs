//! Somebody's word on a subscription: of those to whom it leads, or of its project.

use nuncio_core::{Kind, SubscriberUri, SubscriptionId};
use serde_json::{Map, json};

use super::{error::CatalogError, queues::Catalog};
use crate::{
    confirmation::{self, Queue},
    delivery::Happened,
    place::Place,
    storage::{Asking, By, SubscriptionRow, Telling, Updated, Word},
};

/// Who says whether a subscription is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answerer {
    /// Whoever may change the subscription.
    Project,
    /// The one who was asked until then (Unix milliseconds), by the signature of that question.
    Owner {
        /// What the question said.
        expires: i64,
    },
    /// Whoever has the link of a mail that was delivered: good for a no alone.
    Recipient,
}

impl Catalog {
    /// Takes somebody's word on whether a subscription is wanted.
    ///
    /// # Errors
    /// A subscription that is not there, or that the one who answers was not asked about; a yes of the project's where
    /// only the owner of the address can say it.
    pub async fn answer(
        &self,
        of: Queue<'_>,
        id: SubscriptionId,
        yes: bool,
        from: Answerer,
        now: i64,
    ) -> Result<(), CatalogError> {
        let absent = || CatalogError::Absent("There is no such subscription on this queue.".to_owned());
        let row = self.store.subscription(of.project, of.name, id).await?.ok_or_else(absent)?;
        let scheme = row.uri.split_once(':').map_or("", |(scheme, _)| scheme).to_ascii_lowercase();
        let owners = self.confirmation.trusts_owner_alone(&scheme);
        let by = match from {
            Answerer::Project if yes && owners => {
                return Err(CatalogError::Forbidden(
                    "Only the owner of a mail address can confirm that it is to be notified, with the link in the \
                     mail (notification.require_confirmation)."
                        .to_owned(),
                ));
            }
            Answerer::Recipient if yes => return Err(absent()),
            Answerer::Owner { expires } if self.confirmation.asks(&scheme) => By::Asked { expires },
            Answerer::Project | Answerer::Owner { .. } | Answerer::Recipient => By::All,
        };
        let asking = if yes { None } else { self.told_of_no(of, &scheme, &row).await };
        let tell = Some(self.event(of, &row, yes, now));
        match self.store.subscription_confirm(of.project, of.name, id, Word { yes, by, asking, tell }).await?
        {
            Updated::Done => Ok(()),
            Updated::Absent | Updated::Conflict => Err(absent()),
        }
    }

    /// Who is told of a no. One that cannot be told counts all the same.
    async fn told_of_no(&self, of: Queue<'_>, scheme: &str, row: &SubscriptionRow) -> Option<Asking> {
        if !self.confirmation.asks(scheme) {
            return None;
        }
        let ttl = self.config.queues.default_subscription_ttl;
        let nobody = Asking { of: Vec::new(), wording: None, ttl, period_ms: 0 };
        let Ok(admitted) = self.admit(of.project, &row.uri, row.options.clone(), None).await else {
            return Some(nobody);
        };
        Some(self.confirmation.asking(Kind::Unsubscribe, of, admitted.subscriber(), ttl).unwrap_or(nobody))
    }

    fn event(&self, of: Queue<'_>, row: &SubscriptionRow, yes: bool, now: i64) -> Telling {
        let what = if yes { Happened::SubscriptionConfirmed } else { Happened::SubscriptionUnsubscribed };
        let subscriber =
            SubscriberUri::parse(&row.uri).map_or_else(|_| "***".to_owned(), |uri| uri.redacted().to_owned());
        let place = Place::of_stored(of.name.to_owned());
        let (kind, name) = place.label();
        let about = [
            (kind, json!(name)),
            ("subscription", json!(self.confirmation.public(row.id))),
            ("subscriber", json!(subscriber)),
        ];
        let about: Map<_, _> = about.map(|(name, value)| (name.to_owned(), value)).into_iter().collect();
        let (events, project) = (self.events.clone(), of.project.to_owned());
        Telling::new(move || events.post(&project, what, now, about.clone()))
    }

    /// Why a subscriber whose yes is needed cannot be asked, if so.
    #[must_use]
    pub fn unanswerable(&self, subscriber: &str) -> Option<String> {
        let scheme = subscriber.split_once(':').map_or("", |(scheme, _)| scheme).to_ascii_lowercase();
        if self.confirmation.trusts_owner_alone(&scheme) { self.confirmation.obstacle() } else { None }
    }

    /// Who asks subscribers.
    #[must_use]
    pub const fn confirmation(&self) -> &confirmation::Desk {
        &self.confirmation
    }
}
