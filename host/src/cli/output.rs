//! Where commands print: text for people, JSON for programs.

use std::io::{IsTerminal as _, Write as _, stderr, stdout};

use serde_json::Value;

use super::{fault::Fault, table::Table};

/// Where a command prints.
///
/// A reader that went away (`nuncio drivers list | head -1`) is no failure, so writing cannot fail.
#[derive(Clone, Copy, Debug)]
pub(super) struct Output {
    pub(super) json: bool,
    colour: bool,
}

/// What a word is about; shown as a colour on a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Good,
    Later,
    Bad,
    Quiet,
    Strong,
}

impl Output {
    pub(super) fn new(json: bool) -> Self {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { json, colour: !json && !plain && stdout().is_terminal() }
    }

    /// Prints a line for people.
    pub(super) fn line(&self, text: impl AsRef<str>) {
        writeln!(stdout(), "{}", text.as_ref()).unwrap_or_default();
    }

    /// Prints a line for people on standard error, so that what is asked for stands alone on standard output.
    pub(super) fn note(&self, text: &str) {
        writeln!(stderr(), "{text}").unwrap_or_default();
    }

    /// Prints a table for people.
    pub(super) fn table(&self, table: &Table) {
        write!(stdout(), "{table}").unwrap_or_default();
    }

    /// Prints a value for programs: indented, or as one line of many.
    pub(super) fn value(&self, value: &Value, one_of_many: bool) {
        let text = if one_of_many { value.to_string() } else { format!("{value:#}") };
        self.line(text);
    }

    /// Prints a list of `what`: a line each for programs, a table of these members for people.
    pub(super) fn list<const N: usize>(&self, what: &str, items: &[Value], members: [&str; N]) {
        if self.json {
            return items.iter().for_each(|one| self.value(one, true));
        }
        if items.is_empty() {
            return self.line(format!("no {what}"));
        }
        let mut table = Table::new(&members);
        for one in items {
            let cells = members.map(|name| cell(&one[name]));
            table.row(cells.each_ref().map(String::as_str));
        }
        self.table(&table);
    }

    /// Prints what went wrong on standard error.
    pub(super) fn fault(&self, fault: &Fault) {
        if self.json {
            writeln!(stderr(), "{}", fault.json()).unwrap_or_default();
            return;
        }
        for line in fault.to_string().lines() {
            writeln!(stderr(), "{line}").unwrap_or_default();
        }
    }

    /// `text` in the colour of `tone`, where there are colours.
    pub(super) fn toned(&self, tone: Tone, text: &str) -> String {
        let code = match tone {
            Tone::Good => "32",
            Tone::Later => "33",
            Tone::Bad => "31",
            Tone::Quiet => "2",
            Tone::Strong => "1",
        };
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_cell_shows_a_text_as_it_is_and_what_is_missing_as_nothing() {
        let one = json!({"text": "a b", "count": 3, "filter": {"queue": "q"}});
        let cells = ["text", "count", "filter", "reason"].map(|name| cell(&one[name]));
        assert_eq!(cells, ["a b", "3", "{\"queue\":\"q\"}", ""]);
    }
}
