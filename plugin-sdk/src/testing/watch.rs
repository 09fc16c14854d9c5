//! Looks for secrets in whatever is logged.

use std::{
    fmt,
    fmt::Write,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};

/// The most lines that are kept of those that hold a secret.
const MOST_LINES: usize = 64;

static LOOKED_FOR: Mutex<Vec<String>> = Mutex::new(Vec::new());
static FOUND: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Watches the log of this process for secrets, which are unlike those of every other watch.
pub(super) struct Watch {
    secrets: Vec<String>,
    /// How many lines were there before.
    before: usize,
}

impl Watch {
    /// Begins; `None` where the test has a subscriber of its own, so that nothing can be seen.
    pub(super) fn begin(secrets: &[String]) -> Option<Self> {
        tracing::subscriber::set_global_default(Eyes::default()).ok();
        let ours = tracing::dispatcher::get_default(|current| current.is::<Eyes>());
        ours.then(|| {
            locked(&LOOKED_FOR).extend_from_slice(secrets);
            Self { secrets: secrets.to_vec(), before: locked(&FOUND).len() }
        })
    }

    /// The lines of the log so far that hold one of its secrets.
    pub(super) fn found(&self) -> Vec<String> {
        let found = locked(&FOUND);
        found
            .iter()
            .skip(self.before)
            .filter(|line| self.secrets.iter().any(|one| line.contains(one)))
            .cloned()
            .collect()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        locked(&LOOKED_FOR).retain(|one| !self.secrets.contains(one));
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A subscriber that looks and keeps nothing else.
#[derive(Default)]
struct Eyes {
    spans: AtomicU64,
}

/// The fields of an event or a span as one text.
#[derive(Default)]
struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a string does not fail.
        write!(self.0, " {}={value:?}", field.name()).ok();
    }
}

impl Eyes {
    fn look(metadata: &Metadata<'_>, Text(text): &Text) {
        let known = locked(&LOOKED_FOR).iter().any(|secret| text.contains(secret.as_str()));
        let mut found = locked(&FOUND);
        if known && found.len() < MOST_LINES {
            found.push(format!("{} {}{text}", metadata.level(), metadata.target()));
        }
    }
}

impl Subscriber for Eyes {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut text = Text::default();
        span.record(&mut text);
        Self::look(span.metadata(), &text);
        Id::from_u64(self.spans.fetch_add(1, Ordering::Relaxed) + 1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        let mut text = Text::default();
        values.record(&mut text);
        let known = locked(&LOOKED_FOR).iter().any(|secret| text.0.contains(secret.as_str()));
        let mut found = locked(&FOUND);
        if known && found.len() < MOST_LINES {
            found.push(format!("a span's field{}", text.0));
        }
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut text = Text::default();
        event.record(&mut text);
        Self::look(event.metadata(), &text);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}
