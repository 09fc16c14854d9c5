//! Keys in the database of a host that does not run: how the first one is made.

use std::sync::Arc;

use nuncio_core::Clock;

use super::command::{Asked, listed, revoked, told};
use crate::{
    access::{KeyError, Keys, Policy},
    api::{key_made, key_shown},
    app::StartError,
    assembly,
    cli::{
        arguments::Shared,
        fault::{Exit, Fault},
        output::Output,
    },
    clock::System,
    config::Config,
    storage::{Store, StoreError, sqlite},
};

pub(super) async fn run(
    shared: &Shared,
    asked: Asked,
    project: Option<&str>,
    output: Output,
) -> Result<Exit, Fault> {
    let config = shared.load()?;
    let clock: Arc<dyn Clock> = Arc::new(System);
    let store = open(&config, &clock).await.map_err(refused)?;
    let policy = Policy::new(&config.auth);
    let done = match Keys::load(Arc::clone(&store), clock, policy, config.auth.max_keys).await {
        Ok(keys) => work(&keys, asked, project, output).await,
        Err(error) => Err(KeyError::from(error).into()),
    };
    store.close().await;
    done
}

/// A store to whose commits nobody listens, so that its writer waits for nobody either.
async fn open(config: &Config, clock: &Arc<dyn Clock>) -> Result<Arc<dyn Store>, StartError> {
    let assembly::Opened { store, commits } =
        assembly::open(config, Arc::clone(clock), Arc::default()).await?;
    drop(commits);
    Ok(store)
}

async fn work(keys: &Keys, asked: Asked, project: Option<&str>, output: Output) -> Result<Exit, Fault> {
    match asked {
        Asked::Create(wish) => told(&key_made(&keys.create(wish).await?), output),
        Asked::List => {
            let rows = keys.list(project, "", usize::MAX);
            listed(&rows.iter().map(key_shown).collect::<Vec<_>>(), output);
        }
        Asked::Revoke(ids) => {
            for id in ids {
                if !keys.revoke(&id).await? {
                    return Err(Fault::new(Exit::Input, format!("no key has the id `{id}`")));
                }
                revoked(&id, output);
            }
        }
    }
    Ok(Exit::Ok)
}

fn refused(error: StartError) -> Fault {
    match error {
        StartError::Open(sqlite::OpenError::InUse { .. }) => Fault::new(
            Exit::Temporary,
            format!("{error}; name the running host with --host URL, and a token of somebody who sees to it"),
        ),
        other => Fault::new(Exit::System, other),
    }
}

impl From<KeyError> for Fault {
    fn from(error: KeyError) -> Self {
        let exit = match &error {
            KeyError::Wish(_) | KeyError::Store(StoreError::TooMany { .. }) => Exit::Input,
            KeyError::Random(_) | KeyError::Store(_) => Exit::System,
        };
        Self::new(exit, error)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        access::KeyWish,
        storage::conformance::bench::{PROJECT, QUEUE, post, subscription},
    };

    /// Leaves work in the database for so many commits of the writer.
    async fn left(config: &Config, clock: &Arc<dyn Clock>, commits: usize) {
        let store = open(config, clock).await.unwrap();
        for n in 0..commits {
            store.subscribe(PROJECT, QUEUE, subscription(&format!("a/{n}"), 0)).await.unwrap();
        }
        let mut later = post(&["1"]);
        later.drafts[0].deliver_at = i64::MAX;
        store.accept(later).await.unwrap();
        store.close().await;
        // A commit moves what waits for one subscription.
        let db = rusqlite::Connection::open(config.storage.path()).unwrap();
        db.execute_batch("UPDATE subscription SET moving = 1; UPDATE deferred SET lane = lane + 1").unwrap();
    }

    #[tokio::test]
    async fn a_database_with_work_left_holds_up_nobody() {
        let dir = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.storage.url = format!("sqlite:{}", dir.path().join("n.db").display());
        let clock: Arc<dyn Clock> = Arc::new(System);
        left(&config, &clock, assembly::COMMITS + 10).await;
        let store = open(&config, &clock).await.unwrap();
        let keys = Keys::load(Arc::clone(&store), clock, Policy::new(&config.auth), 1000).await.unwrap();
        let made = async {
            for _ in 0..assembly::COMMITS + 10 {
                let wish =
                    KeyWish { project: PROJECT.into(), roles: vec!["reader".into()], ..KeyWish::default() };
                keys.create(wish).await.unwrap();
            }
            store.close().await;
        };
        tokio::time::timeout(Duration::from_secs(60), made).await.expect("the writer waits for nobody");
    }
}
