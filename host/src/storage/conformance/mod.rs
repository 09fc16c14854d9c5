//! The store's promises, written against [`Store`](super::Store) alone: each store is held to all of them.

mod accounts;
mod backlog;
pub(crate) mod bench;
mod byhand;
mod cancelling;
mod claims;
mod connections;
mod consent;
mod devices;
mod durability;
mod filters;
mod health;
mod intake;
mod keys;
mod lanes;
mod listing;
mod model;
mod moving;
mod pull;
mod queues;
mod receipts;
mod replaying;
mod retention;
mod settling;
mod subscriptions;

/// Makes a test of each promise, for each store.
macro_rules! promises {
    ($($promise:ident),+ $(,)?) => {
        mod sqlite {
            $(
                #[tokio::test]
                async fn $promise() {
                    super::$promise(crate::storage::conformance::bench::Bench::new().await).await;
                }
            )+
        }
    };
}
use promises;
