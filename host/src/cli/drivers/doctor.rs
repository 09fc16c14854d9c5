//! `nuncio drivers doctor`: a library is looked at in a child process, so that whatever it does is reported.

use std::{
    os::unix::process::ExitStatusExt as _,
    path::PathBuf,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use nuncio_core::{Manifest, Refusal, SettingsError};
use nuncio_plugin_loader::ExecError;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    process::{Child, Command},
};

use super::{
    probe::{Findings, Found},
    show::{about, schemas},
};
use crate::{
    cli::{
        fault::{Exit, Fault},
        output::{Output, Tone},
        table::{Table, shown},
    },
    drivers::try_program,
};

/// How long a library may take to be looked at.
const PATIENCE: Duration = Duration::from_secs(30);
/// The most that the child may print, bytes.
const MAX_OUTPUT: u64 = 8 << 20;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The library
    #[arg(value_name = "PATH", required_unless_present = "exec")]
    path: Option<PathBuf>,
    /// Settings to try, a JSON object as [drivers.NAME] would give it
    #[arg(long, value_name = "JSON", value_parser = object)]
    settings: Option<Value>,
    /// The SHA-256 that the library must have
    #[arg(long, value_name = "HEX", conflicts_with = "exec")]
    sha256: Option<String>,
    /// Look at a program instead, as the driver NAME: `--exec NAME -- PROGRAM ARGUMENTS...`
    #[arg(long, value_name = "NAME", conflicts_with = "path", requires = "command")]
    exec: Option<String>,
    /// The program and its arguments
    #[arg(last = true, value_name = "COMMAND", requires = "exec")]
    command: Vec<String>,
}

fn object(text: &str) -> Result<Value, String> {
    let value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if value.is_object() {
        Ok(value)
    } else {
        Err("write a JSON object, like '{\"token\": \"x\"}'".to_owned())
    }
}

/// What came of looking.
enum Diagnosis {
    /// The child said it all.
    Found(Findings),
    /// The child died of it.
    Died(String),
}

pub(super) async fn run(wanted: Arguments, output: Output) -> Result<Exit, Fault> {
    let found = match &wanted.path {
        Some(path) => match examine(path.clone(), &wanted).await? {
            Diagnosis::Found(found) => found,
            Diagnosis::Died(why) => fatal(why),
        },
        None => program(wanted).await,
    };
    tell(&found, output);
    Ok(if found.findings.iter().any(|one| one.fatal) { Exit::Input } else { Exit::Ok })
}

fn fatal(why: String) -> Findings {
    let what = Refusal { why, ..Refusal::default() };
    Findings { findings: vec![Found { what, fatal: true }], ..Findings::default() }
}

async fn examine(path: PathBuf, wanted: &Arguments) -> Result<Diagnosis, Fault> {
    let system =
        |error: std::io::Error| Fault::new(Exit::System, format!("this program cannot run itself: {error}"));
    let mut command = Command::new(std::env::current_exe().map_err(system)?);
    command.args(["drivers", "probe"]).arg(path);
    if let Some(pin) = &wanted.sha256 {
        command.args(["--sha256", pin]);
    }
    if wanted.settings.is_some() {
        command.arg("--settings");
    }
    // What the library says on standard error is for the person who looks.
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
    let child = command.spawn().map_err(system)?;
    let settings = wanted.settings.as_ref().map(ToString::to_string).unwrap_or_default();
    match tokio::time::timeout(PATIENCE, watch(child, settings)).await {
        Ok(watched) => watched.map_err(system),
        Err(_) => {
            Ok(Diagnosis::Died(format!("it did not end within {} s and was killed", PATIENCE.as_secs())))
        }
    }
}

async fn watch(mut child: Child, settings: String) -> std::io::Result<Diagnosis> {
    if let Some(mut stdin) = child.stdin.take() {
        // A child that died already reads nothing: its end tells more.
        stdin.write_all(settings.as_bytes()).await.ok();
    }
    let mut text = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        stdout.take(MAX_OUTPUT).read_to_end(&mut text).await?;
    }
    let status = child.wait().await?;
    let text = String::from_utf8_lossy(&text);
    Ok(diagnosis(status, &text))
}

