//! Logs and metrics of the process.

use std::io::IsTerminal as _;

use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};
use nuncio_core::State;
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::{
    config::{Format, Log},
    storage::Gauges,
};

/// Writes logs to standard error as the configuration says. A second call changes nothing.
pub fn logs(log: &Log) {
    let filter = EnvFilter::try_new(&log.level).unwrap_or_else(|_| EnvFilter::new("info"));
    let registry = tracing_subscriber::registry().with(filter);
    let done = match log.format {
        Format::Json => registry.with(fmt::layer().json().with_writer(std::io::stderr)).try_init(),
        Format::Text => {
            let colour = std::io::stderr().is_terminal();
            registry.with(fmt::layer().with_ansi(colour).with_writer(std::io::stderr)).try_init()
        }
    };
    if done.is_err() {
        tracing::debug!("logs were set up before");
    }
}

/// Upper bounds of the histograms of seconds.
const SECONDS: [f64; 14] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// Collects metrics for `/metrics`.
///
/// # Errors
/// Never in practice: the bounds are fixed and not empty.
pub fn metrics() -> Result<PrometheusHandle, BuildError> {
    let recorder = PrometheusBuilder::new().set_buckets(&SECONDS)?.build_recorder();
    let handle = recorder.handle();
    if metrics::set_global_recorder(recorder).is_err() {
        tracing::debug!("metrics are collected by an earlier host of this process");
    }
    describe();
    Ok(handle)
}

/// Sets the gauges of the store.
pub fn gauge(store: &Gauges) {
    let tally = &store.tally;
    metrics::gauge!("nuncio_accepted_deliveries").set(tally.accepted as f64);
    metrics::gauge!("nuncio_open_deliveries").set(tally.open() as f64);
    for state in State::ALL.into_iter().filter(|state| !matches!(state, State::Waiting | State::Held)) {
        metrics::gauge!("nuncio_ended_deliveries", "state" => state.name()).set(tally.ended(state) as f64);
    }
    metrics::gauge!("nuncio_database_bytes").set(store.file_bytes as f64);
    metrics::gauge!("nuncio_database_used_bytes").set(store.used_bytes as f64);
    if let Some(free) = store.free_bytes {
        metrics::gauge!("nuncio_disk_free_bytes").set(free as f64);
    }
}

fn describe() {
    metrics::describe_gauge!(
        "nuncio_accepted_deliveries",
        "Deliveries accepted since the database was made: the sum of those open and those ended"
    );
    metrics::describe_gauge!("nuncio_open_deliveries", "Deliveries accepted and not settled");
    metrics::describe_gauge!("nuncio_ended_deliveries", "Deliveries settled, by state");
    metrics::describe_gauge!("nuncio_database_bytes", "Size of the database file");
    metrics::describe_gauge!("nuncio_database_used_bytes", "What of the database file is in use");
    metrics::describe_gauge!("nuncio_disk_free_bytes", "Free bytes on the disk of the database");
    metrics::describe_counter!("nuncio_messages_accepted_total", "Messages stored");
    metrics::describe_counter!("nuncio_messages_deleted_total", "Messages deleted by retention");
    metrics::describe_counter!("nuncio_commits_total", "Commits of the store, each with its fsync");
    metrics::describe_counter!(
        "nuncio_attempts_total",
        "Attempts by driver and outcome, one for each recipient"
    );
    metrics::describe_counter!(
        "nuncio_receipts_total",
        "Later words of far sides on deliveries, by driver and outcome"
    );
    metrics::describe_histogram!("nuncio_attempt_seconds", "Duration of attempts by driver");
    metrics::describe_gauge!("nuncio_in_flight", "Notices in flight");
    metrics::describe_gauge!("nuncio_hot_deliveries", "Deliveries in memory");
}
