//! Where a long run is written down.

use std::{fs, path::Path};

use anyhow::{Context as _, Result};
use nuncio_benches::short;
use serde::Serialize;

use crate::{
    ballast::{Weighed, Weights},
    table::{self, ABSOLUTE, Measured, SHARES, TIMES},
    targets::{self, Aim},
};

/// Between these lines of `docs/benchmarks.md` stand the figures.
const BEGIN: &str = "<!-- figures: written by `delivery --long` -->\n";
const END: &str = "<!-- end of figures -->\n";

/// All that a run has measured.
#[derive(Debug, Serialize)]
pub(crate) struct Run {
    pub(crate) machine: String,
    pub(crate) points: Vec<Measured>,
    pub(crate) weights: Option<Weights>,
    pub(crate) aims: Vec<Aim>,
}

impl Run {
    /// All tables.
    pub(crate) fn text(&self) -> String {
        let Self { machine, points, weights, aims } = self;
        let mut text = format!(
            "Measured on {machine}. The median of the rounds, and from least to most where there were several; at a \
             point with \\* the machine did not stand still: there CPU says more than rates.\n\n"
        );
        let mut part = |title: &str, body: String| text.push_str(&format!("### {title}\n\n{body}\n"));
        part("Targets", targets::table(aims));
        part("Shares", table::table(points, &SHARES));
        part("Times at half load, and what is written and held", table::table(points, &TIMES));
        if let Some(weights) = weights {
            part("Ballast", heavy(weights));
        }
        part("Footnote: absolute figures of this machine", table::table(points, &ABSOLUTE));
        text
    }

    /// Writes `docs/benchmarks.md` anew between its marks, and `docs/benchmarks.json`.
    ///
    /// # Errors
    /// When they are not there or cannot be written.
    pub(crate) fn write(&self) -> Result<()> {
        let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
        let page = docs.join("benchmarks.md");
        let text = read(&page)?;
        let (before, rest) =
            text.split_once(BEGIN).with_context(|| format!("docs/benchmarks.md: {BEGIN}"))?;
        let (_, after) = rest.split_once(END).with_context(|| format!("docs/benchmarks.md: {END}"))?;
        fs::write(&page, format!("{before}{BEGIN}\n{}{END}{after}", self.text()))?;
        let json = serde_json::to_string_pretty(self)?;
        fs::write(docs.join("benchmarks.json"), json + "\n").context("docs/benchmarks.json")
    }
}

/// The base point with what lies in the store, over the lightest.
fn heavy(weights: &Weights) -> String {
    let mut text = String::from(
        "| | started in, ms | RSS then, MB | CPU a delivery, over the first | POST to arrival p99, ms |\n|---|---|---|---|---|\n",
    );
    let first = weights.hosts.first().map_or(1.0, |weighed| weighed.figures.cpu_a_delivery());
    for Weighed { name, figures } in &weights.hosts {
        text.push_str(&format!(
            "| {name} | {} | {} | {} | {} |\n",
            short(figures.started_ms),
            short(figures.idle as f64 / 1e6),
            short(figures.cpu_a_delivery() / first),
            short(figures.half.arrival.p99)
        ));
    }
    text
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| path.display().to_string())
}
