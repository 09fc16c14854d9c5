//! `nuncio drivers list`

use nuncio_core::Dispatcher;
use serde_json::Value;

use crate::{
    cli::{
        output::{Output, Tone},
        table::{Table, shown},
    },
    drivers::{Standing, described, described_refusal},
};

/// All drivers for programs.
pub(in crate::cli) fn listed(dispatcher: &Dispatcher) -> Value {
    let refused = dispatcher.refused().iter().map(described_refusal);
    dispatcher.entries().iter().map(described).chain(refused).collect()
}

/// All drivers for people.
pub(in crate::cli) fn show(dispatcher: &Dispatcher, output: Output) {
    let mut table = Table::new(&["driver", "version", "schemes", "origin", "state", "what it is"]);
    let mut waiting = Vec::new();
    for entry in dispatcher.entries() {
        let (manifest, standing) = (&entry.manifest, Standing::of(entry));
        let (schemes, origin) = (manifest.schemes.join(", "), entry.origin.name());
        table.row([&manifest.name, &manifest.version, &schemes, origin, standing.name(), &manifest.title]);
        waiting.extend(standing.why().map(|why| (manifest.name.clone(), standing.name(), why.to_owned())));
    }
    for refused in dispatcher.refused() {
        table.row([&refused.name, "", "", refused.origin.name(), "refused", ""]);
        waiting.push((refused.name.clone(), "refused", refused.why.clone()));
    }
    output.table(&table);
    for (name, state, why) in waiting {
        let tone = if state == "refused" { Tone::Bad } else { Tone::Later };
        let word = output.toned(tone, state);
        output.line(format!("\n{name} is {word}: {}; until then its deliveries wait", shown(&why)));
    }
}
