//! What is not written in this repository.

use crate::sources::{Source, all, refuse, rust};

/// Where foreign memory is met, as the architecture says.
const MAY_BE_UNSAFE: [&str; 4] =
    ["core/src/abi.rs", "plugin-loader/", "plugin-sdk/src/entry", "plugin-sdk/tests/entry"];

fn lines_with(files: impl IntoIterator<Item = Source>, bad: impl Fn(&str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for one in files {
        let lines = (1..).zip(one.text.lines()).filter(|(_, line)| bad(line));
        found.extend(lines.map(|(n, line): (usize, _)| format!("{}:{n}: {}", one.path, line.trim())));
    }
    found
}

#[test]
fn unsafe_code_stays_where_foreign_memory_is_met() {
    let words = ["{", "fn ", "impl ", "extern ", "trait "].map(|next| format!("{} {next}", "unsafe"));
    let allowed = format!("({}_code)", "unsafe");
    let files =
        rust("").into_iter().filter(|one| !MAY_BE_UNSAFE.iter().any(|place| one.path.starts_with(place)));
    let found =
        lines_with(files, |line| line.contains(&allowed) || words.iter().any(|word| line.contains(word)));
    refuse(&found, "use what the standard library or a well-kept crate offers");
}

#[test]
fn no_file_names_a_folder_of_somebodys_machine() {
    let places = ["/work", "/home", "/Users"].map(|place| format!("{place}/"));
    let found = lines_with(all(), |line| {
        places.iter().any(|place| {
            // Behind a name it is a folder of ours.
            let parts: Vec<&str> = line.split(place.as_str()).collect();
            parts.iter().rev().skip(1).any(|text| !text.ends_with(|c: char| c.is_alphanumeric() || c == '.'))
        })
    });
    refuse(&found, "name the file by its path in the repository");
}

#[test]
fn no_type_is_called_by_a_word_that_says_nothing() {
    let empty = ["Manager", "Helper", "Util", "Utils", "Processor", "Info", "Data"];
    let found = lines_with(rust(""), |line| {
        let mut words = line.split(|c: char| !c.is_alphanumeric() && c != '_');
        let declares = words.by_ref().any(|word| ["struct", "enum", "trait"].contains(&word));
        declares && words.next().is_some_and(|name| empty.iter().any(|end| name.ends_with(end)))
    });
    refuse(&found, "call it by what it is; docs/architecture.md lists the words we use");
}

#[test]
fn nothing_is_left_to_be_written() {
    let stubs = ["todo", "unimplemented"].map(|name| format!("{name}!("));
    let found = lines_with(rust(""), |line| stubs.iter().any(|stub| line.contains(stub)));
    refuse(&found, "write it, or refuse it with \"not in this version\"");
}
