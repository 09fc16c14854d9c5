//! Rounds as a table: a row for each point, `median (least to most)` of its rounds.

use std::fmt::Write as _;

use crate::Spread;

/// A title, and what is said of a round, where there is something to say.
pub type Column<R> = (&'static str, fn(&R) -> Option<f64>);

/// A Markdown table of `rows`, each with its name and its rounds.
#[must_use]
pub fn table<'r, R: 'r>(rows: impl Iterator<Item = (String, &'r [R])>, columns: &[Column<R>]) -> String {
    let mut text = String::from("| |");
    for (name, _) in columns {
        write!(text, " {name} |").ok();
    }
    text.push_str("\n|---|");
    text.push_str(&"---|".repeat(columns.len()));
    for (name, rounds) in rows {
        write!(text, "\n| {name} |").ok();
        for (_, value) in columns {
            match Spread::of(rounds.iter().filter_map(value)) {
                Some(spread) => write!(text, " {spread} |").ok(),
                None => write!(text, " |").ok(),
            };
        }
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_a_figure_where_there_is_something_to_say() {
        let columns: [Column<f64>; 2] = [("all", |round| Some(*round)), ("none", |_| None)];
        let text = table([("a".to_owned(), [1.0, 3.0].as_slice())].into_iter(), &columns);
        assert_eq!(text, "| | all | none |\n|---|---|---|\n| a | 2.00 (1.00 to 3.00) | |\n");
    }
}
