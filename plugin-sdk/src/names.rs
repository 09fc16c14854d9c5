//! Names and their addresses, asked of the system's resolver, each once at a time and remembered for a moment.
//!
//! What is remembered is what a name leads to, never that it is permitted: whoever dials vets each address anew.

use std::{
    collections::HashMap,
    io,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Semaphore, watch},
    time::Instant,
};

use super::connect::MAX_RESOLUTIONS;

/// For how long an answer is used again: a burst of connections asks once, and a changed record is seen soon. The
/// system's resolver does not say for how long the record itself is good.
const FRESH: Duration = Duration::from_secs(5);
/// The most names that are remembered.
const MOST: usize = 1024;

/// What the resolver said.
type Answer = Result<Arc<[IpAddr]>, Arc<io::Error>>;

#[derive(Debug)]
pub(crate) struct Names {
    known: Mutex<HashMap<String, Known>>,
    permits: Arc<Semaphore>,
}

#[derive(Debug)]
struct Known {
    answer: watch::Receiver<Option<Answer>>,
    asked: Instant,
}

impl Known {
    /// Whether it may be used: nobody has answered yet, or an address was found a moment ago. That a name has none is
    /// told only to those who waited for it.
    fn usable(&self, now: Instant) -> bool {
        match &*self.answer.borrow() {
            None => self.answer.has_changed().is_ok(),
            Some(answer) => answer.is_ok() && now.duration_since(self.asked) < FRESH,
        }
    }
}

impl Names {
    pub(crate) fn new() -> Self {
        Self { known: Mutex::default(), permits: Arc::new(Semaphore::new(MAX_RESOLUTIONS)) }
    }

    /// The addresses of `name`, at least one.
    pub(crate) async fn addresses(&self, name: &str) -> Answer {
        let mut answer = self.asked(name, Instant::now());
        let gone = |_| Arc::new(io::Error::other("the resolver's task ended"));
        let found = answer.wait_for(Option::is_some).await.map_err(gone)?;
        found.clone().unwrap_or_else(|| Err(Arc::new(io::ErrorKind::NotFound.into())))
    }

    fn asked(&self, name: &str, now: Instant) -> watch::Receiver<Option<Answer>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.get(name).filter(|known| known.usable(now)) {
            return known.answer.clone();
        }
        if known.len() >= MOST {
            known.retain(|_, known| known.usable(now));
        }
        let (tell, answer) = watch::channel(None);
        tokio::spawn(resolve(name.to_owned(), Arc::clone(&self.permits), tell));
        // Beyond the bound a name is asked for, and not remembered.
        if known.len() < MOST || known.contains_key(name) {
            known.insert(name.to_owned(), Known { answer: answer.clone(), asked: now });
        }
        answer
    }
}

/// The resolver's thread outlives a caller whose deadline has passed, and so must its permit: hence a task.
async fn resolve(name: String, permits: Arc<Semaphore>, tell: watch::Sender<Option<Answer>>) {
    let answer = match permits.acquire().await {
        Ok(_permit) => tokio::net::lookup_host((name, 0)).await,
        Err(closed) => Err(io::Error::other(closed)),
    };
    let answer = answer.map(|found| found.map(|address| address.ip()).collect::<Arc<[IpAddr]>>());
    let none = || io::Error::new(io::ErrorKind::NotFound, "it has no address");
    let answer = answer.and_then(|found| if found.is_empty() { Err(none()) } else { Ok(found) });
    tell.send_replace(Some(answer.map_err(Arc::new)));
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Names {
        fn remembers(&self, name: &str, now: Instant) -> bool {
            self.known.lock().unwrap().get(name).is_some_and(|known| known.usable(now))
        }
    }

    #[tokio::test]
    async fn an_answer_is_used_again_for_a_moment_and_a_failure_is_not() {
        let (names, now) = (Names::new(), Instant::now());
        assert!(names.addresses("localhost").await.unwrap().iter().all(IpAddr::is_loopback));
        assert!(names.remembers("localhost", now));
        assert!(!names.remembers("localhost", Instant::now() + FRESH));
        assert!(names.addresses("nobody.invalid").await.is_err());
        assert!(!names.remembers("nobody.invalid", now));
    }

    #[tokio::test]
    async fn what_is_remembered_has_a_bound() {
        let (names, now) = (Names::new(), Instant::now());
        for n in 0..MOST {
            let (_, answer) = watch::channel(Some(Ok(Arc::from([IpAddr::from([127, 0, 0, 1])]))));
            names.known.lock().unwrap().insert(format!("{n}.example"), Known { answer, asked: now });
        }
        assert!(names.addresses("localhost").await.is_ok(), "it is asked for all the same");
        assert_eq!(names.known.lock().unwrap().len(), MOST);
        drop(names.asked("localhost", now + FRESH));
        assert_eq!(names.known.lock().unwrap().len(), 1, "what was stale made room");
    }
}
