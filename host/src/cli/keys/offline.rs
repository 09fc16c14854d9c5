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
    storage::{StoreError, sqlite},
};

pub(super) async fn run(
    shared: &Shared,
    asked: Asked,
    project: Option<&str>,
    output: Output,
) -> Result<Exit, Fault> {
    let config = shared.load()?;
    let clock: Arc<dyn Clock> = Arc::new(System);
    // What it publishes is nobody's business here, and there is nothing.
    let opened = assembly::open(&config, Arc::clone(&clock), Arc::default()).await.map_err(refused)?;
    let assembly::Opened { store, commits } = opened;
    // Nobody listens: the writer must not wait for anybody.
    drop(commits);
    let policy = Policy::new(&config.auth);
    let done = match Keys::load(Arc::clone(&store), clock, policy, config.auth.max_keys).await {
        Ok(keys) => work(&keys, asked, project, output).await,
        Err(error) => Err(KeyError::from(error).into()),
    };
    store.close().await;
    done
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
