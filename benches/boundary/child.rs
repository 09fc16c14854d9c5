//! This program as a driver in a child process: it answers every notice at once.

use std::io::{BufRead as _, Write as _};

use anyhow::Result;
use serde_json::{Value, json};

/// With what it is started.
pub(crate) const FLAG: &str = "--child";

/// Serves the protocol of docs/exec-drivers.md until its input ends.
pub(crate) fn serve() -> Result<()> {
    let (input, mut output) = (std::io::stdin().lock(), std::io::stdout().lock());
    let manifest =
        json!({"name": "noop-exec", "version": "1.0.0", "schemes": ["noop-exec"], "limits": {"batch": 64}});
    writeln!(output, "{}", json!({"type": "hello", "protocol": 1, "manifest": manifest}))?;
    output.flush()?;
    for line in input.lines() {
        let message: Value = serde_json::from_str(&line?)?;
        match message["type"].as_str() {
            Some("create") => writeln!(output, "{}", json!({"type": "ready"}))?,
            Some("notice") => completed(&mut output, &message)?,
            Some("batch") => {
                for notice in message["notices"].as_array().into_iter().flatten() {
                    completed(&mut output, notice)?;
                }
            }
            Some("shutdown") => break,
            _ => {}
        }
        output.flush()?;
    }
    Ok(())
}

fn completed(output: &mut impl std::io::Write, notice: &Value) -> Result<()> {
    let done = json!({
        "type": "completion", "token": notice["token"], "reports": [{"outcome": "delivered"}],
    });
    Ok(writeln!(output, "{done}")?)
}