/// The last line counts: before it stands what the library printed.
fn diagnosis(status: ExitStatus, text: &str) -> Diagnosis {
    if let Some(signal) = status.signal() {
        return Diagnosis::Died(format!("it ended the process that loaded it by {}", name(signal)));
    }
    let last = text.lines().last().unwrap_or_default();
    match serde_json::from_str(last) {
        Ok(found) if status.success() => Diagnosis::Found(found),
        _ => {
            Diagnosis::Died(format!("it ended the process that loaded it with the code {:?}", status.code()))
        }
    }
}

fn name(signal: i32) -> String {
    let known =
        [(4, "SIGILL"), (6, "SIGABRT"), (7, "SIGBUS"), (8, "SIGFPE"), (9, "SIGKILL"), (11, "SIGSEGV")];
    let name = known.iter().find(|(number, _)| *number == signal).map_or("a signal", |(_, name)| name);
    format!("{name} (signal {signal})")
}

async fn program(wanted: Arguments) -> Findings {
    let name = wanted.exec.unwrap_or_default();
    match try_program(&name, &wanted.command, wanted.settings).await {
        Ok(manifest) => Findings { drivers: vec![manifest], ..Findings::default() },
        Err(ExecError::Settings(SettingsError(refusals))) => {
            let findings = refusals.into_iter().map(|what| Found { what, fatal: true }).collect();
            Findings { findings, ..Findings::default() }
        }
        Err(error) => fatal(error.to_string()),
    }
}

fn tell(found: &Findings, output: Output) {
    if output.json {
        let sound = !found.findings.iter().any(|one| one.fatal);
        let abi = found.abi.map(|(major, minor)| format!("{major}.{minor}"));
        let value = json!({"sound": sound, "findings": found.findings, "abi": abi, "drivers": found.drivers});
        return output.value(&value, false);
    }
    for one in &found.findings {
        let word =
            if one.fatal { output.toned(Tone::Bad, "refused") } else { output.toned(Tone::Later, "note") };
        let what = one.what.to_string();
        output.line(format!("{word}: {}", shown(what.trim_start_matches(": "))));
    }
    if found.findings.iter().all(|one| !one.fatal) {
        output.line(output.toned(Tone::Good, "A host takes it."));
    }
    for manifest in &found.drivers {
        described(manifest, found.abi, output);
    }
}

fn described(manifest: &Manifest, abi: Option<(u16, u16)>, output: Output) {
    let mut table = Table::plain();
    table.row(["driver", &format!("{} {}", manifest.name, manifest.version)]);
    if let Some((major, minor)) = abi {
        table.row(["ABI", &format!("{major}.{minor}")]);
    }
    about(&mut table, manifest);
    output.line("");
    output.table(&table);
    schemas(manifest, output);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn died(status: i32, text: &str) -> String {
        match diagnosis(ExitStatus::from_raw(status), text) {
            Diagnosis::Died(why) => why,
            Diagnosis::Found(found) => panic!("{found:?}"),
        }
    }

    #[test]
    fn the_last_line_is_what_was_found_and_a_signal_is_named() {
        let line = json!({"findings": [], "abi": [1, 0], "drivers": []}).to_string();
        let text = format!("the library says hello\n{line}\n");
        let Diagnosis::Found(found) = diagnosis(ExitStatus::from_raw(0), &text) else { panic!() };
        assert_eq!(found.abi, Some((1, 0)));
        assert!(died(11, &text).ends_with("by SIGSEGV (signal 11)"));
        assert!(died(3 << 8, &text).contains("code Some(3)"));
        assert!(died(0, "exit was called\n").contains("code Some(0)"));
    }

    #[tokio::test]
    async fn a_child_that_dies_is_a_diagnosis() {
        let mut shell = Command::new("sh");
        shell.args(["-c", "kill -SEGV $$"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let Diagnosis::Died(why) = watch(shell.spawn().unwrap(), "{}".to_owned()).await.unwrap() else {
            panic!()
        };
        assert!(why.contains("SIGSEGV"), "{why}");
    }
}
