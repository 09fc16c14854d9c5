//! Drivers as dynamic libraries. The run that has `NUNCIO_LIBRARIES` set shows that every other scenario does not see
//! a difference; this one that there is one.

use std::time::Duration;

use nuncio_tests::{Recipe, command::succeed, libraries};
use serde_json::Value;

/// Where the drivers of a host of this run come from, by name.
fn origins() -> Vec<(String, String)> {
    let host = Recipe::new();
    let folder = nuncio_tests::Folder::new("origins");
    let configuration = host.write(&folder);
    let mut list = host.command(Duration::from_secs(20));
    let listed = succeed(list.args(["drivers", "list", "--json", "--config"]).arg(configuration));
    let listed: Value = serde_json::from_str(&listed).unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    listed.as_array().unwrap().iter().map(|one| (text(&one["name"]), text(&one["origin"]))).collect()
}

#[test]
fn a_driver_says_whether_it_is_linked_or_loaded() {
    let wanted = if libraries().is_empty() { "linked" } else { "library" };
    for name in ["http", "mailto"] {
        let origin = origins().into_iter().find(|(one, _)| one == name).map(|(_, origin)| origin);
        assert_eq!(origin.as_deref(), Some(wanted), "{name}");
    }
}
