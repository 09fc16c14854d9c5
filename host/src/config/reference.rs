//! The table of keys as Markdown: the middle of `docs/configuration.md`, and `nuncio check --keys`.

use std::fmt::Write as _;

use super::{
    key::{Key, Kind},
    keys::keys,
    tables::tables,
    units,
};

const HEAD: &str = "| key | default | unit | example | meaning |\n|---|---|---|---|---|\n";

/// Every key, by section, as Markdown.
#[must_use]
pub fn reference() -> String {
    let mut out = String::new();
    let mut section = "";
    for key in keys() {
        if key.section() != section {
            section = key.section();
            let gap = if out.is_empty() { "" } else { "\n" };
            out.push_str(&format!("{gap}### `[{section}]`\n\n{HEAD}"));
        }
        row(&mut out, key);
    }
    for table in tables() {
        let (heading, doc) = (table.heading(), table.doc);
        out.push_str(&format!("\n### `{heading}`\n\n{doc}\n\n{HEAD}"));
        table.keys.iter().for_each(|key| row(&mut out, key));
    }
    out
}

fn row(out: &mut String, key: &Key) {
    let code = |text: &str| if text.is_empty() { String::new() } else { format!("`{text}`") };
    let default = if key.default.is_empty() { "none".to_owned() } else { code(key.default) };
    let range = range(key.kind);
    let range = if range.is_empty() { range } else { format!(" Range: {range}.") };
    let (short, unit, example, doc) = (key.short(), key.unit, code(key.example), key.doc);
    // Writing to a `String` cannot fail.
    writeln!(out, "| `{short}` | {default} | {unit} | {example} | {doc}{range} |").unwrap_or_default();
}

fn range(kind: Kind) -> String {
    match kind {
        Kind::Integer { min, max } | Kind::Bytes { min, max } => format!("{min} to {max}"),
        Kind::Duration { min, max } => format!("{} to {}", units::written(min), units::written(max)),
        Kind::Choice { now, .. } => now.iter().map(|one| format!("`{one}`")).collect::<Vec<_>>().join(", "),
        _ => String::new(),
    }
}
