//! Usage by project in the metrics, where they are closed to others.

use crate::storage::Usage;

/// Counts what a project took. Projects that are named here are among the few that are watched one by one.
pub(super) fn count(project: &str, usage: Usage) {
    let counter = |name: &'static str| metrics::counter!(name, "project" => project.to_owned());
    counter("nuncio_project_messages_total").increment(usage.messages);
    counter("nuncio_project_bytes_total").increment(usage.bytes);
    counter("nuncio_project_deliveries_total").increment(usage.deliveries);
}

pub(super) fn describe() {
    metrics::describe_counter!("nuncio_project_messages_total", "Messages taken in, by project");
    metrics::describe_counter!("nuncio_project_bytes_total", "Bytes of their bodies, by project");
    metrics::describe_counter!("nuncio_project_deliveries_total", "Deliveries accepted, by project");
}
