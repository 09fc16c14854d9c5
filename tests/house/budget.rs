//! How much fits in a file, and what does not belong there.

use crate::sources::{all, refuse, rust};

const FILE: usize = 400;

#[test]
fn a_file_has_fewer_than_400_lines() {
    let files = all().into_iter().filter(|one| {
        [".rs", ".c", ".h"].iter().any(|end| one.path.ends_with(end)) || one.path == "tests/run"
    });
    let long = files.map(|one| (one.text.lines().count(), one.path)).filter(|(lines, _)| *lines >= FILE);
    let long: Vec<String> = long.map(|(lines, path)| format!("{path}: {lines} lines")).collect();
    refuse(&long, "find the idea in the file that wants its own name and give it a file");
}

/// Clippy counts the lines of functions (`too-many-lines-threshold` in clippy.toml).
#[test]
fn nobody_is_excused_from_the_length_of_functions() {
    let rule = "clippy::too_many_lines";
    let excused: Vec<String> = rust("")
        .into_iter()
        .filter(|one| one.path != "tests/house/budget.rs")
        .flat_map(|one| {
            let lines = (1..).zip(one.text.lines()).filter(|(_, line)| line.contains(rule)).map(|(n, _)| n);
            lines.map(|n| format!("{}:{n}", one.path)).collect::<Vec<_>>()
        })
        .collect();
    refuse(&excused, "split the function: each step it takes has a name");
}

#[test]
fn mod_and_lib_files_hold_no_items() {
    let items = ["fn ", "struct ", "enum ", "trait ", "impl ", "impl<", "type ", "const ", "static "];
    let mut offences = Vec::new();
    let contents = |path: &str| path.ends_with("/mod.rs") || path.ends_with("/lib.rs");
    for one in rust("").iter().filter(|one| contents(&one.path) && !one.path.contains("/tests/")) {
        for (n, line) in one.code() {
            let bare = line.trim_start_matches("pub(crate) ").trim_start_matches("pub ");
            let bare = bare.trim_start_matches("async ");
            if items.iter().any(|item| bare.starts_with(item)) {
                offences.push(format!("{}:{n}: {line}", one.path));
            }
        }
    }
    refuse(
        &offences,
        "`mod.rs` and `lib.rs` say what is where (docs, `mod`, `pub use`): give the item a file",
    );
}

#[test]
fn a_whole_driver_has_at_most_40_lines() {
    let example = rust("plugin-sdk/examples/hello.rs").remove(0);
    let lines = example.code().count();
    assert!(lines <= 40, "{}: {lines} lines of code: the SDK asks too much of an author", example.path);
}
