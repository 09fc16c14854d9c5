//! A few threads for what may block in a driver. They are not the runtime's, which would wait for them when it ends.

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

/// How long a thread without work stays.
const IDLE: Duration = Duration::from_secs(10);

type Job = Box<dyn FnOnce() + Send>;

/// A few threads, started when they are needed.
pub(super) struct Threads {
    most_threads: usize,
    most_jobs: usize,
    state: Mutex<State>,
    work: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    threads: usize,
    idle: usize,
}

impl std::fmt::Debug for Threads {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Threads").field("most", &self.most_threads).finish_non_exhaustive()
    }
}

impl Threads {
    /// At most so many threads, and so many jobs that wait for one.
    pub(super) fn new(most_threads: usize, most_jobs: usize) -> Arc<Self> {
        Arc::new(Self { most_threads, most_jobs, state: Mutex::default(), work: Condvar::new() })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has a thread run `job`. `false`: too many wait already, or the system has no thread.
    pub(super) fn run(self: &Arc<Self>, job: impl FnOnce() + Send + 'static) -> bool {
        let mut state = self.lock();
        if state.jobs.len() >= self.most_jobs {
            return false;
        }
        state.jobs.push_back(Box::new(job));
        if state.idle >= state.jobs.len() || state.threads >= self.most_threads {
            drop(state);
            self.work.notify_one();
            return true;
        }
        state.threads += 1;
        let threads = Arc::clone(self);
        let started = thread::Builder::new().name("nuncio-driver".into()).spawn(move || threads.work());
        if started.is_err() {
            state.threads -= 1;
            if state.threads == 0 {
                state.jobs.pop_back();
                return false;
            }
        }
        true
    }

    fn work(&self) {
        let mut state = self.lock();
        loop {
            if let Some(job) = state.jobs.pop_front() {
                drop(state);
                // A job that panics has told its waiter by dropping what it held.
                drop(catch_unwind(AssertUnwindSafe(job)));
                state = self.lock();
                continue;
            }
            state.idle += 1;
            let (woken, timeout) =
                self.work.wait_timeout(state, IDLE).unwrap_or_else(PoisonError::into_inner);
            state = woken;
            state.idle -= 1;
            if timeout.timed_out() && state.jobs.is_empty() {
                state.threads -= 1;
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::sync_channel;

    #[test]
    fn there_are_no_more_threads_and_jobs_than_allowed() {
        let threads = Threads::new(1, 1);
        let (go, gate) = sync_channel::<()>(0);
        let (told, done) = sync_channel(4);
        let (begun, begins) = sync_channel(1);
        let first = told.clone();
        assert!(threads.run(move || {
            begun.send(()).unwrap();
            gate.recv().unwrap();
            first.send(1).unwrap();
        }));
        begins.recv().unwrap();
        assert!(threads.run(move || told.send(2).unwrap()));
        assert!(!threads.run(|| {}), "one runs and one waits");
        go.send(()).unwrap();
        assert_eq!((done.recv(), done.recv()), (Ok(1), Ok(2)));
    }

    #[test]
    fn a_job_that_panics_ends_no_thread() {
        let threads = Threads::new(1, 8);
        assert!(threads.run(|| panic!("on purpose")));
        let (told, done) = sync_channel(1);
        assert!(threads.run(move || told.send(1).unwrap()));
        assert_eq!(done.recv(), Ok(1));
    }
}
