//! What README and docs say can be done: every command they show is one that the program has.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what fails in here fails the check")]

use std::{collections::BTreeMap, fs, path::Path, time::Duration};

use nuncio_tests::{
    binary,
    command::{command, run, succeed},
};

/// A command line of ours in a page: where it stands, and its words behind the program's name.
struct Shown {
    place: String,
    words: Vec<String>,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn pages() -> Vec<(String, String)> {
    let mut git = command("git", Duration::from_secs(20));
    let names = succeed(git.current_dir(root()).args(["ls-files", "README.md", "docs", "CONTRIBUTING.md"]));
    let pages = names.lines().filter(|name| name.ends_with(".md"));
    pages.map(|name| (name.to_owned(), fs::read_to_string(root().join(name)).unwrap())).collect()
}

/// The commands in the fenced blocks of a page.
fn commands(page: &str, text: &str) -> Vec<Shown> {
    let mut fenced = false;
    let mut found = Vec::new();
    for (n, line) in (1..).zip(text.lines()) {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
            continue;
        }
        let line = line.trim_start().trim_start_matches("$ ");
        let ours = ["nuncio ", "./target/release/nuncio ", "cargo run --release -- "]
            .iter()
            .find_map(|start| line.strip_prefix(start));
        if let Some(rest) = ours.filter(|_| fenced) {
            let rest = rest.split(" #").next().unwrap_or(rest);
            let words = rest.split_whitespace().map(str::to_owned).collect();
            found.push(Shown { place: format!("{page}:{n}"), words });
        }
    }
    found
}

/// The help for the command that `words` begin with, and the words that it did not know as commands.
fn help(words: &[String]) -> Option<(String, &[String])> {
    let is_command =
        |word: &&String| word.chars().all(|c| c.is_ascii_lowercase() || c == '-') && !word.starts_with('-');
    let longest = words.iter().take_while(is_command).count().min(2);
    (1..=longest).rev().find_map(|n| {
        let (commands, rest) = words.split_at(n);
        let output = run(command(binary(), Duration::from_secs(20)).args(commands).arg("--help"));
        output.status.success().then(|| (String::from_utf8_lossy(&output.stdout).into_owned(), rest))
    })
}

#[test]
fn every_command_shown_exists_with_its_options() {
    let mut seen = BTreeMap::new();
    for shown in pages().iter().flat_map(|(page, text)| commands(page, text)) {
        let Some((help, rest)) = help(&shown.words) else {
            panic!(
                "{}: `nuncio {}` is not a command: mend the page or the program",
                shown.place,
                shown.words.join(" ")
            );
        };
        for option in rest.iter().filter(|word| word.starts_with("--")) {
            let name = option.split('=').next().unwrap_or(option);
            assert!(help.contains(name), "{}: there is no option {name}:\n{help}", shown.place);
        }
        seen.insert(shown.words.first().cloned(), shown.place);
    }
    assert!(!seen.is_empty(), "no page shows a command: README.md must show how to begin");
}

#[test]
fn the_first_screen_of_the_readme_shows_how_to_begin() {
    let readme = fs::read_to_string(root().join("README.md")).expect("README.md");
    let screen: Vec<&str> = readme.lines().take(40).collect();
    for begin in ["cargo run --release -- demo", "./tests/run"] {
        assert!(
            screen.iter().any(|line| line.contains(begin)),
            "the first 40 lines of README.md must show `{begin}`"
        );
    }
}

#[test]
fn links_within_the_pages_lead_somewhere() {
    for (page, text) in pages() {
        let folder = root().join(&page).parent().unwrap().to_owned();
        for target in text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next()) {
            let outside = target.is_empty() || target.contains(':') || target.contains(' ');
            assert!(outside || folder.join(target).exists(), "{page}: there is no {target}");
        }
    }
}
