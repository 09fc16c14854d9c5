//! The places that connections take: of all, of those on which nobody was let in yet, and of a project.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use crate::config::Websocket;

/// All places.
#[derive(Debug)]
pub(super) struct Places {
    most: u32,
    all: Arc<Semaphore>,
    strangers: Arc<Strangers>,
    projects: Arc<Projects>,
}

/// Connections by project.
#[derive(Debug, Default)]
struct Projects(Mutex<HashMap<String, u64>>);

/// Connections on which nobody was let in yet. They have few places, so that who is nobody leaves room for the others;
/// where all are taken, who came first goes: whoever keeps them all must not shut out who has a token.
#[derive(Debug)]
struct Strangers {
    most: usize,
    all: Mutex<Waiting>,
}

/// By the order in which they came.
#[derive(Debug, Default)]
struct Waiting {
    came: u64,
    here: BTreeMap<u64, Arc<Notify>>,
}

/// Every place is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Full;

/// The place of a connection, until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    _one: OwnedSemaphorePermit,
    /// Which stranger it is, until it is one no more.
    number: u64,
    strangers: Arc<Strangers>,
    crowded: Arc<Notify>,
    projects: Arc<Projects>,
    /// Whose it is.
    project: Option<String>,
}

impl Places {
    /// As many as the configuration allows.
    pub(super) fn new(config: &Websocket) -> Self {
        let most = config.max_connections;
        let strangers = Strangers { most: config.max_unauthenticated as usize, all: Mutex::default() };
        Self {
            most,
            all: Arc::new(Semaphore::new(most as usize)),
            strangers: Arc::new(strangers),
            projects: Arc::default(),
        }
    }

    /// A place for one more connection, on which nobody was let in yet; maybe that of another such.
    pub(super) fn take(&self) -> Result<Place, Full> {
        let one = Arc::clone(&self.all).try_acquire_owned().map_err(|_| Full)?;
        let (number, crowded) = self.strangers.add();
        let (strangers, projects) = (Arc::clone(&self.strangers), Arc::clone(&self.projects));
        Ok(Place { _one: one, number, strangers, crowded, projects, project: None })
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
        self.strangers.remove(self.number);
        true
    }

    /// Waits until the place of a stranger is another's.
    pub(super) async fn crowded(&self) {
        self.crowded.notified().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.strangers.remove(self.number);
        if let Some(project) = self.project.take() {
            self.projects.remove(&project);
        }
    }
}

impl Strangers {
    fn add(&self) -> (u64, Arc<Notify>) {
        let mut all = self.lock();
        while all.here.len() >= self.most
            && let Some((_, oldest)) = all.here.pop_first()
        {
            oldest.notify_one();
        }
        all.came += 1;
        let (number, crowded) = (all.came, Arc::new(Notify::new()));
        all.here.insert(number, Arc::clone(&crowded));
        (number, crowded)
    }

    fn remove(&self, number: u64) {
        self.lock().here.remove(&number);
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
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
    use futures_util::FutureExt;

    use super::*;
    use crate::config::Config;

    fn places(most: u32, strangers: u32) -> Places {
        let mut config = Config::default().websocket;
        (config.max_connections, config.max_unauthenticated) = (most, strangers);
        Places::new(&config)
    }

    #[test]
    fn the_oldest_stranger_leaves_room_for_one_who_comes() {
        let places = places(8, 2);
        let crowded = |place: &Place| place.crowded().now_or_never().is_some();
        let mut known = places.take().unwrap();
        assert!(known.settle("p", 0));
        let (first, second) = (places.take().unwrap(), places.take().unwrap());
        assert!(!crowded(&first) && !crowded(&second));
        let third = places.take().unwrap();
        assert!(crowded(&first) && !crowded(&second) && !crowded(&third) && !crowded(&known));
        // One that goes by itself leaves its place to the next.
        drop(second);
        let fourth = places.take().unwrap();
        assert!(!crowded(&third) && !crowded(&fourth));
        drop((first, third, fourth));
        assert!(places.strangers.lock().here.is_empty());
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
        assert_eq!(places.take().unwrap_err(), Full);
        drop(all);
        assert!(places.take().is_ok());
    }
}
