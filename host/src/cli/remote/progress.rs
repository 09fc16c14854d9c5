//! How far a job is, as one line of a terminal that is written over.

use std::io::{IsTerminal as _, Write as _, stderr};

use serde_json::Value;

use crate::cli::output::Output;

/// How wide the bar is.
const WIDTH: u64 = 30;

/// A line on standard error; nothing where that is no terminal, or where JSON is asked for.
pub(super) struct Progress {
    visible: bool,
}

impl Progress {
    pub(super) fn new(output: Output) -> Self {
        Self { visible: !output.json && stderr().is_terminal() }
    }

    pub(super) fn show(&mut self, job: &Value) {
        if self.visible {
            // A terminal that is gone is no failure.
            write!(stderr(), "\r\x1b[K{}", line(job)).and_then(|()| stderr().flush()).unwrap_or_default();
        }
    }

    pub(super) fn clear(&mut self) {
        if self.visible {
            write!(stderr(), "\r\x1b[K").and_then(|()| stderr().flush()).unwrap_or_default();
        }
    }
}

fn line(job: &Value) -> String {
    let count = |name: &str| job[name].as_u64().unwrap_or(0);
    // What came since it began is looked at too.
    let total = count("total").max(count("looked")).max(1);
    let filled = count("looked") * WIDTH / total;
    let bar: String = (0..WIDTH).map(|n| if n < filled { '#' } else { '.' }).collect();
    format!(
        "[{bar}] {:3} %  {} done  {} skipped",
        count("looked") * 100 / total,
        count("done"),
        count("skipped")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_bar_is_never_more_than_full_and_never_divides_by_nothing() {
        let half = json!({"total": 10, "looked": 5, "done": 4, "skipped": 1});
        assert_eq!(line(&half), format!("[{}{}]  50 %  4 done  1 skipped", "#".repeat(15), ".".repeat(15)));
        assert!(line(&json!({"total": 1, "looked": 7})).contains("100 %"));
        assert!(line(&json!({})).contains("  0 %"));
    }
}
