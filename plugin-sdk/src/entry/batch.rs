//! Several notices that a driver is given together. Each is completed by itself.

use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use nuncio_core::{Outcomes, Report, Scope, Settle};

use super::{
    complete::{Ended, complete},
    flight::{Cancel, End},
    host::Host,
    underway::{UnderWay, Way},
    view::Keep,
};

/// The least that is asked for at once: a copy of what most batches hold.
const CHUNK_BYTES: usize = 32 << 10;

/// The library's own copy of what notices point to.
///
/// An item may be completed, and its memory freed by the host, while the driver still looks at the whole batch.
#[derive(Default)]
pub(super) struct Copies(Vec<Vec<u8>>);

impl Keep for Copies {
    unsafe fn keep(&mut self, bytes: &[u8]) -> &'static [u8] {
        if bytes.is_empty() {
            return &[];
        }
        let fits = self.0.last().is_some_and(|chunk| chunk.capacity() - chunk.len() >= bytes.len());
        if !fits {
            self.0.push(Vec::with_capacity(CHUNK_BYTES.max(bytes.len())));
        }
        let Some(chunk) = self.0.last_mut() else { return &[] };
        let begin = chunk.len();
        chunk.extend_from_slice(bytes);
        // SAFETY: the bytes were just written there. A chunk never grows beyond its capacity, so they do not move, and
        // the caller ends its use while `self` lives.
        unsafe { std::slice::from_raw_parts(chunk.as_ptr().add(begin), bytes.len()) }
    }
}

/// The state of a batch: which of its items are open.
#[derive(Debug)]
pub(super) struct Items {
    open: Mutex<Open>,
    host: Arc<Host>,
    underway: Arc<UnderWay>,
    cancel: Arc<Cancel>,
}

#[derive(Debug)]
struct Open {
    tokens: Vec<Option<u64>>,
    /// While the batch is first looked at, its completions are gathered, so that they go in one call.
    gathered: Option<Vec<(u64, Ended)>>,
}

/// One item of a batch that is under way.
#[derive(Clone, Debug)]
pub(super) struct Item {
    items: Arc<Items>,
    position: usize,
}

impl Items {
    /// A batch of `tokens`.
    pub(super) fn new(tokens: &[u64], host: Arc<Host>, underway: Arc<UnderWay>) -> Arc<Self> {
        let tokens = tokens.iter().copied().map(Some).collect();
        let open = Mutex::new(Open { tokens, gathered: Some(Vec::new()) });
        Arc::new(Self { open, host, underway, cancel: Arc::default() })
    }

    /// What ends the whole.
    pub(super) fn cancel(&self) -> Arc<Cancel> {
        Arc::clone(&self.cancel)
    }

    /// It ended when it was first looked at: what is to be completed.
    pub(super) fn ended_at_once(&self, end: End<()>) -> Vec<(u64, Ended)> {
        let mut open = self.open();
        let mut done = open.gathered.take().unwrap_or_default();
        done.extend(rest(&mut open.tokens, &end));
        done
    }

    /// It goes on: what is to be completed already. Each open item can be cancelled from now on, and is completed by
    /// itself.
    pub(super) fn goes_on(self: &Arc<Self>) -> Vec<(u64, Ended)> {
        let mut open = self.open();
        let mut done = open.gathered.take().unwrap_or_default();
        for (position, slot) in open.tokens.iter_mut().enumerate() {
            let Some(token) = *slot else { continue };
            if !self.underway.begin(token, Way::Item(Item { items: Arc::clone(self), position })) {
                done.push((token, Ended::Cancelled));
                *slot = None;
            }
        }
        self.end_if_all_are(&open);
        done
    }

    /// The whole ended: completes what is open.
    pub(super) fn ended(&self, end: End<()>) {
        let done = rest(&mut self.open().tokens, &end);
        for (token, _) in &done {
            self.underway.end(*token);
        }
        complete(&self.host, &done);
    }

    fn end_one(&self, position: usize, ended: Ended) {
        let mut open = self.open();
        let Some(token) = open.tokens.get_mut(position).and_then(Option::take) else { return };
        if let Some(gathered) = &mut open.gathered {
            gathered.push((token, ended));
            return;
        }
        if matches!(ended, Ended::Cancelled) {
            self.end_if_all_are(&open);
        }
        drop(open);
        self.underway.end(token);
        complete(&self.host, &[(token, ended)]);
    }

    /// Nobody waits for a batch whose last items were cancelled.
    fn end_if_all_are(&self, open: &Open) {
        if open.tokens.iter().all(Option::is_none) {
            self.cancel.ask();
        }
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Settle for Items {
    fn settle(&self, position: usize, outcomes: Outcomes) {
        self.end_one(position, Ended::Said(outcomes));
    }
}

impl Item {
    /// Completes it; the others go on.
    pub(super) fn cancel(&self) {
        self.items.end_one(self.position, Ended::Cancelled);
    }
}

/// How the items end that are open when the whole does.
fn rest(tokens: &mut [Option<u64>], end: &End<()>) -> Vec<(u64, Ended)> {
    let ended = || match end {
        End::Done(()) => {
            let silent = Report::deferred(Scope::Recipient, "the driver said nothing of this notice");
            Ended::Said(silent.maybe_sent().into())
        }
        End::Panicked(told) => Ended::panicked(told.clone()),
        End::Cancelled => Ended::Cancelled,
    };
    tokens.iter_mut().filter_map(mem::take).map(|token| (token, ended())).collect()
}
