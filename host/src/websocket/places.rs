//! The places that connections take: of all, of those on which nobody was let in yet, and of a project.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::config::Websocket;

/// All places.
#[derive(Debug)]
pub(super) struct Places {
    most: u32,
    all: Arc<Semaphore>,
    /// Those on which nobody was let in yet have few, so that who is nobody leaves room for the others.
    strangers: Arc<Semaphore>,
    projects: Arc<Projects>,
}

/// Connections by project.
#[derive(Debug, Default)]
struct Projects(Mutex<HashMap<String, u64>>);

/// Which places are all taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    /// All there are.
    All,
    /// Those of connections on which nobody was let in yet.
    Strangers,
}

/// The place of a connection, until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    _one: OwnedSemaphorePermit,
    stranger: Option<OwnedSemaphorePermit>,
    projects: Arc<Projects>,
    /// Whose it is.
    project: Option<String>,
}

impl Places {
    /// As many as the configuration allows.
    pub(super) fn new(config: &Websocket) -> Self {
        let most = config.max_connections;
        let places = |most: u32| Arc::new(Semaphore::new(most as usize));
        let strangers = places(config.max_unauthenticated);
        Self { most, all: places(most), strangers, projects: Arc::default() }
    }

    /// A place for one more connection, on which nobody was let in yet.
    pub(super) fn take(&self) -> Result<Place, Full> {
        let take = |from: &Arc<Semaphore>, full| Arc::clone(from).try_acquire_owned().map_err(|_| full);
        let one = take(&self.all, Full::All)?;
        let stranger = Some(take(&self.strangers, Full::Strangers)?);
        Ok(Place { _one: one, stranger, projects: Arc::clone(&self.projects), project: None })
    }

    /// Waits until every place is free.
    pub(super) async fn freed(&self) {
        // The semaphore is never closed.
        drop(self.all.acquire_many(self.most).await);
    }
}

impl Place {
    /// Takes one of the `most` places (0 for any number) of `project`, of which somebody was let in; `false` where all
    /// of them are taken. Asked until it is `true`: whose a connection is, it stays.
    pub(super) fn settle(&mut self, project: &str, most: u64) -> bool {
        if !self.projects.add(project, most) {
            return false;
        }
        self.project = Some(project.to_owned());
        self.stranger = None;
        true
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(project) = self.project.take() {
            self.projects.remove(&project);
        }
    }
}

impl Projects {
    fn add(&self, project: &str, most: u64) -> bool {
        let mut all = self.lock();
        let now = all.get(project).copied().unwrap_or_default();
        let room = most == 0 || now < most;
        if room {
            all.insert(project.to_owned(), now + 1);
        }
        room
    }

    fn remove(&self, project: &str) {
        let mut all = self.lock();
        if let Some(now) = all.get_mut(project) {
            *now -= 1;
            if *now == 0 {
                all.remove(project);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn places(most: u32, strangers: u32) -> Places {
        let mut config = Config::default().websocket;
        (config.max_connections, config.max_unauthenticated) = (most, strangers);
        Places::new(&config)
    }

    #[test]
    fn strangers_leave_room_for_those_who_are_let_in() {
        let places = places(3, 1);
        let mut first = places.take().unwrap();
        assert_eq!(places.take().unwrap_err(), Full::Strangers);
        assert!(first.settle("p", 0));
        let second = places.take().unwrap();
        assert_eq!(places.take().unwrap_err(), Full::Strangers);
        drop(second);
        assert!(places.take().is_ok());
    }

    #[test]
    fn a_project_has_so_many_until_one_of_them_ends() {
        let places = places(8, 8);
        let mut all: Vec<_> = (0..3).map(|_| places.take().unwrap()).collect();
        assert!(all[0].settle("p", 2) && all[1].settle("p", 2) && !all[2].settle("p", 2));
        assert!(places.take().unwrap().settle("other", 1));
        drop(all.remove(0));
        assert!(all[1].settle("p", 2));
        drop(all);
        assert!(places.projects.lock().is_empty());
    }

    #[test]
    fn no_more_are_let_in_than_there_are() {
        let places = places(2, 8);
        let all: Vec<_> = (0..2).map(|_| places.take().unwrap()).collect();
        assert_eq!(places.take().unwrap_err(), Full::All);
        drop(all);
        assert!(places.take().is_ok());
    }
}
