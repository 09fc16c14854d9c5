//! `[tenants.NAME]`: what single projects may take, where it is not what `[limits]` says.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    check,
    keys::keys,
    node::{Node, Raw},
    place::Problem,
    unknown::not_a_table,
};
use crate::tenants::Quota;

/// The keys of `[limits]` that are of the host and of no project.
const OF_THE_HOST: [&str; 2] = ["max_projects", "keep_usage"];

/// Reads the section; a key that is left out is as `limits` says. What is wrong goes to `problems`.
pub(super) fn tenants(
    section: Option<Node>,
    limits: &Value,
    problems: &mut Vec<Problem>,
) -> BTreeMap<String, Quota> {
    let Some(section) = section else { return BTreeMap::new() };
    let Raw::Table(table) = section.raw else {
        problems.push(not_a_table("tenants", &section));
        return BTreeMap::new();
    };
    let mut all = BTreeMap::new();
    for (project, node) in table {
        let Raw::Table(written) = &node.raw else {
            problems.push(not_a_table(&format!("tenants.{project}"), &node));
            continue;
        };
        let mut quota = limits.clone();
        for (name, node) in written {
            match limit(&project, name, node) {
                Ok(value) => quota[name] = value,
                Err(problem) => problems.push(problem),
            }
        }
        // Of wrong limits there is none; that is said already.
        if let Ok(quota) = serde_json::from_value(quota) {
            all.insert(project, quota);
        }
    }
    all
}

fn limit(project: &str, name: &str, node: &Node) -> Result<Value, Problem> {
    let path = format!("tenants.{project}.{name}");
    let of_projects =
        |key: &&super::Key| key.section() == "limits" && key.short() == name && !OF_THE_HOST.contains(&name);
    let Some(key) = keys().iter().find(of_projects) else {
        return Err(
            Problem::new(node.key.clone(), &path, "unknown key").fix(format!("there are {}", names()))
        );
    };
    check::checked(key.kind, node).map_err(|wrong| Problem::new(wrong.place, &path, wrong.why).fix(wrong.fix))
}

fn names() -> String {
    let names = keys().iter().filter(|key| key.section() == "limits").map(super::Key::short);
    names.filter(|name| !OF_THE_HOST.contains(name)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::Config;

    fn load(text: &str) -> Result<Config, String> {
        Config::parse(Some((Path::new("n.toml"), text)), BTreeMap::new()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_project_has_limits_of_its_own_over_those_of_all() {
        let text = "[limits]\nqueues = 5\nstored_bytes = \"1 KiB\"\n[tenants.shop]\nqueues = 9\n[tenants.\"a b\"]\n\
                    requests_per_second = 2\n";
        let config = load(text).unwrap();
        let general = Quota { queues: 5, stored_bytes: 1024, ..Config::default().limits.quota };
        assert_eq!(config.limits.quota, general);
        assert_eq!(config.tenants["shop"], Quota { queues: 9, ..general });
        assert_eq!(config.tenants["a b"], Quota { requests_per_second: 2, ..general });
    }

    #[test]
    fn what_is_no_limit_has_its_place() {
        for (text, told) in [
            (
                "[tenants.shop]\nqueue = 9",
                "n.toml:2:1: [tenants.shop] queue: unknown key; there are requests_per_second",
            ),
            ("[tenants.shop]\nqueues = -1", "n.toml:2:10: [tenants.shop] queues:"),
            ("[tenants.shop]\nmax_projects = 1", "unknown key"),
            ("[tenants]\nshop = 1", "[tenants"),
        ] {
            let error = load(text).unwrap_err();
            assert!(error.contains(told), "{text}: {error}");
        }
    }
}
