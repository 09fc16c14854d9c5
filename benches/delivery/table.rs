//! Rounds as a table: median, and from least to most.

use std::fmt::Write as _;

use crate::{figures::Round, point::Point};

/// What is said of a point: its name, and how it is read from a round.
type Column = (&'static str, fn(&Point, &Round) -> f64);

const COLUMNS: [Column; 10] = [
    ("over RAW", |_, round| round.sqlite.rate() / round.raw.rate),
    ("CPU a delivery over RAW's", |_, round| round.sqlite.cpu_a_delivery() / round.raw.cpu),
    ("CPU a delivery, us", |_, round| round.sqlite.cpu_a_delivery() * 1e6),
    ("CPU a message, us", |_, round| round.sqlite.cpu / round.sqlite.full.messages as f64 * 1e6),
    ("post p50, ms", |_, round| round.sqlite.half.post.p50),
    ("post p99, ms", |_, round| round.sqlite.half.post.p99),
    ("arrival p50, ms", |_, round| round.sqlite.half.arrival.p50),
    ("arrival p99, ms", |_, round| round.sqlite.half.arrival.p99),
    ("commits a delivery", |_, round| round.sqlite.commits / round.sqlite.full.received as f64),
    ("bytes a delivery", |_, round| round.sqlite.written as f64 / round.sqlite.full.received as f64),
];

/// A row of `cells` for each point.
pub(crate) fn table(points: &[(Point, Vec<Round>)]) -> String {
    let mut text = String::from("| |");
    for (name, _) in COLUMNS {
        write!(text, " {name} |").ok();
    }
    text.push_str("\n|---|");
    text.push_str(&"---|".repeat(COLUMNS.len()));
    for (point, rounds) in points {
        write!(text, "\n| {} |", point.name).ok();
        for (_, value) in COLUMNS {
            let values = rounds.iter().map(|round| value(point, round)).collect();
            write!(text, " {} |", spread(values)).ok();
        }
    }
    text
}

/// `median (least to most)`.
fn spread(mut values: Vec<f64>) -> String {
    values.sort_by(f64::total_cmp);
    let (Some(least), Some(most)) = (values.first(), values.last()) else { return "-".to_owned() };
    let median = f64::midpoint(values[(values.len() - 1) / 2], values[values.len() / 2]);
    format!("{} ({} to {})", short(median), short(*least), short(*most))
}

/// Three digits that matter.
fn short(value: f64) -> String {
    match value.abs() {
        big if big >= 100.0 => format!("{value:.0}"),
        middle if middle >= 10.0 => format!("{value:.1}"),
        small if small >= 0.1 || small == 0.0 => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    }
}
