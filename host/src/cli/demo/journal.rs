//! A receiver of what is written to the log: the lines of notifications are caught on their way.

use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    EnvFilter, Layer, filter::filter_fn, fmt, layer::Context, layer::SubscriberExt as _,
    util::SubscriberInitExt as _,
};

use super::receipts::Receipts;

/// Under which target notifications are logged.
const TARGET: &str = "nuncio::notification";

/// Catches the log's notifications; of the rest, errors go to standard error.
pub(super) fn listen() -> Receipts {
    let journal = Journal::default();
    let receipts = journal.0.clone();
    let errors = fmt::layer().with_writer(std::io::stderr).with_filter(EnvFilter::new("error"));
    let caught = journal.with_filter(filter_fn(|metadata| metadata.target() == TARGET));
    let done = tracing_subscriber::registry().with(errors).with(caught).try_init();
    if done.is_err() {
        tracing::debug!("logs were set up before");
    }
    receipts
}

#[derive(Debug, Default)]
struct Journal(Receipts);

impl<S: Subscriber> Layer<S> for Journal {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut id = Id(None);
        event.record(&mut id);
        if let Some(id) = id.0 {
            self.0.note(&id);
        }
    }
}

/// The field `id` of an event.
struct Id(Option<String>);

impl Visit for Id {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "id" {
            self.0 = Some(value.to_owned());
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}
