//! From the command line to a command, and to the exit code.

use std::{ffi::OsString, process::ExitCode};

use clap::Parser as _;

use super::{
    arguments::{Arguments, Command},
    fault::{Exit, Fault},
    output::Output,
};

/// Runs the command that `arguments` name (the program's name first).
pub async fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<_> = arguments.into_iter().collect();
    let exit = match Arguments::try_parse_from(&arguments) {
        Ok(parsed) => {
            let output = Output::new(parsed.shared.json);
            command(parsed, output).await.unwrap_or_else(|fault| {
                output.fault(&fault);
                fault.exit
            })
        }
        Err(error) => misread(&error, arguments.iter().any(|one| one == "--json")),
    };
    ExitCode::from(exit as u8)
}

async fn command(arguments: Arguments, output: Output) -> Result<Exit, Fault> {
    let shared = arguments.shared;
    match arguments.command {
        Command::Serve => super::serve::run(&shared, output).await,
        Command::Send(wanted) => super::send::run(wanted, &shared, output).await,
        Command::Demo(wanted) => super::demo::run(wanted, output).await,
        Command::Deliveries(wanted) => super::remote::deliveries(wanted, &shared, output).await,
        Command::Devices(wanted) => super::remote::devices(wanted, &shared, output).await,
        Command::Replay(wanted) => super::remote::replay(wanted, &shared, output).await,
        Command::Cancel(wanted) => super::remote::cancel(wanted, &shared, output).await,
        Command::Jobs(wanted) => super::remote::jobs(wanted, &shared, output).await,
        Command::Pipe(wanted) => super::pipe::run(wanted, &shared, output).await,
        Command::Keys(wanted) => super::keys::run(wanted, &shared, output).await,
        Command::Check(wanted) => super::check::run(&wanted, &shared, output).await,
        Command::Backup(wanted) => super::backup::run(wanted, &shared, output).await,
        Command::Drivers(wanted) => super::drivers::run(wanted, &shared, output).await,
        Command::Explain(wanted) => super::explain::run(&wanted, &shared, output).await,
        Command::Completions(wanted) => Ok(super::pages::completions(&wanted)),
        Command::Man(wanted) => super::pages::man(&wanted),
        Command::NewDriver(wanted) => super::new_driver::run(&wanted, output),
    }
}

/// Help and version are answers, everything else is an error.
fn misread(error: &clap::Error, json: bool) -> Exit {
    if error.use_stderr() && json {
        let text = error.to_string();
        Output::new(true).fault(&Fault::new(Exit::Usage, text.trim_start_matches("error: ").trim()));
    } else {
        // A reader that went away wants no more.
        error.print().unwrap_or_default();
    }
    if error.use_stderr() { Exit::Usage } else { Exit::Ok }
}
