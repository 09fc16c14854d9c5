//! The commands below `nuncio drivers`.

use clap::Subcommand;

use super::{doctor, list, probe, show};
use crate::cli::{
    arguments::Shared,
    crew::Crew,
    fault::{Exit, Fault},
    output::Output,
};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List them: what they serve, where they come from, and whether they can deliver
    List,
    /// Show one: its schemes, settings, options and limits
    Show {
        /// The driver's name
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// Say everything that is wrong with a library, or with a program, before a host is given it
    Doctor(doctor::Arguments),
    /// Look at a library in this process, which may die of it
    #[command(hide = true)]
    Probe(probe::Arguments),
}

pub(in crate::cli) async fn run(
    arguments: Arguments,
    shared: &Shared,
    output: Output,
) -> Result<Exit, Fault> {
    match arguments.command {
        Command::Doctor(wanted) => return doctor::run(wanted, output).await,
        Command::Probe(wanted) => return probe::run(wanted),
        Command::List | Command::Show { .. } => {}
    }
    let crew = Crew::gather(&mut shared.load()?).await?;
    let dispatcher = crew.dispatcher();
    let exit = match &arguments.command {
        Command::Show { name } => show::run(dispatcher, name, output),
        _ if output.json => {
            output.value(&list::listed(dispatcher), false);
            Ok(Exit::Ok)
        }
        _ => {
            list::show(dispatcher, output);
            Ok(Exit::Ok)
        }
    };
    crew.leave().await;
    exit
}
