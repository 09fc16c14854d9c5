//! `nuncio completions` and `nuncio man`: what shells and readers get, made from the commands themselves.

use std::{io::Write as _, path::PathBuf};

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::{
    arguments,
    fault::{Exit, Fault},
};

#[derive(Debug, clap::Args)]
pub(super) struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

#[derive(Debug, clap::Args)]
pub(super) struct Man {
    /// Write a page for every command into this folder, instead of the first page to standard output
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
}

/// Prints the completions of a shell.
pub(super) fn completions(wanted: &Completions) -> Exit {
    let mut text = Vec::new();
    clap_complete::generate(wanted.shell, &mut arguments::Arguments::command(), "nuncio", &mut text);
    // A reader that went away wants no more.
    std::io::stdout().write_all(&text).unwrap_or_default();
    Exit::Ok
}

/// Prints the manual, or writes all its pages.
pub(super) fn man(wanted: &Man) -> Result<Exit, Fault> {
    let command = arguments::Arguments::command();
    let Some(folder) = &wanted.folder else {
        let mut text = Vec::new();
        let rendered = clap_mangen::Man::new(command).render(&mut text);
        rendered.map_err(|error| Fault::new(Exit::System, error))?;
        std::io::stdout().write_all(&text).unwrap_or_default();
        return Ok(Exit::Ok);
    };
    std::fs::create_dir_all(folder)
        .and_then(|()| clap_mangen::generate_to(command, folder))
        .map_err(|error| Fault::new(Exit::System, format!("{}: {error}", folder.display())))?;
    Ok(Exit::Ok)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Command;

    /// All commands that are shown, by their words.
    fn commands(command: &Command, above: &str, all: &mut Vec<String>) {
        for one in command.get_subcommands().filter(|one| !one.is_hide_set()) {
            let name = format!("{above}-{}", one.get_name());
            commands(one, &name, all);
            all.push(name);
        }
    }

    fn shown() -> Vec<String> {
        let mut all = Vec::new();
        commands(&arguments::Arguments::command(), "nuncio", &mut all);
        assert!(all.contains(&"nuncio-drivers-doctor".to_owned()), "{all:?}");
        all
    }

    #[test]
    fn every_command_has_a_page() {
        let folder = tempfile::tempdir().unwrap();
        man(&Man { folder: Some(folder.path().join("new")) }).unwrap();
        for name in shown() {
            let page = std::fs::read_to_string(folder.path().join("new").join(format!("{name}.1"))).unwrap();
            assert!(page.contains(".TH"), "{name}");
        }
    }

    #[test]
    fn every_command_is_in_the_completions_of_every_shell() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut arguments::Arguments::command(), "nuncio", &mut text);
            let text = String::from_utf8(text).unwrap();
            for name in shown() {
                let word = name.rsplit_once("nuncio-").map_or("", |(_, words)| words);
                let groups = ["drivers-", "deliveries-", "devices-", "jobs-", "keys-"];
                let last = groups.iter().find_map(|group| word.strip_prefix(group)).unwrap_or(word);
                assert!(text.contains(last), "{shell}: {name}");
            }
        }
    }
}
